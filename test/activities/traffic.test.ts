import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import type { World, Worlds } from '../../src/activities/world';
import { counterActivities } from '../../src/activities/counters';
import { roomActivities } from '../../src/activities/room';
import { keepingOut, trafficActivities } from '../../src/activities/traffic';
import { Cluster } from '../../src/contracts/cluster';
import type { BackendCounts, LoadBalancer, TrafficFacts, WantedTraffic } from '../../src/contracts/world';

const cluster = Cluster.parse({
  cluster: 'fake',
  hosts: {
    n1: { roles: ['app'] },
    n2: { roles: ['app'] },
    n3: { roles: ['app'] },
    lb1: { roles: ['lb'] },
    lb2: { roles: ['lb'] },
  },
  balancers: { east: { kind: 'haproxy', host: 'lb1' }, west: { kind: 'haproxy', host: 'lb2' } },
  services: {
    web: {
      role: 'app',
      unit: 'web.service',
      port: 8080,
      release: { kind: 'deb', package: 'web' },
      health: { path: '/health' },
      routes: [
        { balancer: 'east', backend: 'web' },
        { balancer: 'west', backend: 'web', servers: { n1: 'web-one' } },
      ],
      limits: { healthySeconds: 1 },
    },
  },
});

/** A balancer in memory that forgets, is slow to come up, and counts sessions as told. */
class FakeBalancer implements LoadBalancer {
  readonly countsRequests = true;

  raise = () => Promise.resolve();
  reconcile = () => Promise.resolve({ kept: [], repaired: [], failed: [], unowned: [] });
  handBack = () => Promise.resolve();

  readonly said: string[] = [];
  readonly facts: Record<string, TrafficFacts> = {};
  old = 0;
  looksUntilUp = 0;

  constructor(servers: string[]) {
    for (const name of servers)
      this.facts[name] = {
        state: 'in',
        weight: 100,
        sessions: 0,
        says: 'UP',
        healthy: true,
        generation: '1',
      };
  }

  backend(): Promise<Record<string, TrafficFacts>> {
    for (const facts of Object.values(this.facts))
      if (/ 1\/2$/.test(facts.says) && this.looksUntilUp-- <= 0)
        Object.assign(facts, {
          state: facts.state === 'down' ? 'in' : facts.state,
          says: facts.says.split(' ')[0],
          healthy: true,
        });
    return Promise.resolve(structuredClone(this.facts));
  }

  async server(_backend: string, server: string): Promise<TrafficFacts> {
    return (await this.backend())[server]!;
  }

  async drain(
    backend: string,
    server: string,
    { seen, thenOut }: { seen: TrafficFacts; thenOut: boolean },
  ): Promise<number> {
    if (seen.state === 'in' || seen.state === 'down') await this.set(backend, server, { state: 'draining' });
    const left = this.facts[server]!.sessions + this.old;
    if (left === 0 && thenOut && seen.state !== 'out') await this.set(backend, server, { state: 'out' });
    return left;
  }

  set(_backend: string, server: string, wanted: WantedTraffic): Promise<void> {
    this.said.push(`${server} ${wanted.state}`);
    const facts = this.facts[server]!;
    const { healthy } = facts;
    if (wanted.state === 'out') Object.assign(facts, { state: 'out', says: 'MAINT', healthy: false });
    else if (wanted.state === 'draining')
      Object.assign(facts, { state: 'draining', says: healthy ? 'DRAIN' : 'DRAIN 1/2' });
    else
      Object.assign(facts, {
        state: healthy ? 'in' : 'down',
        says: healthy ? 'UP' : 'UP 1/2',
        weight: wanted.weight,
      });
    return Promise.resolve();
  }

  async setTogether(backend: string, wanted: Record<string, WantedTraffic>): Promise<void> {
    for (const [server, one] of Object.entries(wanted)) await this.set(backend, server, one);
  }

  requests() {
    return Promise.resolve({});
  }

  /** requests a second */
  rate = 0;
  counted: BackendCounts | undefined;

  counts(): Promise<BackendCounts> {
    const clients = { ended: 0, lost: 0, repeated: 0 };
    const none = { generation: '1', came: 0, rate: this.rate, clients, servers: {} };
    return Promise.resolve(this.counted ?? none);
  }

  examine = () => Promise.resolve([]);
}

function setUp({ waitedMs = 0 } = {}) {
  const east = new FakeBalancer(['n1', 'n2', 'n3']);
  const west = new FakeBalancer(['web-one', 'n2', 'n3']);
  const world = {
    cluster,
    digest: '',
    balancer: (name: string) => (name === 'east' ? east : west),
  } as unknown as World;
  const found = () => Promise.resolve(world);
  const worlds: Worlds = { read: found, anew: found, of: found, close: () => Promise.resolve() };
  const places = [
    { balancer: 'east', backend: 'web', server: 'n1' },
    { balancer: 'west', backend: 'web', server: 'web-one' },
  ];
  const input = {
    change: { id: 'change', epoch: 1, cluster: 'fake.yaml' },
    service: { name: 'web' },
    host: { name: 'n1', places },
    cap: 1,
    away: [],
    deadlineSeconds: 30,
    force: false,
  };
  const env = new MockActivityEnvironment(
    // by the server's clock, which need not be ours
    { scheduledTimestampMs: 1_000, currentAttemptScheduledTimestampMs: 1_000 + waitedMs },
    { logger: new DefaultLogger('ERROR') },
  );
  const leave = () => {
    for (const facts of [east.facts['n1']!, west.facts['web-one']!])
      Object.assign(facts, { state: 'out', says: 'MAINT', healthy: false });
  };
  return {
    east,
    west,
    world,
    input,
    env,
    leave,
    ...trafficActivities(worlds),
    ...roomActivities(worlds),
    ...counterActivities(worlds),
  };
}

describe('takeOut', () => {
  it('drains on every balancer, and leaves none before all are empty', async () => {
    const { east, west, env, takeOut, input } = setUp();
    west.facts['web-one']!.sessions = 2;
    const running: ReturnType<typeof takeOut> = env.run(takeOut, input);
    await delay(150);
    expect([east.said, west.said]).toEqual([['n1 draining'], ['web-one draining']]);
    west.facts['web-one']!.sessions = 0;
    expect(await running).toMatchObject({
      out: true,
      sessions: 0,
      traffic: { east: { state: 'out' }, west: { state: 'out' } },
    });
    expect([east.said.at(-1), west.said.at(-1)]).toEqual(['n1 out', 'web-one out']);
  });

  it('waits for requests of a replaced balancer process', async () => {
    const { east, env, takeOut, input } = setUp();
    east.old = 1;
    const running: ReturnType<typeof takeOut> = env.run(takeOut, input);
    await delay(150);
    expect(east.facts['n1']!.state).toBe('draining');
    east.old = 0;
    expect((await running).out).toBe(true);
  });

  it('asserts the drain again when a balancer forgets it', async () => {
    const { east, env, takeOut, input } = setUp();
    east.facts['n1']!.sessions = 1;
    const running: ReturnType<typeof takeOut> = env.run(takeOut, input);
    await delay(100);
    Object.assign(east.facts['n1']!, { state: 'in', says: 'UP', generation: '2' });
    await delay(600);
    expect(east.said).toEqual(['n1 draining', 'n1 draining']);
    east.facts['n1']!.sessions = 0;
    await running;
  });

  it.each([
    { force: false, out: false, last: 'n1 draining' },
    { force: true, out: true, last: 'n1 out' },
  ])('at the deadline with force $force: out $out', async ({ force, out, last }) => {
    const { east, env, takeOut, input } = setUp();
    east.facts['n1']!.sessions = 3;
    const result: Awaited<ReturnType<typeof takeOut>> = await env.run(takeOut, {
      ...input,
      force,
      deadlineSeconds: 0,
    });
    expect(result).toMatchObject({ out, sessions: 3 });
    expect(east.said.at(-1)).toBe(last);
  });

  it('counts the time of earlier attempts by the clock of the server', async () => {
    const { east, env, takeOut, input } = setUp({ waitedMs: 60_000 });
    east.facts['n1']!.sessions = 3;
    const drained = env.run(takeOut, { ...input, force: false, deadlineSeconds: 60 });
    expect(await drained).toMatchObject({ out: false, sessions: 3 });
  });

  it.each([
    { cap: 1, states: ['down'], away: [], refused: true },
    { cap: 2, states: ['down'], away: [], refused: false },
    { cap: 2, states: ['down', 'out'], away: [], refused: true },
    { cap: 2, states: ['down'], away: ['n2'], refused: false },
    { cap: 2, states: ['down'], away: ['n3'], refused: true },
  ])('with $states others, $away leaving, a cap of $cap: refused $refused', async (row) => {
    const { cap, states, away, refused } = row;
    const { east, env, takeOut, input } = setUp();
    states.forEach((state, index) => (east.facts[`n${index + 2}`]!.state = state as 'down'));
    const run = env.run(takeOut, { ...input, cap, away });
    if (refused) await expect(run).rejects.toMatchObject({ type: 'BalancerNotAsWanted' });
    else await run;
    expect(east.said.length > 0).toBe(!refused);
  });
});

describe('roomForLoad', () => {
  const capacity = { requestsPerSecond: 100, percent: 80 };
  const leaves = ({ change, service, host }: ReturnType<typeof setUp>['input']) => ({
    ...{ change, service, capacity, leaving: [host], coming: [] as string[], away: [] as string[] },
    ...{ who: 'n1', then: 'without it' },
  });
  it.each([
    { what: 'two carry it', rates: [80, 80], away: [], why: null },
    { what: 'two carry exactly as much', rates: [100, 60], away: [], why: null },
    {
      what: 'two do not',
      rates: [100, 80],
      away: [],
      why: /^n1 waits for load: 180\/s come; without it n2 would get 90\/s/,
    },
    { what: 'one would have to carry it alone', rates: [60, 60], away: ['n3'], why: /n2 would get 120\/s/ },
    { what: 'one is down already', rates: [60, 60], away: [], down: 'n2', why: /n3 would get 120\/s/ },
    { what: 'nobody would be left', rates: [1, 1], away: ['n2', 'n3'], why: /nobody would serve/ },
    { what: 'weights send one more', rates: [120, 0], away: [], weight: 300, why: /n2 would get 90\/s/ },
  ])('$what', async ({ rates, away, down, weight, why }) => {
    const { east, west, env, roomForLoad, input } = setUp();
    [east.rate, west.rate] = rates as [number, number];
    if (down) east.facts[down]!.state = 'down';
    if (weight) east.facts['n2']!.weight = weight;
    const said: string | null = await env.run(roomForLoad, { ...leaves(input), away });
    if (why === null) expect(said).toBeNull();
    else expect(said).toMatch(why);
  });

  it('a host that serves nobody takes nothing from anybody', async () => {
    const { east, env, roomForLoad, input, leave } = setUp();
    leave();
    east.rate = 1_000;
    expect(await env.run(roomForLoad, leaves(input))).toBeNull();
  });

  it.each([
    { what: 'a set that carries it', rate: 80, why: null },
    {
      what: 'a set that does not',
      rate: 81,
      why: /^the switch waits for load: 81\/s come; after it n3 would get 81\/s/,
    },
  ])('$what comes in for one that leaves', async ({ rate, why }) => {
    const { east, env, roomForLoad, input } = setUp();
    east.rate = rate;
    east.facts['n3']!.state = 'draining';
    const change = { ...leaves(input), who: 'the switch', then: 'after it', coming: ['n3'], away: ['n2'] };
    const said: string | null = await env.run(roomForLoad, change);
    if (why === null) expect(said).toBeNull();
    else expect(said).toMatch(why);
  });
});

describe('readCounters', () => {
  const read = async (servers: BackendCounts['servers']) => {
    const { east, env, readCounters, input } = setUp();
    const clients = { ended: 100, lost: 9, repeated: 4 };
    east.counted = { generation: '1', came: 101, rate: 5, clients, servers };
    const [first]: Awaited<ReturnType<typeof readCounters>> = await env.run(readCounters, {
      ...input,
      also: [],
    });
    return first;
  };

  it('names hosts that lost something, and takes off what others of the same backend did', async () => {
    const servers = {
      n1: { ended: 40, lost: 2, repeated: 1 },
      n2: { ended: 30, lost: 0, repeated: 0 },
      stranger: { ended: 20, lost: 3, repeated: 2 },
    };
    expect(await read(servers)).toEqual({
      balancer: 'east',
      backend: 'web',
      known: true,
      is: { generation: '1', came: 101, ended: 80, lost: 6, repeated: 2, hosts: { n1: 2 } },
    });
  });
});

it.each(['draining', 'down'] as const)("a host that is %s takes nobody's place", async (state) => {
  const { east, west, env, takeOut, input } = setUp();
  east.facts['n2']!.state = 'down';
  east.facts['n1']!.state = west.facts['web-one']!.state = state;
  expect(await env.run(takeOut, input)).toMatchObject({ out: true });
});

describe('putBack', () => {
  it('waits until every balancer says exactly up, with the weights of before', async () => {
    const { east, west, env, putBack, input, leave } = setUp();
    leave();
    west.looksUntilUp = 5;
    const { traffic }: Awaited<ReturnType<typeof putBack>> = await env.run(putBack, {
      ...input,
      weights: { east: 100, west: 70 },
    });
    expect(traffic).toMatchObject({ east: { state: 'in', weight: 100 }, west: { state: 'in', weight: 70 } });
    expect(east.said).toEqual(['n1 draining', 'n1 in']);
  });

  it('sends no request before every balancer has checked the host', async () => {
    const { east, west, env, putBack, input, leave } = setUp();
    leave();
    west.looksUntilUp = 1_000_000;
    await expect(env.run(putBack, { ...input, weights: { east: 100, west: 100 } })).rejects.toMatchObject({
      type: 'Unhealthy',
      message: expect.stringContaining('DRAIN 1/2 at west'),
    });
    expect([...east.said, ...west.said]).toEqual(['n1 draining', 'web-one draining']);
  });

  it('says what the balancer says when the host does not come up', async () => {
    const { west, env, putBack, input } = setUp();
    Object.assign(west.facts['web-one']!, { state: 'down', says: 'UP 1/2', healthy: false });
    west.looksUntilUp = 1_000_000;
    await expect(env.run(putBack, { ...input, weights: { east: 100, west: 100 } })).rejects.toMatchObject({
      type: 'Unhealthy',
      message: expect.stringContaining('UP 1/2 at west'),
    });
  });
});

it('keepingOut proves that a host is out first, and puts it out again when a balancer forgets', async () => {
  const { east, west, world, input } = setUp();
  const now = { fence: { epoch: 1, attempt: 1 }, signal: new AbortController().signal };
  await keepingOut(world, input.host, now, async () => {
    expect([east.facts['n1']!.state, west.facts['web-one']!.state]).toEqual(['out', 'out']);
    Object.assign(east.facts['n1']!, { state: 'in', says: 'UP' });
    await delay(600);
    expect(east.facts['n1']!.state).toBe('out');
  });
});
