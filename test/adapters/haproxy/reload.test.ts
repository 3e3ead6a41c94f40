import { reachHaproxy, signal, type Reached } from './reached';
import { until } from './real-haproxy';

describe.each([
  { how: 'with the socket of the master process', masterSocket: true },
  { how: 'by its connections alone', masterSocket: false },
])('a reload, old requests counted $how', ({ masterSocket }) => {
  let at: Reached;
  beforeAll(async () => (at = await reachHaproxy({ masterSocket })));
  afterAll(() => at.stop());
  beforeEach(() => at.reset());

  it('forgets a drain, which shows, and its old process is counted until its request is over', async () => {
    const running = [1, 2, 3].map(() => at.real.request('/?ms=3000'));
    await at.shows('n1', { sessions: 1 });
    await at.set('n1', { state: 'draining' });
    const before = await at.facts('n1');
    expect(await at.left('n1')).toBe(1);
    await at.real.reload();

    // right after its start it says UP 1/2
    await at.shows('n1', { state: 'in', says: 'UP', sessions: 0 });
    const after = await at.facts('n1');
    expect(after.generation).not.toBe(before.generation);
    expect(await at.left('n1')).toBe(1);

    const wanted = { seen: after, thenOut: true };
    expect(await at.balancer.drain(at.real.backend, 'n1', wanted, at.nextFence(), signal)).toBe(1);
    expect(await at.facts('n1')).toMatchObject({ state: 'draining', generation: after.generation });
    expect((await Promise.all(running)).sort()).toEqual(['n1', 'n2', 'n3']);
    await until(async () => (await at.left('n1')) === 0);
  });

  it('counts requests of several old processes', async () => {
    await Promise.all(['n2', 'n3'].map((server) => at.set(server, { state: 'out' })));
    const first = at.real.request('/?ms=3000');
    await at.shows('n1', { sessions: 1 });
    await at.real.reload();
    await Promise.all(['n2', 'n3'].map((server) => at.set(server, { state: 'out' })));
    const second = at.real.request('/?ms=2500');
    await at.shows('n1', { sessions: 1 });
    await at.real.reload();
    expect(await at.left('n1')).toBe(2);
    expect(await at.left('n2')).toBe(0);
    expect(await Promise.all([first, second])).toEqual(['n1', 'n1']);
    await until(async () => (await at.left('n1')) === 0);
  });

  it('shows a restart as a new generation with the configured weight', async () => {
    await at.set('n1', { state: 'in', weight: 5 });
    const before = await at.facts('n1');
    await at.real.restart();
    const after = await at.facts('n1');
    expect(after.generation).not.toBe(before.generation);
    expect(after.weight).toBe(100);
    expect(await at.left('n1')).toBe(0);
  });
});

describe('idle connections of an old process', () => {
  let at: Reached;
  beforeAll(async () => (at = await reachHaproxy()));
  afterAll(() => at.stop());

  it('may bring one more request each, so they are waited for, unless the process knew of the drain', async () => {
    await at.reset();
    await at.set('n1', { state: 'draining' });
    const clients = Array.from({ length: 4 }, () => at.real.client());
    for (const client of clients) expect(await client.request()).not.toBe('n1');
    await at.real.reload();
    await at.set('n1', { state: 'draining' });
    await at.set('n2', { state: 'draining' });
    expect([await at.left('n1'), await at.left('n2')]).toEqual([0, 4]);
    const [first, second, ...others] = clients;
    expect(['n2', 'n3']).toContain(await first!.request());
    second!.close();
    await until(async () => (await at.left('n2')) === 2);
    for (const client of others) await client.request();
    await until(async () => (await at.left('n2')) === 0);
  });

  it('to a server are not waited for, although it keeps them as long as it lives', async () => {
    await at.reset();
    await Promise.all(Array.from({ length: 9 }, () => at.real.request('/?ms=50')));
    await at.set('n1', { state: 'draining' });
    await at.set('n3', { state: 'draining' });
    const long = at.real.request('/?ms=5000');
    await at.shows('n2', { sessions: 1 });
    await at.real.reload();
    expect(await at.left('n2')).toBe(1);
    for (const server of ['n1', 'n3']) {
      expect(await at.real.servers[server]!.connections()).toBeGreaterThan(0);
      expect(await at.left(server)).toBe(0);
    }
    expect(await long).toBe('n2');
  });
});
