/** A real HAProxy in master-worker mode on loopback, with small HTTP servers behind it. Needs root. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, get, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface TestServer {
  name: string;
  /** answers 200 at /health */
  healthy: boolean;
  /** drops connections without an answer, except for /health */
  refuse: boolean;
  /** requests other than /health that began here */
  requests: number;
  /** open connections from the balancer, idle ones included */
  connections(): Promise<number>;
  close(): void;
}

export interface TestHaproxy {
  folder: string;
  socket: string;
  /** of its frontend, on 127.0.0.1 */
  port: number;
  /** of level `operator` */
  readOnlySocket: string;
  /** what it reads at its start, where it was told to */
  stateFile: string;
  backend: string;
  servers: Record<string, TestServer>;
  /** asks the runtime socket by itself, not through the code under test */
  ask(command: string): Promise<string>;
  /** the body of an answer; `path` may be `/?ms=2000`, `/?status=500`, `/?cut` */
  request(path?: string): Promise<string>;
  /** one connection that it keeps */
  client(): { request(): Promise<string>; close(): void };
  /** SIGUSR2 to the master; returns when a new process answers */
  reload(): Promise<void>;
  /** stops all and starts again; returns when the new process answers */
  restart(): Promise<void>;
  /** SIGKILL to all of it, then as `restart` */
  kill(): Promise<void>;
  /** changes its configuration; a reload makes it so */
  configure(change: (text: string) => string): Promise<void>;
  stop(): Promise<void>;
}

export interface HaproxyOptions {
  /** default true, as in Debian's unit */
  masterSocket?: boolean;
  /** default false: what it was told is lost with its process */
  readsState?: boolean;
  /** at the beginning of the backend */
  backendLines?: (backend: string) => string[];
}

export async function startHaproxy(options: HaproxyOptions = {}): Promise<TestHaproxy> {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-haproxy-'));
  const backend = `test${process.pid}`;
  const servers = Object.fromEntries(
    await Promise.all(['n1', 'n2', 'n3'].map(async (name) => [name, await startServer(name)] as const)),
  );
  const socket = join(folder, 'admin.sock');
  const readOnlySocket = join(folder, 'operator.sock');
  const port = await freePort();
  const config = join(folder, 'haproxy.cfg');
  const stateFile = join(folder, 'server-state');
  let text = configText([socket, readOnlySocket], port, backend, servers, options.backendLines?.(backend));
  if (options.readsState)
    text = text
      .replace('global\n', `global\n  server-state-file ${stateFile}\n`)
      .replace('defaults\n', 'defaults\n  load-server-state-from-file global\n');
  await writeFile(config, text);
  const ask = (command: string) => askSocket(socket, command);
  let master = await startMaster(folder, config, options.masterSocket ?? true, ask);
  const endMaster = async () => {
    if (master.exitCode !== null || master.signalCode !== null) return;
    master.kill('SIGTERM');
    await once(master, 'exit');
  };
  return {
    folder,
    socket,
    port,
    readOnlySocket,
    stateFile,
    backend,
    servers,
    ask,
    request: (path = '/') => request(port, path),
    client: () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      return { request: () => request(port, '/', agent), close: () => agent.destroy() };
    },
    async reload() {
      // a master still busy with the reload before loses the signal (HAProxy 2.6): told again each second
      const before = await pidOf(ask);
      let told = 0;
      await until(async () => {
        if (Date.now() - told > 1000) {
          told = Date.now();
          master.kill('SIGUSR2');
        }
        const now = await pidOf(ask);
        return now !== undefined && now !== before;
      });
    },
    async restart() {
      await endMaster();
      master = await startMaster(folder, config, options.masterSocket ?? true, ask);
    },
    async kill() {
      // its worker ends with it, but not at once
      const worker = Number(await pidOf(ask));
      master.kill('SIGKILL');
      process.kill(worker, 'SIGKILL');
      await once(master, 'exit');
      master = await startMaster(folder, config, options.masterSocket ?? true, ask);
    },
    async configure(change) {
      await writeFile(config, (text = change(text)));
    },
    async stop() {
      await endMaster();
      for (const server of Object.values(servers)) server.close();
      await rm(folder, { recursive: true });
    },
  };
}

// without a timeout of its own a check has its interval, and a test's servers stand still longer than that
function configText(
  sockets: [string, string],
  port: number,
  backend: string,
  servers: Record<string, { port: number }>,
  backendLines: string[] = [],
): string {
  const { n1, n2, n3 } = servers;
  return `
global
  stats socket ${sockets[0]} mode 600 level admin
  stats socket ${sockets[1]} mode 600 level operator
defaults
  mode http
  retries 0
  option idle-close-on-response
  timeout connect 2s
  timeout check 2s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:${port}
  default_backend ${backend}
backend ${backend}
${backendLines.map((line) => `  ${line}\n`).join('')}  option httpchk GET /health
  default-server check inter 100ms fall 2 rise 2 weight 100 pool-purge-delay 60s
  server n1 127.0.0.1:${n1!.port}
  server n2 127.0.0.1:${n2!.port}
  server n3 127.0.0.1:${n3!.port} no-check
backend ${backend}-fixed
  balance static-rr
  server n1 127.0.0.1:${n1!.port} weight 100
`;
}

export async function startServer(name: string): Promise<TestServer & { port: number }> {
  const server: Server = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? '/', 'http://test');
    if (url.pathname === '/health') return void answer.writeHead(state.healthy ? 200 : 503).end();
    state.requests += 1;
    if (state.refuse) return void incoming.destroy();
    if (url.searchParams.has('status'))
      return void answer.writeHead(Number(url.searchParams.get('status'))).end(name);
    // as servers do that know themselves by the name that they are asked by
    if (url.searchParams.has('redirect'))
      return void answer.writeHead(302, { location: `http://${incoming.headers.host}/elsewhere` }).end();
    if (url.searchParams.has('cut')) {
      answer.writeHead(200, { 'content-length': 100 }).write(name);
      return void setTimeout(() => incoming.destroy(), 50);
    }
    setTimeout(() => answer.end(name), Number(url.searchParams.get('ms') ?? 0));
  });
  // idle connections are the balancer's to close
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const state = {
    name,
    healthy: true,
    refuse: false,
    requests: 0,
    port: (server.address() as AddressInfo).port,
    connections: () => promisify(server.getConnections.bind(server))(),
    close: () => (server.close(), server.closeAllConnections()),
  };
  return state;
}

async function startMaster(
  folder: string,
  config: string,
  masterSocket: boolean,
  ask: (command: string) => Promise<string>,
): Promise<ChildProcess> {
  if (!existsSync('/usr/sbin/haproxy')) throw new Error('install haproxy: apt-get install haproxy');
  const more = masterSocket ? ['-S', join(folder, 'master.sock')] : [];
  const master = spawn('/usr/sbin/haproxy', ['-W', ...more, '-f', config], { stdio: 'ignore' });
  await until(async () => {
    if (master.exitCode !== null) throw new Error(`haproxy ended with ${master.exitCode}`);
    return (await pidOf(ask)) !== undefined;
  });
  return master;
}

async function pidOf(ask: (command: string) => Promise<string>): Promise<string | undefined> {
  const info = await ask('show info').catch(() => '');
  return /^Pid: (\d+)$/m.exec(info)?.[1];
}

/** Tries for 10 s. */
export async function until(test: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20)) if (await test()) return;
  throw new Error('it did not happen within 10 s');
}

async function askSocket(path: string, command: string): Promise<string> {
  const stream = connect(path);
  stream.end(`${command}\n`);
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

export function request(port: number, path: string, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = get({ host: '127.0.0.1', port, path, agent }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => (body += String(chunk)));
      answer.on('error', reject);
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(body) : reject(new Error(`status ${answer.statusCode}`)),
      );
    });
    outgoing.on('error', reject);
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
