/** What a real HAProxy counts as lost, beside what clients really got. */
import { Agent } from 'node:http';
import type { Counts } from '../../../src/contracts/certificate';
import type { BackendCounts } from '../../../src/contracts/world';
import { reachHaproxy, signal, type Reached } from './reached';
import { request, until } from './real-haproxy';

let at: Reached;
beforeAll(async () => (at = await reachHaproxy()));
afterAll(() => at.stop());
beforeEach(async () => {
  at.real.servers['n1']!.refuse = false;
  await at.reset();
  // all requests go to n1
  for (const server of ['n2', 'n3']) await at.set(server, { state: 'out' });
});

const counts = () => at.balancer.counts(at.real.backend, signal);
const less = (now: Counts, before: Counts): Counts => ({
  ended: now.ended - before.ended,
  lost: now.lost - before.lost,
  repeated: now.repeated - before.repeated,
});

/** Asks so often, and tells what clients got, what the balancer counted, and what it says of n1. */
async function during(ask: () => Promise<unknown>, times = 3) {
  const before = await counts();
  let failed = 0;
  for (let n = 0; n < times; n += 1) await ask().catch(() => (failed += 1));
  let now: BackendCounts = before;
  // a request is over a moment after its client has its answer
  await until(async () => (now = await counts()).clients.ended >= before.clients.ended + times);
  return {
    failed,
    clients: less(now.clients, before.clients),
    n1: less(now.servers['n1']!, before.servers['n1']!),
  };
}

/** On a connection that has carried a request before, as those of most clients have. */
async function onUsed(path: string): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await request(at.real.port, '/', agent);
    at.real.servers['n1']!.refuse = path === 'refuse';
    return await request(at.real.port, path === 'refuse' ? '/' : path, agent);
  } finally {
    at.real.servers['n1']!.refuse = false;
    agent.destroy();
  }
}

const refused = async () => {
  at.real.servers['n1']!.refuse = true;
  return at.real.request('/').finally(() => (at.real.servers['n1']!.refuse = false));
};

it.each([
  { what: 'good answers', ask: () => at.real.request('/'), lost: 0 },
  { what: 'errors of the service', ask: () => at.real.request('/?status=500'), lost: 3 },
  { what: 'its own 503', ask: () => at.real.request('/?status=503'), lost: 3 },
  { what: 'answers that are cut', ask: () => at.real.request('/?cut'), lost: 3 },
  { what: 'connections that are dropped', ask: refused, lost: 3 },
])('counts $what', async ({ ask, lost }) => {
  const { failed, clients, n1 } = await during(ask);
  expect([failed, clients, n1.lost]).toEqual([lost, { ended: 3, lost, repeated: 0 }, lost]);
});

it('errors of clients are no loss', async () => {
  const { clients } = await during(() => at.real.request('/?status=404'));
  expect(clients).toEqual({ ended: 3, lost: 0, repeated: 0 });
});

it.each([
  { path: '/?status=500', most: 1 },
  { path: '/?cut', most: 1 },
  // closed without a word: HAProxy leaves it to the client to ask again, and counts no failure; a reset counts twice
  { path: 'refuse', most: 2 },
])('loses nothing from sight on a used connection: $path', async ({ path, most }) => {
  const before = await counts();
  await expect(onUsed(path)).rejects.toThrow();
  let now = before;
  await until(async () => (now = await counts()).clients.ended >= before.clients.ended + 2);
  for (const { lost } of [
    less(now.clients, before.clients),
    less(now.servers['n1']!, before.servers['n1']!),
  ]) {
    expect(lost).toBeGreaterThanOrEqual(1);
    expect(lost).toBeLessThanOrEqual(most);
  }
});

it('what HAProxy answers where nobody serves is no server’s loss', async () => {
  await at.set('n1', { state: 'out' });
  const { failed, clients, n1 } = await during(() => at.real.request('/'));
  expect([failed, clients.lost, n1.lost]).toEqual([3, 3, 0]);
});

it('a request in work is neither over nor lost', async () => {
  const before = await counts();
  const slow = at.real.request('/?ms=400');
  await until(async () => (await counts()).came === before.came + 1);
  expect(less((await counts()).clients, before.clients)).toEqual({ ended: 0, lost: 0, repeated: 0 });
  await slow;
  await until(async () => (await counts()).clients.ended === before.clients.ended + 1);
  expect((await counts()).clients.lost).toBe(before.clients.lost);
});

it('shows the load of the last second', async () => {
  const asking = Date.now();
  let asked = 0;
  for (; Date.now() < asking + 1_500; asked += 1) await at.real.request('/');
  const { rate } = await counts();
  expect(rate).toBeGreaterThan((0.4 * asked) / 1.5);
  expect(rate).toBeLessThan((2 * asked) / 1.5);
});

it('says that a backend is not there', async () => {
  await expect(at.balancer.counts('nobody', signal)).rejects.toThrow('no such backend');
});
