import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { haproxy } from '../../../src/adapters/load-balancers/haproxy';
import { openHosts } from '../../../src/adapters/ssh';
import type { LoadBalancer, RemoteHosts } from '../../../src/contracts/world';
import { clusterOf, freePort, startSshd, type TestSshd } from '../ssh/sshd';
import { reachHaproxy, signal, type Reached } from './reached';

let at: Reached;
let sshd: TestSshd;
let nobody: RemoteHosts;
beforeAll(async () => {
  [at, sshd] = await Promise.all([reachHaproxy(), startSshd()]);
  await chmod(sshd.folder, 0o711);
  nobody = openHosts(clusterOf(sshd, { host: { user: 'nobody' } }), { folder: '/' });
});
afterAll(async () => {
  await nobody.close();
  await Promise.all([at.stop(), sshd.stop()]);
});

/** Milliseconds: the limit of an answer and some. */
const BOUND = 3_500;
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A socket where something else than HAProxy listens. */
async function impostor(serve: (socket: Socket) => void): Promise<string> {
  const path = join(at.real.folder, `impostor-${Date.now()}-${Math.random()}.sock`);
  const open = new Set<Socket>();
  const server: Server = createServer(
    (socket) => (open.add(socket), socket.on('error', () => {}), serve(socket)),
  );
  await once(server.listen(path), 'listening');
  closers.push(() => (open.forEach((socket) => socket.destroy()), server.close()));
  return path;
}

const reached = (socket: string): LoadBalancer => haproxy({ host: at.host, socket });
const answers = (text: string) => impostor((socket) => socket.once('data', () => socket.end(text)));

async function bounded(act: Promise<unknown>, type: string, words: RegExp): Promise<void> {
  const began = Date.now();
  await expect(act).rejects.toMatchObject({ type, message: expect.stringMatching(words) });
  expect(Date.now() - began).toBeLessThan(BOUND);
}

describe('a socket that is no use', () => {
  const drip = (socket: Socket) => {
    const timer = setInterval(() => socket.write('Name: HAProxy\n'), 200);
    socket.once('close', () => clearInterval(timer));
  };
  it.each<[string, () => Promise<string>, RegExp]>([
    ['is missing', async () => '/run/no-such.sock', /socket is not there, nobody listens/],
    ['is a plain file', async () => '/etc/hostname', /socket is not there, nobody listens/],
    ['never answers', () => impostor(() => {}), /no complete answer within 2 s/],
    ['answers word by word', () => impostor(drip), /no complete answer within 2 s/],
    ['closes at once', () => impostor((socket) => socket.end()), /gave no answer/],
    ['never stops', () => impostor((socket) => socket.write('x'.repeat(9 * 1024 * 1024))), /exceeds 8388608/],
  ])('%s', async (_what, open, words) => {
    await bounded(reached(await open()).backend(at.real.backend, signal), 'BalancerUnavailable', words);
  });

  it.each<[string, () => Promise<string>]>([
    ['is missing', async () => '/run/no-such.sock'],
    ['never answers', () => impostor(() => {})],
    ['closes at once', () => impostor((socket) => socket.end())],
  ])('%s, when writing', async (_what, open) => {
    const set = reached(await open()).set(at.real.backend, 'n1', { state: 'out' }, at.nextFence(), signal);
    await bounded(set, 'BalancerUnavailable', /no answer at|empty answer at/);
  });

  it('is not for this account', async () => {
    const balancer = haproxy({ host: nobody.on('h1'), socket: at.real.socket });
    await bounded(
      balancer.backend(at.real.backend, signal),
      'BalancerUnavailable',
      /SSH user may not use it/,
    );
  });

  it('is not for writing', async () => {
    const balancer = reached(at.real.readOnlySocket);
    expect(await balancer.backend(at.real.backend, signal)).toHaveProperty('n1');
    const set = balancer.set(at.real.backend, 'n1', { state: 'out' }, at.nextFence(), signal);
    await bounded(set, 'BalancerRefused', /Permission denied/);
    expect(await at.facts('n1')).toMatchObject({ state: 'in' });
  });
});

describe('an answer that is not whole', () => {
  it('is never read as facts, wherever it was cut', async () => {
    const whole = await at.real.ask(
      `show info;show stat ${at.real.backend} 4 -1;show servers state ${at.real.backend}`,
    );
    expect(await reached(await answers(whole)).backend(at.real.backend, signal)).toHaveProperty('n3');
    const lengths = Array.from({ length: 60 }, (_, step) => Math.floor((whole.length * step) / 60));
    for (const length of [...lengths, whole.length - 2, whole.length - 1]) {
      const cut = reached(await answers(whole.slice(0, length))).backend(at.real.backend, signal);
      await expect(cut).rejects.toMatchObject({ type: 'BalancerUnavailable' });
    }
  });

  it.each([
    ['HTML', '<html>\n\n<body>\n\n</body>\n\n', /shows no "Pid"/],
    ['nothing but empty lines', '\n\n\n\n\n\n', /shows no "Pid"/],
  ])('is %s', async (_what, text, words) => {
    const backend = reached(await answers(text)).backend(at.real.backend, signal);
    await expect(backend).rejects.toMatchObject({ message: expect.stringMatching(words) });
  });
});

describe('HAProxy itself', () => {
  it('is frozen, and comes back', async () => {
    const pid = Number((await at.facts('n1')).generation.split('@')[0]);
    process.kill(pid, 'SIGSTOP');
    try {
      await bounded(at.facts('n1'), 'BalancerUnavailable', /no complete answer within 2 s/);
      await bounded(at.set('n1', { state: 'out' }), 'BalancerUnavailable', /no answer at/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    // commands that nobody waits for any more may still arrive: what is wanted is said again
    await at.set('n1', { state: 'in', weight: 100 });
    await at.shows('n1', { state: 'in' });
  });

  it('is not waited for by those who have left', async () => {
    const leave = new AbortController();
    const facts = reached(await impostor(() => {})).backend(at.real.backend, leave.signal);
    setTimeout(() => leave.abort(new Error('shutting down')), 100);
    const began = Date.now();
    await expect(facts).rejects.toThrow('shutting down');
    expect(Date.now() - began).toBeLessThan(1_000);
  });
});

it('says that the host is unreachable when it is the host', async () => {
  const closed = await freePort();
  const hosts = openHosts(clusterOf(sshd, { host: { port: closed } }), { folder: '/' });
  const balancer = haproxy({ host: hosts.on('h1'), socket: at.real.socket });
  await bounded(balancer.backend(at.real.backend, signal), 'HostUnreachable', /ECONNREFUSED/);
  await hosts.close();
});
