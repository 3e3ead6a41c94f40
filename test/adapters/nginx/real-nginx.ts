/** A real nginx on loopback, with small HTTP servers behind it. Needs root. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, request, startServer, until, type TestServer } from '../haproxy/real-haproxy';

export interface TestNginx {
  config: string;
  folder: string;
  port: number;
  /** where clients come in, on 127.0.0.1 */
  front: number;
  upstream: string;
  servers: Record<string, TestServer & { port: number }>;
  /** the body of an answer; `path` may be `/?ms=2000` */
  request(path?: string): Promise<string>;
  /** one connection that it keeps */
  client(): { request(path?: string): Promise<string>; close(): void };
  /** connected, and silent until told */
  silent(): Promise<Socket>;
  /** the file with the servers */
  read(): Promise<string>;
  write(text: string): Promise<void>;
  /** as a person would */
  reload(): Promise<void>;
  restart(): Promise<void>;
  /** ends it at once. @returns starts it again */
  kill(): Promise<() => Promise<void>>;
  /** takes the port that its configuration is made to listen on, so that no reload succeeds */
  takePort(): Promise<{ free(): Promise<void> }>;
  /** pids of workers, by what they are doing */
  workers(): Promise<{ now: number[]; old: number[] }>;
  stop(): Promise<void>;
}

export async function startNginx(): Promise<TestNginx> {
  const root = await mkdtemp(join(tmpdir(), 'pawl-nginx-'));
  // its workers are not root
  await chmod(root, 0o755);
  const folder = join(root, 'pawl');
  await mkdir(folder);
  // a name that a variable cannot have
  const upstream = `test-${process.pid}`;
  const names = ['n1', 'n2', 'n3'];
  const servers = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await startServer(name)] as const)),
  );
  const [front, port] = [await freePort(), await freePort()];
  const config = join(root, 'nginx.conf');
  const file = join(folder, `${upstream}.servers`);
  const write = (text: string) => writeFile(file, text);
  await writeFile(config, configText(root, upstream, front));
  await write(
    names.map((name) => `server 127.0.0.1:${servers[name]!.port} weight=100; # ${name}\n`).join(''),
  );
  for (const name of ['served.conf', `${upstream}.maps`, `${upstream}.door`])
    await writeFile(join(folder, name), '');
  let master = await startMaster(config, front);
  const workers = async () => {
    const children = (await readFile(`/proc/${master.pid}/task/${master.pid}/children`, 'utf8')).trim();
    const titles = await Promise.all(
      children.split(' ').map(async (pid) => {
        const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        return { pid: Number(pid), title };
      }),
    );
    const of = (words: RegExp) => titles.filter(({ title }) => words.test(title)).map(({ pid }) => pid);
    return { now: of(/worker process\0/), old: of(/shutting down/) };
  };
  return {
    config,
    folder,
    port,
    front,
    upstream,
    servers,
    request: (path = '/') => request(front, path),
    client: () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      return { request: (path = '/') => request(front, path, agent), close: () => agent.destroy() };
    },
    async silent() {
      const socket = connect(front, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    read: () => readFile(file, 'utf8'),
    write,
    async reload() {
      const before = (await workers()).now;
      master.kill('SIGHUP');
      await until(async () => (await workers()).now.every((pid) => !before.includes(pid)));
    },
    async restart() {
      await end(master);
      master = await startMaster(config, front);
    },
    async kill() {
      await end(master);
      return async () => {
        master = await startMaster(config, front);
      };
    },
    async takePort() {
      const taken = await freePort();
      const before = await readFile(config, 'utf8');
      const other = createServer().listen(taken, '127.0.0.1');
      await once(other, 'listening');
      await writeFile(config, before.replace(/}\n$/, `server { listen 127.0.0.1:${taken}; }\n}\n`));
      return {
        async free() {
          await writeFile(config, before);
          other.close();
        },
      };
    },
    workers,
    async stop() {
      await end(master);
      for (const server of Object.values(servers)) server.close();
      await rm(root, { recursive: true });
    },
  };
}

/** Without tries at another server, so that every failed request is seen; with a page of its own, as people have. */
function configText(root: string, upstream: string, front: number): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${root}/${what};`)
    .join(' ');
  return `daemon off;
worker_processes 2;
pid ${root}/nginx.pid;
error_log ${root}/error.log notice;
events { worker_connections 256; }
http {
  access_log off;
  default_type application/octet-stream;
  error_page 503 /own.html;
  ${folders}
  include ${root}/pawl/served.conf;
  upstream ${upstream} {
    keepalive 8;
    include ${root}/pawl/${upstream}.servers;
  }
  server {
    listen 127.0.0.1:${front};
    location / {
      include ${root}/pawl/${upstream}.door;
      proxy_pass http://${upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream off;
    }
  }
}
`;
}

async function startMaster(config: string, front: number): Promise<ChildProcess> {
  const master = spawn('/usr/sbin/nginx', ['-c', config], { stdio: 'ignore' });
  await until(async () => {
    if (master.exitCode !== null) throw new Error(`nginx ended with ${master.exitCode}`);
    const socket = connect(front, '127.0.0.1');
    return once(socket, 'connect').then(
      () => !!socket.destroy(),
      () => false,
    );
  });
  return master;
}

/** At once, whatever it still has to do. */
async function end(master: ChildProcess): Promise<void> {
  if (master.exitCode !== null || master.signalCode !== null) return;
  master.kill('SIGTERM');
  await once(master, 'exit');
}
