/** Whether two hosts run the same is never guessed: with a world in memory. */
import { parseNodeReplacement, planReplacement } from '../../src/activities/plan/node-replacement';
import type { World } from '../../src/activities/world';
import { Cluster } from '../../src/contracts/cluster';
import { PawlError } from '../../src/contracts/failures';

const CLUSTER = Cluster.parse({
  cluster: 'lab',
  hosts: {
    n1: { roles: ['app'] },
    n2: { roles: ['app'] },
    n3: { roles: ['app'] },
    lb: { roles: ['balancer'] },
  },
  balancers: { edge: { kind: 'haproxy', host: 'lb' } },
  services: {
    web: {
      ...{ role: 'app', unit: 'web.service', port: 8080, health: { path: '/health' } },
      release: { kind: 'deb', package: 'web' },
      routes: [{ balancer: 'edge', backend: 'web' }],
    },
  },
});
const INPUT = {
  mode: 'planned',
  cluster: 'c.yaml',
  service: 'web',
  old: 'n2',
  new: 'n1',
  reason: 'old',
  by: 'ann',
};
const MACHINE = 'active=active\nload=loaded\nversion=1.0.0\nfreeMiB=1000\nkept=\n';
const SUMS = 'unit=u\nrelease=r\n';

/** @param sums what each look at checksums of n1 gives; the last one stays */
async function plan(...sums: (string | PawlError)[]) {
  let looks = 0;
  const run = (host: string, script: string) => {
    const asked = script === 'release-sums' && host === 'n1';
    const said = asked
      ? sums[Math.min(looks++, sums.length - 1)]!
      : script === 'release-sums'
        ? SUMS
        : MACHINE;
    if (said instanceof PawlError) return Promise.reject(said);
    return Promise.resolve({
      code: 0,
      stdout: script.startsWith('read-') ? '' : said,
      stderr: '',
      truncated: false,
    });
  };
  const facts = (server: string) => ({
    ...{
      state: server === 'n1' ? 'out' : 'in',
      says: 'UP',
      healthy: true,
      weight: 100,
      sessions: 0,
      generation: '1',
    },
  });
  const world = {
    ...{ cluster: CLUSTER, folder: '/', digest: 'd', metrics: null },
    hosts: { on: (host: string) => ({ name: host, run: (script: string) => run(host, script) }) },
    balancer: () => ({
      countsRequests: true,
      server: (_: string, server: string) => Promise.resolve(facts(server)),
      backend: () => Promise.resolve({ n1: facts('n1'), n2: facts('n2'), n3: facts('n3') }),
    }),
  } as unknown as World;
  const { intent, unready = [] } = await planReplacement(
    parseNodeReplacement(INPUT),
    world,
    new AbortController().signal,
  );
  return { sums: intent.replaces.sums, found: unready.map(({ code, path }) => `${code} ${path}`) };
}

const lost = new PawlError('OutcomeUnknown', 'n1: the answer was lost');

it('an answer that was lost on its way is asked for again', async () => {
  expect(await plan(lost, SUMS)).toEqual({ sums: { unit: 'u', release: 'r' }, found: [] });
});

it('one that stays lost keeps the change from beginning', async () => {
  expect((await plan(lost)).found).toEqual(['OutcomeUnknown hosts.n1']);
  expect((await plan(new PawlError('HostUnreachable', 'n1 is away'))).found).toEqual([
    'HostUnreachable hosts.n1',
  ]);
});

it('other bytes are named', async () => {
  expect((await plan('unit=u\nrelease=another\n')).found).toEqual(['notEqual hosts.n1']);
});
