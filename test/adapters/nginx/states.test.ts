import { readdir, readFile } from 'node:fs/promises';
import type { Fence, WantedTraffic } from '../../../src/contracts/world';
import { reachNginx, signal, type Reached } from './reached';

let at: Reached;
beforeAll(async () => (at = await reachNginx()));
afterAll(() => at?.stop());
beforeEach(() => at.reset());

const ask = (times: number) => Promise.all(Array.from({ length: times }, () => at.real.request()));

describe('facts', () => {
  it.each<{ when: string; wanted?: WantedTraffic; healthy?: boolean; shown: object }>([
    { when: 'serving', shown: { state: 'in', says: 'weight=100', weight: 100, healthy: true } },
    { when: 'draining', wanted: { state: 'draining' }, shown: { state: 'draining', healthy: true } },
    { when: 'out', wanted: { state: 'out' }, shown: { state: 'out', says: 'down', weight: 100 } },
    {
      when: 'sick',
      healthy: false,
      shown: { state: 'down', says: 'weight=100, /health answers 503', healthy: false },
    },
    {
      when: 'draining and sick',
      wanted: { state: 'draining' },
      healthy: false,
      shown: { state: 'draining', healthy: false },
    },
    { when: 'at weight 3', wanted: { state: 'in', weight: 3 }, shown: { state: 'in', weight: 3 } },
  ])('n1 $when', async ({ wanted, healthy = true, shown }) => {
    at.real.servers['n1']!.healthy = healthy;
    if (wanted) await at.set('n1', wanted);
    expect(await at.facts('n1')).toMatchObject(shown);
    const all = await at.balancer.backend(at.real.upstream, signal);
    expect(all['n1']).toMatchObject(shown);
    expect(all['n2']).toMatchObject({ state: 'in' });
  });

  it('counts no requests, and says so', async () => {
    expect(at.balancer.countsRequests).toBe(false);
    await expect(at.balancer.requests(at.real.upstream, signal)).rejects.toThrow('counts no requests');
  });
});

describe('set', () => {
  it('sends a server that drains no new request, whoever asks and however', async () => {
    const kept = Array.from({ length: 4 }, () => at.real.client());
    for (const client of kept) await client.request();
    await at.set('n1', { state: 'draining' });
    const before = at.real.servers['n1']!.requests;
    // its old workers have closed what was idle
    const old = await Promise.all(kept.map((client) => client.request()));
    expect([...old, ...(await ask(20))]).not.toContain('n1');
    expect(at.real.servers['n1']!.requests).toBe(before);
    for (const client of kept) client.close();
  });

  it('sends requests by weight', async () => {
    await at.set('n2', { state: 'out' });
    await at.set('n3', { state: 'in', weight: 300 });
    const answers = await ask(40);
    expect(answers.filter((name) => name === 'n3').length).toBeGreaterThan(20);
    expect(answers.filter((name) => name === 'n1').length).toBeGreaterThan(3);
    expect(answers).not.toContain('n2');
  });

  it('keeps what else stands in the file, and gives it back as it was', async () => {
    const { servers } = at.real;
    const text = `# of the shop
  server 127.0.0.1:${servers['n1']!.port} max_fails=0; # n1 rack 7
server localhost:${servers['n2']!.port} weight=100 fail_timeout=5s; # n2

server 127.0.0.1:${servers['n3']!.port} weight=100; # n3
`;
    await at.real.write(text);
    await at.tell();
    await at.set('n1', { state: 'draining' });
    expect(await at.real.read()).toBe(
      text.replace('max_fails=0; # n1 rack 7', 'max_fails=0 down; # n1 draining rack 7'),
    );
    await at.set('n1', { state: 'out' });
    expect(await at.real.read()).toBe(text.replace('max_fails=0; # n1', 'max_fails=0 down; # n1'));
    await at.set('n1', { state: 'in', weight: 1 });
    expect(await at.real.read()).toBe(text);
    // by name, too
    expect(await at.facts('n2')).toMatchObject({ state: 'in', weight: 100 });
  });

  it('reloads for what nginx reads, and for nothing else', async () => {
    const stamps = async () => (await at.facts('n1')).generation;
    const first = await stamps();
    await at.set('n1', { state: 'in', weight: 100 });
    expect(await stamps()).toBe(first);
    await at.set('n1', { state: 'draining' });
    const second = await stamps();
    expect(second).not.toBe(first);
    await at.set('n1', { state: 'out' });
    await at.set('n1', { state: 'draining' });
    expect(await stamps()).toBe(second);
  });

  it('takes several writes at once, one after the other', async () => {
    await Promise.all(['n1', 'n2'].map((name) => at.set(name, { state: 'out' })));
    const states = await at.balancer.backend(at.real.upstream, signal);
    expect(Object.values(states).map(({ state }) => state)).toEqual(['out', 'out', 'in']);
  });

  it('keeps the file as it was before the change', async () => {
    const folder = '/var/lib/pawl/nginx';
    await at.set('n1', { state: 'out' });
    const kept = (await readdir(folder)).filter((name) => name.startsWith(`${at.real.upstream}.servers.`));
    expect(kept).toHaveLength(1);
    expect(await readFile(`${folder}/${kept[0]}`, 'utf8')).not.toContain('down');
  });
});

describe('the fence', () => {
  it('refuses a write of an older attempt or change, and leaves no half of it', async () => {
    const set = (fence: Fence, wanted: WantedTraffic) =>
      at.balancer.set(at.real.upstream, 'n2', wanted, fence, signal);
    const [older, newest] = [at.nextFence(), at.nextFence()];
    await set(newest, { state: 'draining' });
    const before = await at.real.read();
    for (const old of [older, { epoch: newest.epoch - 1, attempt: newest.attempt + 1 }])
      await expect(set(old, { state: 'in', weight: 100 })).rejects.toMatchObject({ type: 'Fenced' });
    expect(await at.real.read()).toBe(before);
    const places = [{ backend: at.real.upstream, server: 'n2' }];
    await at.balancer.raise(places, { ...newest, attempt: newest.attempt + 10 }, 'other', signal);
    await expect(set(newest, { state: 'in', weight: 100 })).rejects.toMatchObject({ type: 'Fenced' });
    for (let n = 0; n < 10; n += 1) at.nextFence();
  });
});

describe('what is refused', () => {
  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    ['an unknown upstream', () => at.balancer.backend('nope', signal), 'BalancerRefused', /nope\.servers/],
    ['an unknown server', () => at.facts('n9'), 'BalancerRefused', /it has n1, n2, n3/],
    ['a write to it', () => at.set('n9', { state: 'out' }), 'BalancerRefused', /No such server n9/],
    ['weight 0', () => at.set('n1', { state: 'in', weight: 0 }), 'BadInput', /from 1 to 65535/],
    ['a path', () => at.set('../n1', { state: 'out' }), 'BadInput', /cannot be the name/],
  ])('%s', async (_what, act, type, words) => {
    await expect(act()).rejects.toMatchObject({ type, message: expect.stringMatching(words) });
    expect(await at.facts('n1')).toMatchObject({ state: 'in', weight: 100 });
  });
});
