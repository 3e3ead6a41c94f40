import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteHost } from '../../../src/contracts/world';
import { reachHost, type ReachedHost } from './reached';
import { freePort, type TestSshd } from './sshd';

let at: ReachedHost;
let sshd: TestSshd;
let host: RemoteHost;
let socket: string;
let port: number;
const servers: Server[] = [];
const { signal } = new AbortController();

/** Answers each line with the same line in capitals. */
const shout = () =>
  createServer((client) => {
    client.on('data', (data) => client.write(data.toString().toUpperCase()));
    client.on('error', () => client.destroy());
  });

beforeAll(async () => {
  at = await reachHost();
  ({ sshd, host } = at);
  socket = join(sshd.folder, 'admin.sock');
  port = await freePort();
  servers.push(shout().listen(socket), shout().listen(port, '127.0.0.1'));
});
afterAll(async () => {
  for (const server of servers) server.close();
  await at?.stop();
});

async function ask(stream: Duplex, question: string): Promise<string> {
  const answer = once(stream, 'data');
  stream.write(question);
  return String((await answer)[0]);
}

it.each([
  ['a UNIX socket', () => host.openSocket(socket, signal)],
  ['a TCP port', () => host.openTcp('127.0.0.1', port, signal)],
])('reaches %s on the host, without delay', async (_, open) => {
  const stream = await open();
  await ask(stream, 'warm up');
  const begun = performance.now();
  for (let times = 0; times < 20; times += 1)
    expect(await ask(stream, `line ${times}`)).toBe(`LINE ${times}`);
  // 40 ms each with Nagle's delay
  expect((performance.now() - begun) / 20).toBeLessThan(20);
  stream.destroy();
});

it.each([
  ['a socket', () => host.openSocket('/nowhere.sock', signal)],
  ['a port', () => host.openTcp('127.0.0.1', 1, signal)],
])('says that %s is not there', async (_, open) => {
  await expect(open()).rejects.toMatchObject({ type: 'StreamRefused' });
});

it('counts as a channel until it is closed', async () => {
  const streams = await Promise.all(Array.from({ length: 12 }, () => host.openSocket(socket, signal)));
  const waiting = host.run('run-command', ['echo', 'now'], { signal });
  expect(await Promise.race([waiting, sleep(300, 'waits')])).toBe('waits');
  streams[0]!.destroy();
  expect((await waiting).stdout).toBe('now\n');
  for (const stream of streams) stream.destroy();
});

it('ends with an error when the caller aborts', async () => {
  const controller = new AbortController();
  const stream = await host.openSocket(socket, controller.signal);
  const failed = once(stream, 'error');
  controller.abort(new Error('enough'));
  expect((await failed)[0]).toMatchObject({ message: 'enough' });
  await expect(host.openSocket(socket, controller.signal)).rejects.toThrow('enough');
});

it('ends with an error, not with a quiet end, when the connection is lost', async () => {
  const stream = await host.openSocket(socket, signal);
  const events: string[] = [];
  for (const event of ['error', 'end', 'close']) stream.on(event, () => events.push(event));
  stream.resume();
  sshd.killSessions();
  await new Promise((resolve) => stream.once('close', resolve));
  expect(events[0]).toBe('error');
  const again = await host.openSocket(socket, signal);
  expect(await ask(again, 'again')).toBe('AGAIN');
  again.destroy();
});
