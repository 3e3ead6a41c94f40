import { readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { until } from '../haproxy/real-haproxy';
import { reachNginx, signal, type Reached } from './reached';

let at: Reached;
beforeAll(async () => (at = await reachNginx()));
afterAll(() => at?.stop());
beforeEach(() => at.reset());

const withoutOld = () => until(async () => (await at.real.workers()).old.length === 0);

describe('what is left at a server that drains', () => {
  it('are its requests in old workers, however many reloads ago; then it is out', async () => {
    const counts = () => Object.values(at.real.servers).map(({ requests }) => requests);
    const before = counts();
    const long = [1, 2, 3, 4, 5, 6].map(() => at.real.request('/?ms=8000'));
    const begun = () => counts().map((count, index) => count - before[index]!);
    await until(async () => begun().reduce((sum, count) => sum + count, 0) === 6);
    const sessions = begun()[0]!;
    expect(await at.drain('n1', true)).toBe(sessions);
    expect(await at.facts('n1')).toMatchObject({ state: 'draining', sessions });
    await at.real.reload();
    await at.set('n3', { state: 'in', weight: 50 });
    expect((await at.real.workers()).old.length).toBeGreaterThan(0);
    expect(await at.drain('n1', true)).toBe(sessions);
    expect((await Promise.all(long)).filter((name) => name === 'n1')).toHaveLength(sessions);
    await until(async () => (await at.drain('n1', true)) === 0);
    expect(await at.facts('n1')).toMatchObject({ state: 'out', sessions: 0 });
    expect(await at.drain('n1', true)).toBe(0);
  });

  it('are not the idle connections that nginx keeps to it, nor what others have to do', async () => {
    await Promise.all(Array.from({ length: 12 }, () => at.real.request('/?ms=50')));
    expect(await at.real.servers['n1']!.connections()).toBeGreaterThan(0);
    await at.set('n1', { state: 'draining' });
    await at.set('n3', { state: 'draining' });
    const long = at.real.request('/?ms=1500');
    await at.set('n3', { state: 'in', weight: 100 });
    expect((await at.real.workers()).old.length).toBeGreaterThan(0);
    expect(await at.drain('n1', true)).toBe(0);
    expect(await long).toBe('n2');
  });

  it('are clients that have connected and said nothing yet: an old worker would ask the servers that it knew', async () => {
    const [first, second] = [await at.real.silent(), await at.real.silent()];
    expect(await at.drain('n1', true)).toBe(2);
    first.destroy();
    await until(async () => (await at.facts('n1')).sessions === 1);
    second.write('GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
    second.resume();
    await once(second, 'close');
    await until(async () => (await at.drain('n1', true)) === 0);
    expect((await at.facts('n1')).state).toBe('out');
  });
});

describe('what happens to nginx', () => {
  it('a reload and a restart by hand change nothing of what was set', async () => {
    await at.set('n1', { state: 'out' });
    await at.set('n2', { state: 'in', weight: 7 });
    for (const befall of [at.real.reload, at.real.restart]) {
      await befall();
      expect(await at.facts('n1')).toMatchObject({ state: 'out', sessions: 0 });
      expect(await at.facts('n2')).toMatchObject({ state: 'in', weight: 7 });
      const answers = await Promise.all(Array.from({ length: 10 }, () => at.real.request()));
      expect(answers).not.toContain('n1');
    }
  });

  it('a hand that puts a server back in shows, and the next write makes the file true again', async () => {
    await at.set('n1', { state: 'out' });
    const edited = (await at.real.read()).replace(' down;', ';') + '# kept\n';
    await at.real.write(edited);
    for (const befall of [() => Promise.resolve(), at.real.reload]) {
      await befall();
      expect(await at.facts('n1')).toMatchObject({ state: 'unknown', healthy: false });
      expect((await at.facts('n2')).says).toContain('changed by another hand');
    }
    await at.set('n1', { state: 'out' });
    expect(await at.facts('n1')).toMatchObject({ state: 'out' });
    expect(await at.facts('n2')).toMatchObject({ state: 'in' });
    expect(await at.real.read()).toContain('# kept');
    await withoutOld();
    const answers = await Promise.all(Array.from({ length: 10 }, () => at.real.request()));
    expect(answers).not.toContain('n1');
  });

  it('a file that cannot be understood is told by its lines, and nothing is written', async () => {
    const good = await at.real.read();
    const bad = `${good}server 127.0.0.1:1;\nkeepalive 5; # n1\n`;
    await at.real.write(bad);
    await expect(at.facts('n1')).rejects.toMatchObject({
      type: 'BalancerRefused',
      message: expect.stringMatching(/line 4 is not .*; line 5 is not/s) as string,
    });
    await at.real.write(`${good}nonsense;\n`);
    await expect(at.set('n1', { state: 'out' })).rejects.toMatchObject({
      type: 'BalancerRefused',
      message: expect.stringMatching(/nginx -t refuses .*put back as it was: .*nonsense/s) as string,
    });
    expect(await at.real.read()).toBe(`${good}nonsense;\n`);
  });

  it('a reload that nginx takes and does not make is told with its reason, and the file is put back', async () => {
    const before = await at.real.read();
    // another upstream, which has nothing to do with it
    const other = `${at.real.folder}/z.servers`;
    await writeFile(other, 'server 127.0.0.1:1; # z\n');
    const taken = await at.real.takePort();
    await expect(at.set('n1', { state: 'draining' })).rejects.toMatchObject({
      type: 'BalancerNotAsWanted',
      message: expect.stringMatching(/put back as it was\..*Address already in use/s) as string,
    });
    expect(await at.real.read()).toBe(before);
    expect(await readFile(other, 'utf8')).toBe('server 127.0.0.1:1; # z\n');
    await rm(other);
    expect(await at.facts('n1')).toMatchObject({ state: 'in' });
    await taken.free();
    await at.set('n1', { state: 'draining' });
    expect(await at.facts('n1')).toMatchObject({ state: 'draining' });
  });

  it('nobody is there: that is told, nothing is written, and what was set is there when it comes back', async () => {
    await at.set('n1', { state: 'out' });
    const before = await at.real.read();
    const start = await at.real.kill();
    await expect(at.facts('n1')).rejects.toMatchObject({ type: 'BalancerUnavailable' });
    await expect(at.set('n1', { state: 'in', weight: 100 })).rejects.toMatchObject({
      type: 'BalancerUnavailable',
      message: expect.stringContaining('no answer') as string,
    });
    expect(await at.real.read()).toBe(before);
    await start();
    expect(await at.facts('n1')).toMatchObject({ state: 'out', weight: 100 });
  });
});

it('a server that cannot be reached from nginx is down, whatever it says of itself', async () => {
  const file = await at.real.read();
  await at.real.write(file.replace(/127\.0\.0\.1:\d+( weight=100; # n2)/, '127.0.0.1:1$1'));
  await at.tell();
  expect(await at.facts('n2')).toMatchObject({
    state: 'down',
    says: expect.stringContaining('cannot be reached') as string,
  });
});

it('loses no request while servers leave and come back, one at a time', async () => {
  let running = true;
  let sent = 0;
  const failed: string[] = [];
  const clients = Array.from({ length: 6 }, async (_, client) => {
    for (let turn = 0; running; turn += 1) {
      sent += 1;
      const path = (turn + client) % 10 ? '/?ms=5' : '/?ms=300';
      await at.real.request(path).catch((error: Error) => failed.push(error.message));
    }
  });
  for (let cycle = 0; cycle < 4; cycle += 1) {
    const server = cycle % 2 ? 'n1' : 'n2';
    await until(async () => (await at.drain(server, true)) === 0);
    // nobody is there while it is out: a request that comes now fails
    at.real.servers[server]!.refuse = true;
    const before = at.real.servers[server]!.requests;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(at.real.servers[server]!.requests).toBe(before);
    at.real.servers[server]!.refuse = false;
    await at.set(server, { state: 'in', weight: 100 });
    await until(async () => at.real.servers[server]!.requests > before);
  }
  running = false;
  await Promise.all(clients);
  expect(failed).toEqual([]);
  expect(sent).toBeGreaterThan(100);
});

it('asks one file for all its servers, and each for its health', async () => {
  const all = await at.balancer.backend(at.real.upstream, signal);
  expect(Object.keys(all)).toEqual(['n1', 'n2', 'n3']);
  expect(new Set(Object.values(all).map(({ generation }) => generation)).size).toBe(1);
});
