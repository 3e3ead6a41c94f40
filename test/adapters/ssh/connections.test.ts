import { setTimeout as sleep } from 'node:timers/promises';
import { openHosts } from '../../../src/adapters/ssh';
import type { RemoteHost, RemoteHosts, RunOptions } from '../../../src/contracts/world';
import { clusterOf, freePort, startSshd, type TestSshd } from './sshd';
import { longIt } from '../../long';

let sshd: TestSshd;
let hosts: RemoteHosts;
let host: RemoteHost;
let events: string[];
const { signal } = new AbortController();

async function start(config?: string, idleMs?: number): Promise<void> {
  sshd = await startSshd({ config });
  events = [];
  hosts = openHosts(clusterOf(sshd), { folder: '/', idleMs }, (event) => events.push(event));
  host = hosts.on('h1');
}
afterEach(async () => {
  await hosts.close();
  await sshd.stop();
});

const shell = (text: string, options: Partial<RunOptions> = {}) =>
  host.run('run-command', ['sh', '-c', text], { signal, ...options });
const many = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const opened = () => events.filter((event) => event === 'connected').length;

it('is one for commands in turn and for up to six at a time', async () => {
  await start();
  await many(6, () => shell('sleep 0.1'));
  await shell('true');
  expect(opened()).toBe(1);
});

it('is two at most for forty commands at a time, each with its own answer', async () => {
  await start();
  const answers = await many(40, (index) => shell(`sleep 0.05; echo ${index}`));
  expect(answers.map((ran) => ran.stdout)).toEqual(Array.from({ length: 40 }, (_, index) => `${index}\n`));
  expect(opened()).toBe(2);
  expect(sshd.sessions()).toHaveLength(2);
});

it('lets commands wait their turn, and go while they wait', async () => {
  await start();
  const long = many(12, () => shell('sleep 1.5'));
  await sleep(300);
  const aborted = shell('true', { signal: AbortSignal.timeout(100) });
  await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
  // nothing was sent, so it is safe to try again
  await expect(shell('true', { timeoutMs: 200 })).rejects.toMatchObject({ type: 'HostUnreachable' });
  expect((await shell('echo late')).stdout).toBe('late\n');
  await long;
});

it('is replaced when a host allows fewer sessions than we count on', async () => {
  await start('MaxSessions 3');
  const answers = await many(6, (index) => shell(`sleep 0.2; echo ${index}`));
  expect(answers.map((ran) => ran.code)).toEqual([0, 0, 0, 0, 0, 0]);
});

it('is opened again after a loss, and all that ran on it is unknown', async () => {
  await start();
  await shell('true');
  const running = many(4, () => shell('sleep 5').catch((error: { type: string }) => error.type));
  await sleep(200);
  sshd.killSessions();
  expect(await running).toEqual(Array(4).fill('OutcomeUnknown'));
  expect((await shell('echo again')).stdout).toBe('again\n');
});

it('that has died unseen costs the next command nothing', async () => {
  await start();
  await shell('true');
  sshd.killSessions();
  expect((await shell('echo again')).stdout).toBe('again\n');
});

it('to a stopped sshd is given up within 5 s', async () => {
  await start();
  const running = shell('sleep 30');
  running.catch(() => undefined);
  await sleep(300);
  process.kill(sshd.sessions()[0]!, 'SIGSTOP');
  const begun = Date.now();
  // one that could not be sent any more goes out on a new connection
  const next = shell('echo new');
  await expect(running).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  expect(Date.now() - begun).toBeLessThan(5_000);
  expect((await next).stdout).toBe('new\n');
});

longIt('to a host that does not answer at all is given up, too', async () => {
  await start();
  process.kill(sshd.pid, 'SIGSTOP');
  const begun = Date.now();
  await expect(shell('true')).rejects.toMatchObject({ type: 'HostUnreachable' });
  expect(Date.now() - begun).toBeLessThan(11_000);
});

it('that cannot be had is HostUnreachable, for all who wait', async () => {
  await start();
  const elsewhere = openHosts(clusterOf({ ...sshd, port: await freePort() }), { folder: '/' });
  const failed = await many(10, () =>
    elsewhere
      .on('h1')
      .run('run-command', ['true'], { signal })
      .catch((error: { type: string }) => error.type),
  );
  expect(failed).toEqual(Array(10).fill('HostUnreachable'));
  await elsewhere.close();
});

it('in the making is left by an aborted caller at once, and serves the others', async () => {
  await start();
  process.kill(sshd.pid, 'SIGSTOP');
  const leaving = shell('true', { signal: AbortSignal.timeout(200) });
  const staying = shell('echo there');
  await expect(leaving).rejects.toMatchObject({ name: 'TimeoutError' });
  process.kill(sshd.pid, 'SIGCONT');
  expect((await staying).stdout).toBe('there\n');
  expect(opened()).toBe(1);
});

it('is closed when nobody has used it for a while, and not while a command runs', async () => {
  await start(undefined, 400);
  await shell('sleep 1');
  expect(events).toEqual(['connected']);
  await sleep(800);
  expect(events).toEqual(['connected', 'lost']);
  expect(sshd.sessions()).toHaveLength(0);
  expect((await shell('echo anew')).stdout).toBe('anew\n');
});

it('to forty hosts at once does not overrun a server that takes few logins at a time', async () => {
  // refuses all beyond the twelfth that is not logged in yet
  await start('MaxStartups 12:100:12');
  const { h1 } = clusterOf(sshd).hosts;
  const names = Array.from({ length: 40 }, (_, index) => `m${index}`);
  const crowd = openHosts(clusterOf(sshd, { hosts: Object.fromEntries(names.map((name) => [name, h1])) }), {
    folder: '/',
  });
  const answers = await Promise.all(
    names.map((name) => crowd.on(name).run('run-command', ['echo', name], { signal })),
  );
  expect(answers.map((ran) => ran.stdout.trim())).toEqual(names);
  await crowd.close();
}, 60_000);

it('ends with close, and none is opened after it', async () => {
  await start();
  await shell('true');
  const running = shell('sleep 5').catch((error: { type: string }) => error.type);
  await sleep(100);
  await hosts.close();
  expect(await running).toBe('OutcomeUnknown');
  await expect(shell('true')).rejects.toMatchObject({ type: 'HostUnreachable' });
  await sleep(100);
  expect(sshd.sessions()).toHaveLength(0);
});

it('carries fifty aborted commands without losing its places', async () => {
  await start();
  await many(50, (index) =>
    shell('sleep 3', { signal: AbortSignal.timeout(50 + index * 10) }).catch(() => undefined),
  );
  expect((await shell('echo fine')).stdout).toBe('fine\n');
});
