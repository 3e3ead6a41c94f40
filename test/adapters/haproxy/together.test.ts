/** Several servers of a real HAProxy that are set in one step. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { haproxy } from '../../../src/adapters/load-balancers/haproxy';
import type { Fence, WantedTraffic } from '../../../src/contracts/world';
import { reachHaproxy, signal, type Reached } from './reached';

const DRAINING: WantedTraffic = { state: 'draining' };
const held = (weight = 100): WantedTraffic => ({ state: 'in', weight, held: true });
/** n1 and n2 serve and n3 stands by, or the other way round. */
const GREEN = { n1: DRAINING, n2: DRAINING, n3: held() };
const BLUE = { n1: held(), n2: held(60), n3: DRAINING };

let at: Reached;
beforeAll(async () => (at = await reachHaproxy({ readsState: true })));
afterAll(() => at.stop());
beforeEach(() => at.reset());

const together = (wanted: Record<string, WantedTraffic>, fence: Fence = at.nextFence()) =>
  at.balancer.setTogether(at.real.backend, wanted, fence, signal);
const states = async () => {
  const servers = await at.balancer.backend(at.real.backend, signal);
  return Object.entries(servers).map(([name, { state, weight }]) => `${name} ${state} ${weight}`);
};
const answered = async (requests = 30) =>
  [...new Set(await Promise.all(Array.from({ length: requests }, () => at.real.request())))].sort();
const places = () => ['n1', 'n2', 'n3'].map((server) => ({ backend: at.real.backend, server }));
const reconcile = () => at.balancer.reconcile(places(), signal);

it('come in and leave at once, there and back, however often it is said', async () => {
  for (let round = 0; round < 2; round += 1) {
    await together(GREEN);
    await together(GREEN);
    expect(await states()).toEqual(['n1 draining 100', `n2 draining ${round ? 60 : 100}`, 'n3 in 100']);
    expect(await answered()).toEqual(['n3']);
    await together(BLUE);
    expect(await states()).toEqual(['n1 in 100', 'n2 in 60', 'n3 draining 100']);
    expect(await answered()).toEqual(['n1', 'n2']);
  }
});

it('no request fails, and none in work is cut, while they change places again and again', async () => {
  const slow = Array.from({ length: 6 }, () => at.real.request('/?ms=2500'));
  // in turn, as long as nobody else asks
  await Promise.all(['n1', 'n2', 'n3'].map((server) => at.shows(server, { sessions: 2 })));
  const stop = new AbortController();
  const clients = Array.from({ length: 4 }, async () => {
    let requests = 0;
    for (; !stop.signal.aborted; requests += 1) await at.real.request('/?ms=5');
    return requests;
  });
  for (let round = 0; round < 5; round += 1) {
    await together(GREEN);
    await together(BLUE);
  }
  stop.abort();
  const requests = (await Promise.all(clients)).reduce((sum, count) => sum + count, 0);
  expect(requests).toBeGreaterThan(100);
  expect((await Promise.all(slow)).sort()).toEqual(['n1', 'n1', 'n2', 'n2', 'n3', 'n3']);
});

it.each(['reload', 'restart', 'kill'] as const)('stay so through a %s', async (happening) => {
  await together(GREEN);
  const { n1, n2 } = at.real.servers;
  await at.real[happening]();
  const before = n1!.requests + n2!.requests;
  expect(await answered(9)).toEqual(['n3']);
  expect(n1!.requests + n2!.requests).toBe(before);
  expect(await reconcile()).toMatchObject({ repaired: [], failed: [], unowned: [] });
});

it('a reload in the middle does it: what HAProxy reads at its start is written before it hears of the step', async () => {
  const seen: string[][] = [];
  const between = await listenBetween(async () => {
    await at.real.reload();
    seen.push(await answered(9));
  });
  const { host, real } = at;
  const balancer = haproxy({ host, socket: between.path, stateFile: real.stateFile });
  try {
    await balancer.setTogether(real.backend, BLUE, at.nextFence(), signal);
    await balancer.setTogether(real.backend, GREEN, at.nextFence(), signal);
  } finally {
    between.close();
  }
  expect(seen).toEqual([['n1', 'n2'], ['n3']]);
  expect(await answered(9)).toEqual(['n3']);
});

/** A socket before HAProxy's own, on which something happens before servers are set. */
async function listenBetween(happening: () => Promise<void>) {
  const path = join(at.real.folder, 'between.sock');
  const server = createServer({ allowHalfOpen: true }, (client) => {
    void (async () => {
      let command = '';
      client.on('data', (chunk) => (command += String(chunk)));
      await once(client, 'end');
      if (command.startsWith('set server')) await happening();
      client.end(await at.real.ask(command.trim()));
    })();
  }).listen(path);
  await once(server, 'listening');
  return { path, close: () => void server.close() };
}

it('that the configuration disables serve after a reload, too', async () => {
  await at.real.configure((text) => text.replace(/(server n3 .* no-check)$/m, '$1 disabled'));
  await at.real.reload();
  await together({ n1: held(), n2: held(), n3: DRAINING });
  await together(GREEN);
  for (const happening of ['reload', 'restart'] as const) {
    await at.real[happening]();
    expect(await answered(9)).toEqual(['n3']);
  }
  await at.real.configure((text) => text.replace(' disabled', ''));
  await at.real.reload();
});

describe('are set all or none', () => {
  it('where a newer attempt was at one of them', async () => {
    const old = at.nextFence();
    await at.set('n3', DRAINING);
    const before = await states();
    await expect(together(GREEN, old)).rejects.toMatchObject({ type: 'Fenced' });
    expect(await states()).toEqual(before);
    expect((await reconcile()).kept.map(({ server }) => server)).toEqual(['n3']);
  });

  it('where one of them is not there', async () => {
    await at.set('n3', DRAINING);
    await expect(together({ ...GREEN, n9: DRAINING })).rejects.toMatchObject({ type: 'BalancerRefused' });
    expect(await states()).toEqual(['n1 in 100', 'n2 in 100', 'n3 draining 100']);
    expect((await reconcile()).kept.map(({ server, wanted }) => [server, wanted])).toEqual([
      ['n3', DRAINING],
    ]);
  });

  it('where HAProxy refuses a weight', async () => {
    await at.set('n3', DRAINING);
    await expect(together({ ...GREEN, n3: held(1_000) })).rejects.toMatchObject({ type: 'BalancerRefused' });
    expect(await states()).toEqual(['n1 in 100', 'n2 in 100', 'n3 draining 100']);
    expect((await reconcile()).kept.map(({ server }) => server)).toEqual(['n3']);
  });
});

it('somebody who puts one of them elsewhere by hand is corrected', async () => {
  await together(GREEN);
  await at.real.ask(
    `set server ${at.real.backend}/n1 state ready;set server ${at.real.backend}/n3 state maint`,
  );
  const { repaired } = await reconcile();
  expect(repaired.map(({ server }) => server)).toEqual(['n1', 'n3']);
  expect(await answered()).toEqual(['n3']);
});
