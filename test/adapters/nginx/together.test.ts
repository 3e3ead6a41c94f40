/** Several servers of a real nginx that are set with one write and one reload. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Fence, WantedTraffic } from '../../../src/contracts/world';
import { reachNginx, signal, type Reached } from './reached';

const DRAINING: WantedTraffic = { state: 'draining' };
const held = (weight = 100): WantedTraffic => ({ state: 'in', weight, held: true });
const GREEN = { n1: DRAINING, n2: DRAINING, n3: held() };
const BLUE = { n1: held(), n2: held(60), n3: DRAINING };

let at: Reached;
beforeAll(async () => (at = await reachNginx()));
afterAll(() => at?.stop());
beforeEach(() => together({ n1: held(), n2: held(), n3: DRAINING }));

const together = (wanted: Record<string, WantedTraffic>, fence: Fence = at.nextFence()) =>
  at.balancer.setTogether(at.real.upstream, wanted, fence, signal);
const states = async () => {
  const servers = await at.balancer.backend(at.real.upstream, signal);
  return Object.entries(servers).map(([name, { state, weight }]) => `${name} ${state} ${weight}`);
};
const answered = async () =>
  [...new Set(await Promise.all(Array.from({ length: 20 }, () => at.real.request())))].sort();
const places = () => ['n1', 'n2', 'n3'].map((server) => ({ backend: at.real.upstream, server }));
const reconcile = () => at.balancer.reconcile(places(), signal);
const reloads = async () => {
  const log = await readFile(join(dirname(at.real.folder), 'error.log'), 'utf8');
  return log.split('signal 1 (SIGHUP) received').length;
};

it('come in and leave with one reload, there and back; what is so already is not loaded again', async () => {
  const before = await reloads();
  await together(GREEN);
  await together(GREEN);
  expect(await states()).toEqual(['n1 draining 100', 'n2 draining 100', 'n3 in 100']);
  expect(await answered()).toEqual(['n3']);
  await together(BLUE);
  expect(await states()).toEqual(['n1 in 100', 'n2 in 60', 'n3 draining 100']);
  expect(await answered()).toEqual(['n1', 'n2']);
  expect((await reloads()) - before).toBe(2);
});

it('no request fails, and none in work is cut, while they change places', async () => {
  const slow = Array.from({ length: 4 }, () => at.real.request('/?ms=1500'));
  const stop = new AbortController();
  const clients = Array.from({ length: 4 }, async () => {
    let requests = 0;
    for (; !stop.signal.aborted; requests += 1) await at.real.request('/?ms=5');
    return requests;
  });
  for (let round = 0; round < 3; round += 1) {
    await together(GREEN);
    await together(BLUE);
  }
  stop.abort();
  expect((await Promise.all(clients)).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(100);
  expect((await Promise.all(slow)).filter((name) => !['n1', 'n2'].includes(name))).toEqual([]);
});

it.each(['reload', 'restart'] as const)('stay so through a %s', async (happening) => {
  await together(GREEN);
  await at.real[happening]();
  expect(await answered()).toEqual(['n3']);
  expect(await reconcile()).toMatchObject({ repaired: [], failed: [], unowned: [] });
});

describe('are set all or none', () => {
  const before = ['n1 in 100', 'n2 in 100', 'n3 draining 100'];
  const wanted = async () =>
    (await reconcile()).kept.map(({ server, wanted }) => `${server} ${wanted.state}`);

  it('where a newer attempt was at one of them', async () => {
    const old = at.nextFence();
    await at.set('n3', DRAINING);
    await expect(together(GREEN, old)).rejects.toMatchObject({ type: 'Fenced' });
    expect(await states()).toEqual(before);
  });

  it('where one of them is not there', async () => {
    await expect(together({ ...GREEN, n9: DRAINING })).rejects.toMatchObject({ type: 'BalancerRefused' });
    expect(await states()).toEqual(before);
    expect(await wanted()).toEqual(['n1 in', 'n2 in', 'n3 draining']);
  });

  it('where nginx does not load them', async () => {
    const taken = await at.real.takePort();
    await expect(together(GREEN)).rejects.toMatchObject({ type: 'BalancerNotAsWanted' });
    await taken.free();
    expect(await states()).toEqual(before);
    expect(await wanted()).toEqual(['n1 in', 'n2 in', 'n3 draining']);
  });
});
