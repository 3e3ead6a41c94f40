/** Configuration that needs no restart, on real hosts: they serve on while they are switched. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stateDir } from '../../lab/paths';
import { commitAll } from '../commit';
import { ended, Ground } from './ground';
import { expectAllIn, mostTakenOut, underLoad } from './whole-run';

jest.setTimeout(180_000);
const NAME = 'test-config-in-place';
const HOSTS = ['n1', 'n2'];
const centre = join(stateDir, 'labs', NAME, 'config');
const CONFIG = `targets:
  - path: /etc/nginx/conf.d/side.conf
    source: side.conf.liquid
    check: nginx
    after: { reload: nginx.service }
    served: { port: 8081, path: /, contains: '{{ revision }}' }
`;
const SIDE = `server { listen 127.0.0.1:8081; location / { return 200 '{{ revision }}'; } }
`;
let ground: Ground;

beforeAll(async () => {
  ground = await Ground.up(NAME, HOSTS.length, { limits: { healthySeconds: 8 } });
  rmSync(centre, { recursive: true, force: true });
  for (const host of HOSTS) await ground.inside(host, 'systemctl', 'start', 'nginx');
}, 300_000);
afterAll(async () => {
  await ground?.remove();
  rmSync(dirname(centre), { recursive: true, force: true });
}, 60_000);

const begin = (revision: string, more: object = {}) =>
  ground.startAs('configCanary', {
    ...{ revision, record: { what: 'a test', why: 'to see', impact: 'none', rollback: 'by itself' } },
    ...{ batches: [1, '100%'], minHealthySeconds: 1, soakSeconds: 1, watchSeconds: 1 },
    ...{ drain: { deadlineSeconds: 60 }, gate: { enabled: false }, ...more },
  });
const served = (host: string) => ground.inside(host, 'curl', '-s', 'http://127.0.0.1:8081/');

it('hosts never leave rotation for a reload, no request fails, and it is proven', async () => {
  const commit = await commitAll(centre, { 'web/config.yaml': CONFIG, 'web/files/side.conf.liquid': SIDE });
  const seen = await underLoad(ground, async () => ended(await begin(commit)));
  const { end, report } = seen.result;
  expect([end, seen.requests.failed, mostTakenOut(seen.seen)]).toEqual(['succeeded', 0, 0]);
  expect(report.notes.join('\n')).toContain('n1, n2: in rotation during their switch');
  for (const host of HOSTS) expect(await served(host)).toBe(commit.slice(0, 12));
  await expectAllIn(ground);
});

it('a reload that brings nothing is found: the host leaves, gets its own files back, and comes in again', async () => {
  const before = await Promise.all(HOSTS.map(served));
  // the port of the service is taken: nginx finds nothing wrong, takes the reload, and serves on what it had
  const bad = await commitAll(centre, {
    'web/files/side.conf.liquid': SIDE.replace('listen', 'listen 127.0.0.1:8080; listen'),
  });
  const seen = await underLoad(ground, async () => ended(await begin(bad)));
  const { end, message } = seen.result;
  expect([end, message]).toEqual(['RolledBack', expect.stringContaining('side.conf is not served')]);
  expect([seen.requests.failed, mostTakenOut(seen.seen)]).toEqual([0, 1]);
  expect(await Promise.all(HOSTS.map(served))).toEqual(before);
  for (const host of HOSTS)
    expect(await ground.inside(host, 'cat', '/etc/nginx/conf.d/side.conf')).not.toContain('8080');
  await expectAllIn(ground);
});

it('a file that is no target any more is removed in place, and comes back where the change fails', async () => {
  const path = '/etc/nginx/conf.d/side.conf';
  const before = await Promise.all(HOSTS.map((host) => ground.inside(host, 'cat', path)));
  const other = (contains: string) =>
    `targets:\n  - { path: /etc/web/motd, source: motd, after: nothing, served: { command: [cat, /etc/web/motd], contains: ${contains} } }\n`;
  const bad = await commitAll(centre, { 'web/config.yaml': other('never'), 'web/files/motd': 'hello\n' });
  expect((await ended(await begin(bad))).end).toBe('RolledBack');
  expect(await Promise.all(HOSTS.map((host) => ground.inside(host, 'cat', path)))).toEqual(before);
  const good = await commitAll(centre, { 'web/config.yaml': other('hello') });
  const seen = await underLoad(ground, async () => ended(await begin(good)));
  const { end, report } = seen.result;
  expect([end, seen.requests.failed, mostTakenOut(seen.seen)]).toEqual(['succeeded', 0, 0]);
  expect(JSON.stringify(report.diffs)).toContain(`${path}: removed`);
  for (const host of HOSTS) {
    expect(await ground.inside(host, 'sh', '-c', `[ -e ${path} ] || echo gone`)).toBe('gone');
    await expect(served(host)).rejects.toThrow();
  }
  expect((await ended(await begin(good))).message).toContain('nothing to do');
});

it('a set of another name goes to the hosts of a service, beside its own', async () => {
  const commit = await commitAll(centre, {
    'base/config.yaml':
      'role: app\ntargets:\n  - { path: /etc/ssh/sshd_config.d/70-base.conf, source: base.conf.liquid, mode: "0600", check: sshd, after: { reload: ssh.service } }\n',
    'base/files/base.conf.liquid': '# {{ service }} of {{ host.name }}\nMaxAuthTries 4\n',
  });
  const { end, message } = await ended(await begin(commit, { set: 'base' }));
  expect([end, message]).toEqual(['succeeded', expect.stringMatching(/^web has configuration base at /)]);
  const text = await ground.inside('n2', 'cat', '/etc/ssh/sshd_config.d/70-base.conf');
  expect(text).toContain('# base of n2');
  expect(await ground.inside('n1', 'cat', '/etc/web/motd')).toBe('hello');
});

it('what a restart of the service needs goes out of rotation, as ever', async () => {
  const commit = await commitAll(centre, {
    'web/config.yaml': `${CONFIG}  - { path: /etc/web/settings.json, source: settings.json, check: json, after: { restart: web.service }, inPlace: true }\n`,
    'web/files/settings.json': '{}',
    'web/files/side.conf.liquid': SIDE,
  });
  const seen = await underLoad(ground, async () => ended(await begin(commit)));
  expect([seen.result.end, seen.requests.failed]).toEqual(['succeeded', 0]);
  expect(seen.result.report.notes.join('\n')).toContain(
    'n1, n2: out of rotation for their switch: restart web.service',
  );
  expect(mostTakenOut(seen.seen)).toBe(1);
});
