/** Configuration that is tried on a host that serves nobody, before any other is touched. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stateDir } from '../../lab/paths';
import { commitAll } from '../commit';
import { ended, Ground } from './ground';
import { underLoad } from './whole-run';

jest.setTimeout(180_000);
const NAME = 'test-config-test-host';
const HOSTS = ['i1', 'n1', 'n2'];
const centre = join(stateDir, 'labs', NAME, 'config');
const CONFIG = `targets:
  - path: /etc/web/settings.json
    source: settings.json
    check: json
    after: { restart: web.service }
    served: { port: 8080, path: /config, contains: good }
`;
let ground: Ground;

beforeAll(async () => {
  ground = await Ground.up(NAME, 2, { idle: 1, limits: { healthySeconds: 8 } });
  rmSync(centre, { recursive: true, force: true });
  await ground.inside('i1', 'systemctl', 'start', 'web');
}, 300_000);
afterAll(async () => {
  await ground?.remove();
  rmSync(dirname(centre), { recursive: true, force: true });
}, 60_000);

const begin = (revision: string, more: object = {}) =>
  ground.startAs('configCanary', {
    ...{ revision, record: { what: 'a test', why: 'to see', impact: 'none', rollback: 'by itself' } },
    ...{ batches: [1, '100%'], minHealthySeconds: 1, soakSeconds: 1, watchSeconds: 1 },
    ...{ drain: { deadlineSeconds: 60 }, gate: { enabled: false }, testHost: 'i1', ...more },
  });
const settings = () =>
  Promise.all(
    HOSTS.map((host) =>
      ground.inside(host, 'sh', '-c', 'cat /etc/web/settings.json 2>/dev/null || echo none'),
    ),
  );
const stagedOn = (host: string) => ground.inside(host, 'sh', '-c', 'ls -d /var/lib/pawl/config/web || true');

it('what is not served on the test host comes to no other one, and is taken back', async () => {
  const before = await settings();
  const bad = await commitAll(centre, {
    'web/config.yaml': CONFIG,
    'web/files/settings.json': '{ "bad": 1 }',
  });
  const { end, message } = await ended(await begin(bad));
  expect([end, message]).toEqual([
    'RolledBack',
    expect.stringContaining('on the test host: i1: /etc/web/settings.json is not served'),
  ]);
  expect(await settings()).toEqual(before);
  for (const host of ['n1', 'n2']) expect(await stagedOn(host)).toBe('');
});

it('what is served there goes to all others; it stays out, and nobody loses a request', async () => {
  const good = await commitAll(centre, { 'web/files/settings.json': '{ "good": 1 }' });
  const seen = await underLoad(ground, async () => ended(await begin(good)));
  const { end, report } = seen.result;
  expect([end, seen.requests.failed]).toEqual(['succeeded', 0]);
  expect(report.notes.join('\n')).toContain('i1 is the test host');
  expect(new Set(await settings())).toEqual(new Set(['{ "good": 1 }']));
  expect((await ground.servers('web'))['i1']).toBe('MAINT');
});

it('a host that serves is no test host', async () => {
  const { end, message } = await ended(await begin('main', { testHost: 'n1', hosts: ['n2'] }));
  expect([end, message]).toEqual(['BadInput', expect.stringContaining('a test host serves nobody')]);
});
