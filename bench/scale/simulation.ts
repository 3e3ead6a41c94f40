/** N hosts that are played by one process, behind a real HAProxy with N servers. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../lab/hosts/command';
import { askHaproxy } from '../../lab/hosts/haproxy';
import { until } from '../../lab/hosts/wait';
import { root, stateDir } from '../../lab/paths';
import { clusterFile } from '../cluster';
import { addressOf, BALANCER_ADDRESS, hostName } from './cluster';

const FOLDER = join(stateDir, 'bench', 'scale');
/** No lab has it, for its fences lie on this machine. */
const BACKEND = 'pawl-bench-scale';

export interface Simulation {
  /** path of the cluster file */
  cluster: string;
  /** what the hosts say themselves */
  hosts(): Promise<{ version: string; starts: string[] }[]>;
  /** how many servers HAProxy calls exactly up */
  up(): Promise<number>;
  stop(): Promise<void>;
}

export async function simulate(count: number): Promise<Simulation> {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true, mode: 0o700 });
  const [hostKey, identity] = await Promise.all(['host', 'login'].map((name) => newKey(join(FOLDER, name))));
  const { child, ports } = await startHosts(count, await readFile(hostKey!, 'utf8'));
  const socket = join(FOLDER, 'admin.sock');
  const haproxy = await startHaproxy(count, ports.web, socket);
  const publicKey = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  const at = (address: string) => ({ address, port: ports.ssh, hostKey: publicKey });
  const cluster = join(FOLDER, 'cluster.yaml');
  const app = Array.from({ length: count }, (_, index) => [hostName(index), at(addressOf(index))] as const);
  const file = clusterFile({
    name: 'simulated',
    ssh: { identityFile: identity, user: 'root' },
    app: Object.fromEntries(app),
    balancer: { host: 'lb1', at: at(BALANCER_ADDRESS), socket, backend: BACKEND },
  });
  await writeFile(cluster, file);
  return {
    cluster,
    async hosts() {
      child.send('tell');
      const [told] = (await once(child, 'message')) as [{ version: string; starts: string[] }[]];
      return told;
    },
    async up() {
      const rows = (await askHaproxy(socket, 'show stat -1 4 -1')).split('\n');
      return rows.filter((row) => row.startsWith(`${BACKEND},`) && row.split(',')[17] === 'UP').length;
    },
    async stop() {
      await Promise.all([ended(child, () => child.disconnect()), ended(haproxy, () => haproxy.kill())]);
      await rm(`/var/lib/pawl/lanes/haproxy/${BACKEND}`, { recursive: true, force: true });
      await rm(FOLDER, { recursive: true, force: true });
    },
  };
}

async function newKey(file: string): Promise<string> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  return file;
}

async function startHosts(hosts: number, hostKey: string) {
  const child = fork(join(root, 'dist/bench/scale/server.js'), [JSON.stringify({ hosts, hostKey })], {
    execArgv: [],
  });
  const [ports] = (await once(child, 'message')) as [{ ssh: number; web: number }];
  return { child, ports };
}

/** Checks are rare while nothing changes, as it is with many servers, and quick where something does. */
async function startHaproxy(count: number, port: number, socket: string): Promise<ChildProcess> {
  const servers = Array.from(
    { length: count },
    (_, index) => `  server ${hostName(index)} 127.0.0.1:${port} check weight 100`,
  );
  const config = `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
backend ${BACKEND}
  option httpchk GET /health
  default-server inter 2s fastinter 100ms rise 2 fall 2
${servers.join('\n')}
`;
  const file = join(FOLDER, 'haproxy.cfg');
  await writeFile(file, config);
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  await once(child, 'spawn');
  await until('HAProxy answers', 20, () => askHaproxy(socket, 'show info').catch(() => undefined));
  return child;
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  end();
  await exit;
}
