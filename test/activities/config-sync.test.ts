/** Which releases are new: real git, and hosts that say what they have. */
import { findReleases } from '../../src/activities/config-sync';
import type { World } from '../../src/activities/world';
import { recordText } from '../../src/adapters/config-centre/repository';
import { Cluster } from '../../src/contracts/cluster';
import type { Synced } from '../../src/contracts/config-sync';
import type { PawlError } from '../../src/contracts/failures';
import { ConfigCanaryInput } from '../../src/contracts/inputs/config-canary';
import { ConfigSyncInput } from '../../src/contracts/inputs/config-sync';
import { parsePlanInput } from '../../src/activities/plan/input';
import { SignedCentre } from '../adapters/config-centre/people';

const RECORD = recordText({ what: 'a', why: 'b', impact: 'c', rollback: 'd' });
const CLUSTER = {
  cluster: 'lab',
  hosts: { n1: { roles: ['app'] }, n2: { roles: ['app'] }, lb: { roles: ['balancer'] } },
  balancers: { edge: { kind: 'haproxy', host: 'lb' } },
  services: {
    web: {
      ...{ role: 'app', unit: 'web.service', port: 8080, health: { path: '/health' } },
      release: { kind: 'deb', package: 'web' },
      routes: [{ balancer: 'edge', backend: 'web' }],
    },
  },
  config: { repository: 'centre', sync: { web: { batches: [1, '100%'], soakSeconds: 5 } } },
};

let centre: SignedCentre;
beforeEach(() => (centre = new SignedCentre()));
afterEach(() => centre.remove());
jest.setTimeout(30_000);

const release = (name: string, message = RECORD) =>
  centre.gitAs('ann', {}, 'tag', `--message=${message}`, '-a', name);
const short = (commit: string) => commit.slice(0, 12);

/** @param has by host, its label; a host that is not there gives no answer */
async function find(
  has: Record<string, string>,
  before: Record<string, Synced> = {},
  state = 'COMPLETED',
  raw: object = {},
  config: object = CLUSTER.config,
) {
  const asked: string[] = [];
  const world = {
    ...{ cluster: Cluster.parse({ ...CLUSTER, config }), folder: centre.folder },
    hosts: {
      on: (name: string) => ({
        run: (script: string) => {
          asked.push(`${script} ${name}`);
          const label = has[name];
          const stdout = label ? `current ${'0'.repeat(64)} ${label}\nat ${label} ${'0'.repeat(64)}\n` : '';
          return Promise.resolve({ code: 0, stdout, stderr: '' });
        },
      }),
    },
  } as unknown as World;
  const input = parsePlanInput(ConfigSyncInput, { cluster: 'c.yaml', ...raw });
  const found = await findReleases(
    input,
    world,
    before,
    () => Promise.resolve(state),
    new AbortController().signal,
  );
  return { ...found.services[0]!, asked };
}

it('the newest release by history is started, with what the cluster file says of it', async () => {
  const first = centre.commit('ann', { 'web/config.yaml': 'a' });
  const second = centre.commit('ann', { 'web/config.yaml': 'b' });
  centre.commit('ann', { 'other/x': 'b' });
  release('web/b');
  centre.git('checkout', '--quiet', first);
  release('web/z');
  centre.git('tag', 'web/light', second);
  release('web/empty', 'no record');
  const { says, start } = await find({ n1: short(first), n2: short(first) });
  expect(says).toBe('web/b is started');
  expect(start).toMatchObject({ tag: 'web/b', run: 'sync:lab:web:b' });
  expect(start?.input).toMatchObject({
    ...{ cluster: 'c.yaml', service: 'web', revision: 'web/b', by: 'configSync' },
    ...{ batches: [1, '100%'], soakSeconds: 5 },
  });
  expect(ConfigCanaryInput.safeParse(start?.input).success).toBe(true);
  expect((await find({ n1: short(second), n2: short(second) })).says).toBe('every host has web/b');
});

it('asks no host where nothing is new', async () => {
  const commit = centre.commit('ann', { 'web/config.yaml': 'a' });
  expect(await find({})).toMatchObject({ says: 'it has no release with a whole record', asked: [] });
  release('web/1');
  const before = { web: { tag: 'web/1', commit, run: 'sync:lab:web:1' } };
  expect(await find({}, before, 'FAILED')).toMatchObject({
    ...{ says: 'web/1 was the last one: sync:lab:web:1 (FAILED)', asked: [] },
  });
  centre.commit('ann', { 'web/config.yaml': 'b' });
  release('web/2');
  expect((await find({ n1: short(commit) }, before, 'RUNNING')).says).toBe(
    'web/2 waits: sync:lab:web:1 is at work',
  );
  expect((await find({ n1: short(commit) }, before, 'FAILED')).start?.tag).toBe('web/2');
});

it.each<[string, object, object, ...string[]]>([
  ['no service allowed', {}, { repository: 'centre' }, 'config.sync: the cluster file allows no service'],
  [
    'services that are not allowed',
    { services: ['wbe', 'x'] },
    CLUSTER.config,
    'services.0: wbe: there is no such name (did you mean "web"?); there are web',
    'services.1: x: there is no such name',
  ],
  ['none at all', { services: [] }, CLUSTER.config, 'services: a list of 0: at least 1 entries'],
  ['a name that is none', { services: ['../x'] }, CLUSTER.config, 'services.0'],
  ['a word too many', { service: 'web' }, CLUSTER.config, 'no such key (did you mean "services"?)'],
  ['no cluster', { cluster: 5 }, CLUSTER.config, 'cluster: 5: must be text'],
])('refuses %s', async (_, raw, config, ...words) => {
  const error = await find({}, {}, '', raw, config).then(
    () => undefined,
    (thrown: PawlError) => thrown,
  );
  expect(error?.type).toBe('BadInput');
  for (const said of words) expect(error?.message).toContain(said);
});
