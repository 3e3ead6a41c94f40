import { setTimeout as sleep } from 'node:timers/promises';
import type { Fence, WantedTraffic } from '../../../src/contracts/world';
import { reachHaproxy, signal, type Reached } from './reached';

let at: Reached;
beforeAll(async () => (at = await reachHaproxy()));
afterAll(() => at.stop());
beforeEach(() => at.reset());

describe('facts', () => {
  it.each<{ when: string; server: string; wanted?: WantedTraffic; healthy?: boolean; shown: object }>([
    { when: 'serving', server: 'n1', shown: { state: 'in', says: 'UP', weight: 100, sessions: 0 } },
    { when: 'serving unchecked', server: 'n3', shown: { state: 'in', says: 'no check' } },
    {
      when: 'drained',
      server: 'n1',
      wanted: { state: 'draining' },
      shown: { state: 'draining', says: 'DRAIN' },
    },
    { when: 'drained unchecked', server: 'n3', wanted: { state: 'draining' }, shown: { state: 'draining' } },
    {
      when: 'out',
      server: 'n1',
      wanted: { state: 'out' },
      shown: { state: 'out', says: 'MAINT', weight: 100 },
    },
    { when: 'sick', server: 'n1', healthy: false, shown: { state: 'down', says: 'DOWN' } },
    {
      when: 'drained and sick',
      server: 'n1',
      wanted: { state: 'draining' },
      healthy: false,
      shown: { state: 'draining', says: 'DOWN' },
    },
    {
      when: 'at weight 0',
      server: 'n1',
      wanted: { state: 'in', weight: 0 },
      shown: { state: 'in', weight: 0 },
    },
    { when: 'at weight 256', server: 'n1', wanted: { state: 'in', weight: 256 }, shown: { weight: 256 } },
  ])('$server $when', async ({ server, wanted, healthy = true, shown }) => {
    at.real.servers[server]!.healthy = healthy;
    if (wanted) await at.set(server, wanted);
    await at.shows(server, shown);
    // alone, by number, it is told to be the same
    expect(await at.balancer.server(at.real.backend, server, signal)).toEqual(await at.facts(server));
  });

  it('lists all servers of a backend with one generation', async () => {
    const servers = await at.balancer.backend(at.real.backend, signal);
    expect(Object.keys(servers)).toEqual(['n1', 'n2', 'n3']);
    expect(new Set(Object.values(servers).map(({ generation }) => generation)).size).toBe(1);
    expect(servers['n1']?.generation).toMatch(/^\d+@\d{10}$/);
  });

  it('does not call a server in before its health is proven', async () => {
    await at.set('n1', { state: 'out' });
    at.real.servers['n1']!.healthy = false;
    await at.set('n1', { state: 'in', weight: 100 });
    // it gets requests from now on until the first check has failed
    const first = await at.facts('n1');
    expect(first).toMatchObject({ state: 'down' });
    expect(['UP 1/2', 'DOWN']).toContain(first.says);
    await at.shows('n1', { state: 'down', says: 'DOWN' });
    at.real.servers['n1']!.healthy = true;
    await at.shows('n1', { state: 'in', says: 'UP' });
  });
});

describe('drain', () => {
  const drain = async (server: string, thenOut: boolean) => {
    const seen = await at.facts(server);
    return at.balancer.drain(at.real.backend, server, { seen, thenOut }, at.nextFence(), signal);
  };

  it('takes an idle server out in one go, and leaves it there when it is asked again', async () => {
    expect(await drain('n1', true)).toBe(0);
    expect(await at.facts('n1')).toMatchObject({ state: 'out', weight: 100 });
    for (const thenOut of [true, false]) expect(await drain('n1', thenOut)).toBe(0);
    expect((await at.facts('n1')).state).toBe('out');
  });

  it('counts what is in work and drains no further before that is over', async () => {
    const running = [1, 2, 3].map(() => at.real.request('/?ms=1500'));
    await at.shows('n1', { sessions: 1 });
    expect(await drain('n1', true)).toBe(1);
    expect((await at.facts('n1')).state).toBe('draining');
    await Promise.all(running);
    expect(await drain('n1', false)).toBe(0);
    expect((await at.facts('n1')).state).toBe('draining');
    expect(await drain('n1', true)).toBe(0);
    expect((await at.facts('n1')).state).toBe('out');
  });

  it('refuses an older attempt', async () => {
    const [older, newer] = [at.nextFence(), at.nextFence()];
    const wanted = { seen: await at.facts('n1'), thenOut: true };
    await at.balancer.drain(at.real.backend, 'n1', { ...wanted, thenOut: false }, newer, signal);
    await expect(at.balancer.drain(at.real.backend, 'n1', wanted, older, signal)).rejects.toMatchObject({
      type: 'Fenced',
    });
    expect((await at.facts('n1')).state).toBe('draining');
  });
});

describe('set', () => {
  it('drains without cutting the running request, and sends no new one', async () => {
    const { n1 } = at.real.servers;
    const running = [1, 2, 3].map(() => at.real.request('/?ms=600'));
    await at.shows('n1', { sessions: 1 });
    await at.set('n1', { state: 'draining' });
    const before = n1!.requests;
    const answers = await Promise.all([...running, ...Array.from({ length: 20 }, () => at.real.request())]);
    expect(answers.filter((name) => name === 'n1')).toHaveLength(1);
    expect(n1!.requests).toBe(before);
    await at.shows('n1', { state: 'draining', sessions: 0 });
  });

  it('sends requests again after out and in', async () => {
    await at.set('n1', { state: 'out' });
    await at.set('n1', { state: 'in', weight: 100 });
    await at.shows('n1', { state: 'in' });
    const answers = await Promise.all(Array.from({ length: 12 }, () => at.real.request()));
    expect(answers.filter((name) => name === 'n1').length).toBeGreaterThan(0);
  });

  it.each<[WantedTraffic, WantedTraffic]>([
    [{ state: 'draining' }, { state: 'in', weight: 7 }],
    [{ state: 'draining' }, { state: 'out' }],
    [{ state: 'out' }, { state: 'draining' }],
    [{ state: 'out' }, { state: 'in', weight: 50 }],
    [
      { state: 'in', weight: 3 },
      { state: 'in', weight: 100 },
    ],
  ])('goes from %j to %j, and says the same when repeated', async (from, to) => {
    await at.set('n1', from);
    await at.shows('n1', from);
    for (const _ of ['once', 'again']) {
      await at.set('n1', to);
      await at.shows('n1', to);
    }
  });

  it('keeps the weight while a server is out', async () => {
    await at.set('n1', { state: 'in', weight: 30 });
    await at.set('n1', { state: 'out' });
    expect(await at.facts('n1')).toMatchObject({ state: 'out', weight: 30 });
  });

  it('leaves a health that somebody forced as it is', async () => {
    await at.real.ask(`disable health ${at.real.backend}/n1`);
    // the check that is under way still has its say
    await sleep(200);
    await at.real.ask(`set server ${at.real.backend}/n1 health down`);
    await at.set('n1', { state: 'draining' });
    await at.set('n1', { state: 'in', weight: 100 });
    await sleep(300);
    expect(await at.facts('n1')).toMatchObject({ state: 'down' });
    await at.real.ask(`set server ${at.real.backend}/n1 health up;enable health ${at.real.backend}/n1`);
  });

  it('does nothing when nothing is to be done', async () => {
    const lastChange = async () => {
      const rows = await at.real.ask(`show servers state ${at.real.backend}`);
      return rows
        .split('\n')
        .find((row) => row.split(' ')[3] === 'n1')!
        .split(' ')
        .slice(5, 9);
    };
    await at.set('n1', { state: 'draining' });
    const before = await lastChange();
    await at.set('n1', { state: 'draining' });
    expect(await lastChange()).toEqual(before);
  });
});

describe('the fence', () => {
  it('refuses a write of an older attempt or change', async () => {
    const set = (fence: Fence, wanted: WantedTraffic) =>
      at.balancer.set(at.real.backend, 'n2', wanted, fence, signal);
    const older = at.nextFence();
    const newest = at.nextFence();
    await set(newest, { state: 'draining' });
    for (const old of [older, { epoch: newest.epoch - 1, attempt: newest.attempt + 1 }]) {
      await expect(set(old, { state: 'in', weight: 100 })).rejects.toMatchObject({ type: 'Fenced' });
      expect(await at.facts('n2')).toMatchObject({ state: 'draining' });
    }
    await set(newest, { state: 'in', weight: 100 });
    await at.shows('n2', { state: 'in' });
  });
});

describe('what HAProxy refuses', () => {
  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      'an unknown backend',
      () => at.balancer.backend('nope', signal),
      'BalancerRefused',
      /"nope".*test\d+, test\d+-fixed/,
    ],
    [
      'a write to an unknown server',
      () => at.set('n9', { state: 'out' }),
      'BalancerRefused',
      /No such server/,
    ],
    [
      'a write to an unknown backend',
      () => at.balancer.set(`${at.real.backend}-none`, 'n1', { state: 'out' }, at.nextFence(), signal),
      'BalancerRefused',
      /Can't find backend/,
    ],
    ['weight 257', () => at.set('n1', { state: 'in', weight: 257 }), 'BalancerRefused', /between 0 and 256/],
    [
      'weight 1000',
      () => at.set('n1', { state: 'in', weight: 1000 }),
      'BalancerRefused',
      /between 0 and 256/,
    ],
    ['weight 1.5', () => at.set('n1', { state: 'in', weight: 1.5 }), 'BadInput', /whole number/],
    ['weight -1', () => at.set('n1', { state: 'in', weight: -1 }), 'BadInput', /whole number/],
    [
      'a weight where the algorithm has none',
      () =>
        at.balancer.set(
          `${at.real.backend}-fixed`,
          'n1',
          { state: 'in', weight: 50 },
          at.nextFence(),
          signal,
        ),
      'BalancerRefused',
      /static LB algorithm/,
    ],
    [
      'a name that is a command',
      () => at.balancer.backend('x;shutdown sessions', signal),
      'BadInput',
      /cannot be a name/,
    ],
    ['a server name that is a path', () => at.set('../n1', { state: 'out' }), 'BadInput', /cannot be a name/],
  ])('%s', async (_what, act, type, words) => {
    await expect(act()).rejects.toMatchObject({ type, message: expect.stringMatching(words) });
    expect(await at.facts('n1')).toMatchObject({ state: 'in', weight: 100 });
  });
});
