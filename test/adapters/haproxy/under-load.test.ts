import { setTimeout as sleep } from 'node:timers/promises';
import { openBalancer } from '../../../src/adapters/load-balancers';
import { Cluster } from '../../../src/contracts/cluster';
import type { RemoteHosts } from '../../../src/contracts/world';
import { reachHaproxy, signal, type Reached } from './reached';
import { until } from './real-haproxy';

let at: Reached;
beforeAll(async () => (at = await reachHaproxy()));
afterAll(() => at.stop());

const CYCLES = 8;

it('loses no request while servers leave and come back, one at a time', async () => {
  await at.reset();
  const load = startLoad();
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const server = cycle % 2 ? 'n1' : 'n2';
    await at.set(server, { state: 'draining' });
    await at.shows(server, { state: 'draining', sessions: 0 });
    expect(await at.left(server)).toBe(0);
    await at.set(server, { state: 'out' });
    // nobody is there while it is out: a request that comes now fails
    at.real.servers[server]!.refuse = true;
    const before = at.real.servers[server]!.requests;
    await sleep(150);
    expect(at.real.servers[server]!.requests).toBe(before);
    at.real.servers[server]!.refuse = false;
    await at.set(server, { state: 'in', weight: 100 });
    await at.shows(server, { state: 'in' });
    await until(async () => at.real.servers[server]!.requests > before);
  }
  const { sent, failed } = await load.stop();
  expect(failed).toEqual([]);
  expect(sent).toBeGreaterThan(300);
});

/** Eight clients without retries, each with one request at a time, some of them slow: at most 400 requests/s. */
function startLoad() {
  let running = true;
  let sent = 0;
  const failed: string[] = [];
  const clients = Array.from({ length: 8 }, async (_, client) => {
    for (let turn = 0; running; turn += 1) {
      sent += 1;
      const path = (turn + client) % 10 ? '/' : '/?ms=300';
      await at.real.request(path).catch((error: Error) => failed.push(error.message));
      await sleep(20);
    }
  });
  return {
    async stop() {
      running = false;
      await Promise.all(clients);
      return { sent, failed };
    },
  };
}

describe('a balancer of the cluster file', () => {
  const cluster = () =>
    Cluster.parse({
      cluster: 'test',
      hosts: { lb1: { roles: ['balancer'] } },
      balancers: { edge: { kind: 'haproxy', host: 'lb1', socket: at.real.socket } },
      services: {},
    });

  it('is reached at its host and socket', async () => {
    const on = (name: string) => (expect(name).toBe('lb1'), at.host);
    const hosts: RemoteHosts = { on, close: async () => {} };
    expect(await openBalancer('edge', cluster(), hosts).backend(at.real.backend, signal)).toHaveProperty(
      'n1',
    );
  });

  it.each(['egde', '', 'constructor', '__proto__'])('is not guessed when it is called %j', (name) => {
    const hosts: RemoteHosts = { on: () => at.host, close: async () => {} };
    expect(() => openBalancer(name, cluster(), hosts)).toThrow(/has no balancer .* it has edge/);
  });
});
