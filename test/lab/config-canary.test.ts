/** Configuration files on real hosts: all or none, proven by what is served, and back to the very bytes. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stateDir } from '../../lab/paths';
import { makeConfigCentre } from '../../lab/service';
import type { Files } from '../commit';
import { commitAll } from '../commit';
import { ended, Ground } from './ground';
import { texts } from './texts';
import { expectAllIn, underLoad } from './whole-run';

jest.setTimeout(180_000);
const NAME = 'test-config';
const HOSTS = ['n1', 'n2'];
const centre = join(stateDir, 'labs', NAME, 'config');
const FILES = [
  '/etc/web/settings.json',
  '/etc/nginx/conf.d/web.conf',
  '/etc/ssh/sshd_config.d/60-sessions.conf',
  '/etc/sysctl.d/60-web.conf',
];
let ground: Ground;

beforeAll(async () => {
  ground = await Ground.up(NAME, HOSTS.length, { limits: { healthySeconds: 8 } });
  rmSync(centre, { recursive: true, force: true });
  await makeConfigCentre(centre);
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

const commit = (files: Files) => commitAll(centre, files);

const record = { what: 'a test', why: 'to see', impact: 'none', rollback: 'by itself' };
const quick = {
  ...{ record, batches: [1, '100%'], minHealthySeconds: 1, soakSeconds: 1, watchSeconds: 1 },
  ...{ drain: { deadlineSeconds: 60 }, gate: { enabled: false } },
};
const begin = (revision: string, more: object = {}) =>
  ground.startAs('configCanary', { ...quick, revision, ...more });

/** Bytes, owner and mode of all files. */
async function standOn(host: string): Promise<string> {
  const looks = FILES.map((file) =>
    ground.inside(
      host,
      'sh',
      '-c',
      `if [ -e ${file} ]; then stat -c '%a %U:%G' ${file}; cat ${file}; else echo none; fi`,
    ),
  );
  return (await Promise.all(looks)).join('\n');
}
const served = async (host: string) =>
  JSON.parse(await ground.inside(host, 'curl', '-s', 'http://127.0.0.1:8080/config')) as Record<
    string,
    unknown
  >;

it('come to all hosts without losing a request, and are served', async () => {
  await ground.inside('n1', 'mkdir', '-p', '/etc/web');
  await ground.inside(
    'n1',
    'sh',
    '-c',
    'echo "{}" >/etc/web/settings.json; chmod 600 /etc/web/settings.json; chown web /etc/web/settings.json',
  );
  const seen = await underLoad(ground, async () => ended(await begin('main')));
  const { end, report, message } = seen.result;
  expect([end, message]).toEqual([
    'succeeded',
    expect.stringMatching(/^web has configuration [0-9a-f]{12} on 2 hosts$/),
  ]);
  expect(seen.requests.failed).toBe(0);
  expect(seen.mostOut.length).toBeLessThan(2);
  await expectAllIn(ground);
  const revision = /configuration ([0-9a-f]{12})/.exec(message)![1];
  for (const host of HOSTS) {
    expect(await served(host)).toEqual({ revision, addMs: 0 });
    expect(await ground.inside(host, 'sysctl', '-n', 'net.core.somaxconn')).toBe('1024');
    expect(await ground.inside(host, 'stat', '-c', '%a %U', FILES[2]!)).toBe('600 root');
  }
  expect(JSON.stringify(report.diffs)).toContain('+MaxSessions 20');
  const { end: again, message: nothing } = await ended(await begin('main'));
  expect([again, nothing]).toEqual(['succeeded', expect.stringContaining('nothing to do')]);
});

it('that one host’s own program refuses touch no host', async () => {
  const before = await Promise.all(HOSTS.map(standOn));
  const bad = await commit({
    'web/files/nginx.conf.liquid': '{% if host.name == "n2" %}bogus_directive;{% else %}# fine\n{% endif %}',
  });
  const { end, message } = await ended(await begin(bad));
  expect([end, message]).toEqual(['Failed', expect.stringContaining('n2: nginx -t -q refuses the files')]);
  expect(message).toContain('unknown directive "bogus_directive" in /etc/nginx/conf.d/web.conf:1');
  expect(await Promise.all(HOSTS.map(standOn))).toEqual(before);
  await commit({ 'web/files/nginx.conf.liquid': '# nothing\n' });
});

it('that parse and break the service are found at the first host, which gets its own bytes back', async () => {
  const before = await Promise.all(HOSTS.map(standOn));
  const bad = await commit({
    'web/files/settings.json.liquid': '{ "revision": "{{ revision }}", "unhealthy": true }\n',
    'web/values.yaml': 'backlog: 4096\nanswers: { add_ms: 0 }\nssh: { sessions: 30 }\n',
  });
  const seen = await underLoad(ground, async () => ended(await begin(bad)));
  expect(seen.result.end).toBe('RolledBack');
  expect(seen.requests.failed).toBe(0);
  expect(await Promise.all(HOSTS.map(standOn))).toEqual(before);
  expect(await ground.inside('n1', 'sysctl', '-n', 'net.core.somaxconn')).toBe('1024');
  await expectAllIn(ground);
});

it('that a reload takes without a word, and that are not served, are found', async () => {
  const before = await Promise.all(HOSTS.map(standOn));
  const config = `targets:
  - { path: /etc/web/settings.json, source: broken.json, after: { reload: web.service }, served: { port: 8080, path: /config, contains: planted } }
`;
  const bad = await commit({ 'web/config.yaml': config, 'web/files/broken.json': '{ planted' });
  const { end, message } = await ended(await begin(bad));
  expect([end, message]).toEqual([
    'RolledBack',
    expect.stringContaining('/etc/web/settings.json is not served'),
  ]);
  expect(await Promise.all(HOSTS.map(standOn))).toEqual(before);
});

it('with secrets come to hosts, and what is secret stands in no history, plan, log or diff', async () => {
  const planted = 'planted-4711-secret';
  writeFileSync(join(dirname(centre), 'db-password'), `${planted}\n`);
  const config = `targets:
  - { path: /etc/web/db.conf, source: db.conf.liquid, sensitive: true, owner: web, mode: "0600", after: nothing, check: { command: [grep, -q, password, /etc/web/db.conf] } }
`;
  const good = await commit({
    'web/config.yaml': config,
    'web/values.yaml': 'db: { password: { secret: file:db-password } }\n',
    'web/files/db.conf.liquid': 'password={{ db.password }}\n',
  });
  const run = await begin(good);
  const { end, report } = await ended(run);
  expect(end).toBe('succeeded');
  for (const host of HOSTS) {
    expect(await ground.inside(host, 'cat', '/etc/web/db.conf')).toBe(`password=${planted}`);
    expect(await ground.inside(host, 'stat', '-c', '%a %U', '/etc/web/db.conf')).toBe('600 web');
  }
  expect(JSON.stringify(report.diffs)).toContain(
    '/etc/web/db.conf: its content, which is not shown, is different',
  );
  const told = [
    ...texts(await run.fetchHistory()),
    readFileSync(join(stateDir, 'workers', `${NAME}.log`), 'utf8'),
  ];
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter((text) => text.includes(planted))).toEqual([]);
});
