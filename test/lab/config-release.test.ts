/** Version, configuration and balancers as one: forth, back, at once, and on a host that comes in. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from '../../lab/paths';
import { makeRelease } from '../../lab/service';
import type { Files } from '../commit';
import { commitAll } from '../commit';
import { longIt } from '../long';
import { ended, Ground } from './ground';
import { underLoad } from './whole-run';

jest.setTimeout(180_000);
const NAME = 'test-config-release';
const HOSTS = ['n1', 'n2', 'n3'];
const centre = join(stateDir, 'labs', NAME, 'config');
const CONFIG = `targets:
  - { path: /etc/web/settings.json, source: settings.json.liquid, owner: web, mode: "0640", after: { restart: web.service }, served: { port: 8080, path: /config, contains: '{{ revision }}' } }
  - { path: /etc/sysctl.d/60-web.conf, source: sysctl.conf, after: { run: [sysctl, -q, -p, /etc/sysctl.d/60-web.conf] } }
`;
const record = { what: 'a test', why: 'to see', impact: 'none', rollback: 'by itself' };
const quick = { minHealthySeconds: 1, soakSeconds: 1, watchSeconds: 1, gate: { enabled: false } };
const NOW = { reason: 'orders fail', by: 'ann' };
const commit = (files: Files) => commitAll(centre, files);
const settings = (more = '') => `{ "revision": "{{ revision }}", "host": "{{ host.name }}"${more} }\n`;

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up(NAME, HOSTS.length, { limits: { healthySeconds: 8 } });
  rmSync(centre, { recursive: true, force: true });
  await commit({
    'web/config.yaml': CONFIG,
    'web/files/settings.json.liquid': settings(),
    'web/files/sysctl.conf': 'net.core.somaxconn = 2048\n',
  });
  await ground.haproxy('set server web/n1 weight 60%');
  for (const host of HOSTS)
    await ground.inside(
      host,
      'sh',
      '-c',
      `mkdir -p /etc/web && echo '{"host":"${host}"}' >/etc/web/settings.json && chmod 604 /etc/web/settings.json`,
    );
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

/** What a host runs and has, and its weight, as it is. */
async function standOn(host: string): Promise<string> {
  const files = ['/etc/web/settings.json', '/etc/sysctl.d/60-web.conf'];
  const look = files.map((file) => `stat -c '%a %U:%G' ${file} 2>&1; cat ${file} 2>&1`).join('; ');
  const [version, bytes, weight] = await Promise.all([
    ground.inside(host, 'readlink', '-f', '/opt/web/current'),
    ground.inside(host, 'sh', '-c', `${look}; true`),
    ground.haproxy(`get weight web/${host}`),
  ]);
  return [version, bytes, weight].join('\n');
}
const all = () => Promise.all(HOSTS.map(standOn));
const expectAllUp = async () =>
  expect(await ground.servers()).toMatchObject({ n1: 'UP', n2: 'UP', n3: 'UP' });
const answers = (host: string, path: string) =>
  ground.inside(host, 'curl', '-s', `http://127.0.0.1:8080${path}`);

it('come together, are taken back together, and are gone back to together in an emergency', async () => {
  const before = await all();
  const artifact = await makeRelease({ version: '2.0.0' });
  const forth = await underLoad(ground, async () =>
    ended(await ground.start({ version: '2.0.0', artifact, config: { revision: 'main', record } })),
  );
  expect([forth.result.end, forth.requests.failed]).toEqual(['succeeded', 0]);
  for (const host of HOSTS) {
    expect(JSON.parse(await answers(host, '/config'))).toMatchObject({ host });
    expect((await ground.inside(host, 'readlink', '-f', '/opt/web/current')).split('/').at(-1)).toBe('2.0.0');
  }
  const after = await all();

  // parses, and makes the service ill
  await commit({ 'web/files/settings.json.liquid': settings(', "unhealthy": true') });
  const third = await makeRelease({ version: '3.0.0' });
  const bad = await underLoad(ground, async () =>
    ended(await ground.start({ version: '3.0.0', artifact: third, config: { revision: 'main', record } })),
  );
  expect([bad.result.end, bad.requests.failed]).toEqual(['RolledBack', 0]);
  expect(await all()).toEqual(after);

  const back = await ended(await ground.startAs('emergencyRollback', NOW));
  expect([back.end, back.message]).toEqual([
    'succeeded',
    expect.stringMatching(/^all requests of web go to 1\.0\.0 with configuration before-/),
  ]);
  expect(await all()).toEqual(before);
  // nobody goes back by itself to what an emergency was the end of
  const config = /with configuration ([0-9a-f]{12})/.exec(forth.result.message)?.[1];
  const named = { ...NOW, version: '2.0.0', config };
  const again = await ended(await ground.startAs('emergencyRollback', named));
  expect([again.end, again.message]).toEqual([
    'succeeded',
    `all requests of web go to 2.0.0 with configuration ${config}`,
  ]);
  expect(await all()).toEqual(after);
  await expectAllUp();
});

longIt(
  'a bad configuration alone is gone back from, and what somebody has edited since is put right',
  async () => {
    const before = await all();
    await commit({ 'web/files/settings.json.liquid': settings(', "addMs": 1') });
    const run = await ground.startAs('configCanary', {
      ...quick,
      batches: ['100%'],
      revision: 'main',
      record,
    });
    expect((await ended(run)).end).toBe('succeeded');
    const back = await ended(await ground.startAs('emergencyRollback', NOW));
    expect(back.message).toMatch(/^all requests of web go to 2\.0\.0 with configuration [0-9a-f]{12}$/);
    expect(await all()).toEqual(before);

    // whoever has something else than the last stable one, by hand say, gets that again
    await ground.inside('n2', 'sh', '-c', 'echo >>/etc/web/settings.json');
    expect((await ended(await ground.startAs('emergencyRollback', NOW))).end).toBe('succeeded');
    expect(await all()).toEqual(before);
  },
);

it('a host that was away gets what the others have before it serves', async () => {
  const offline = await ground.startAs('nodeOffline', {
    ...{ hosts: ['n3'], reason: 'a disk', by: 'anna', drain: { deadlineSeconds: 30 } },
  });
  expect((await ended(offline)).end).toBe('succeeded');
  await commit({ 'web/files/settings.json.liquid': settings(', "addMs": 2') });
  const input = {
    ...quick,
    maxUnavailable: 2,
    hosts: ['n1', 'n2'],
    batches: ['100%'],
    revision: 'main',
    record,
  };
  const canary = await ended(await ground.startAs('configCanary', input));
  expect([canary.end, canary.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
  const online = await ended(
    await ground.startAs('nodeOnline', {
      hosts: ['n3'],
      ramp: [{ percent: 100, seconds: 1 }],
      gate: { enabled: false },
    }),
  );
  expect(online.report.notes.join('\n')).toMatch(/n3 gets configuration [0-9a-f]{12} first/);
  expect(online.end).toBe('succeeded');
  expect(JSON.parse(await answers('n3', '/config'))).toMatchObject({ host: 'n3', addMs: 2 });
  await expectAllUp();
});
