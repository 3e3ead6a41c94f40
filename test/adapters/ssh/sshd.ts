/** A real sshd on loopback for one test file: own folder, own host keys, own port. Needs root and openssh-server. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Cluster } from '../../../src/contracts/cluster';
import { killIfThere } from '../../kill';

const run = promisify(execFile);
const SSHD = '/usr/sbin/sshd';

type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface TestSshd {
  port: number;
  folder: string;
  /** logs in as root */
  identityFile: string;
  /** `ssh-ed25519 AAAA…` of each host key */
  hostKeys: Record<KeyType, string>;
  /** of the listening process */
  pid: number;
  /** processes that serve a connection each */
  sessions(): number[];
  /** SIGKILL of all sessions; the listening process stays */
  killSessions(): void;
  stop(): Promise<void>;
}

/**
 * @param options.keyTypes host keys it shows, default ed25519 alone
 * @param options.config further lines of sshd_config
 * @param options.port as an earlier one had; default: a free one
 */
export async function startSshd(
  options: { keyTypes?: KeyType[]; config?: string; port?: number; identityFile?: string } = {},
): Promise<TestSshd> {
  await mkdir('/run/sshd', { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'pawl-sshd-'));
  const port = options.port ?? (await freePort());
  const keyTypes = options.keyTypes ?? ['ed25519'];
  const identityFile = options.identityFile ?? (await makeKey(join(folder, 'id'), 'ed25519'));
  await copyFile(`${identityFile}.pub`, join(folder, 'authorized_keys'));
  const hostKeys = {} as Record<KeyType, string>;
  for (const type of keyTypes)
    hostKeys[type] = await publicKey(await makeKey(join(folder, `host_${type}`), type));
  const config = join(folder, 'sshd_config');
  await writeFile(config, sshdConfig(folder, port, keyTypes, options.config));
  const child = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await untilListening(child, port, () => log);
  const sessions = () => childrenOf(child.pid!);
  return {
    port,
    folder,
    identityFile,
    hostKeys,
    pid: child.pid!,
    sessions,
    killSessions: () => sessions().forEach(killIfThere),
    stop: async () => {
      sessions().forEach(killIfThere);
      child.kill('SIGKILL');
      await rm(folder, { recursive: true });
    },
  };
}

/** A cluster file with one host `h1` behind each sshd, and more as the caller says. */
export function clusterOf(
  sshd: TestSshd,
  changes: {
    host?: Record<string, unknown>;
    ssh?: Record<string, unknown>;
    hosts?: Record<string, unknown>;
  } = {},
): Cluster {
  const hostKey = Object.values(sshd.hostKeys)[0];
  const h1 = {
    roles: ['web'],
    address: '127.0.0.1',
    port: sshd.port,
    user: 'root',
    hostKey,
    ...changes.host,
  };
  return Cluster.parse({
    cluster: 'test',
    ssh: { identityFile: sshd.identityFile, ...changes.ssh },
    hosts: { h1, ...changes.hosts },
    balancers: {},
    services: {},
  });
}

function sshdConfig(folder: string, port: number, keyTypes: KeyType[], more = ''): string {
  return [
    // the first value of a setting counts
    more,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...keyTypes.map((type) => `HostKey ${folder}/host_${type}`),
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    // a shell that sshd starts reads $HOME/.bashrc: not this machine's own
    `SetEnv HOME=${folder}`,
    '',
  ].join('\n');
}

export async function makeKey(file: string, type: KeyType): Promise<string> {
  await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'test', '-f', file]);
  return file;
}

async function publicKey(file: string): Promise<string> {
  return (await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${log()}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(20);
  }
  throw new Error(`sshd does not listen: ${log()}`);
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    // the second field is the name in parentheses; the parent follows the state
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) \S /s, '')
        .split(' ')[0],
    );
  } catch {
    return undefined;
  }
}
