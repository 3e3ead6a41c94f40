/** Where a host is and how to log in: the cluster file, then ssh_config, then OpenSSH's defaults. */
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { Cluster, Host } from '../../contracts/cluster';
import { PawlError } from '../../contracts/failures';
import { expandHome, readSshSettings } from './ssh-config';

export interface Endpoint {
  /** as the cluster file or a ProxyJump calls it */
  name: string;
  address: string;
  port: number;
  user: string;
  /** private keys; those that are not there are passed over */
  identityFiles: string[];
  knownHostsFiles: string[];
  hostKeyAlias?: string;
  /** `ssh-ed25519 AAAA…` of the cluster file; it is then the only one that counts */
  hostKey?: string;
  /** the agent's socket */
  agent?: string;
  /** the host to go through; the last one of a list with commas */
  jump?: string;
}

const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const DEFAULT_KNOWN_HOSTS = ['~/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'];

/** Finds endpoints of one cluster file. Reads ssh_config anew each time. */
export class Endpoints {
  constructor(
    private readonly cluster: Cluster,
    private readonly folder: string,
  ) {}

  /** @param spec a host of the cluster file, an alias of ssh_config, or hops `[user@]host[:port],…` */
  async find(spec: string): Promise<Endpoint> {
    const endpoint = await this.findOne(spec);
    const path = [spec];
    for (let hop = endpoint.jump; hop; hop = (await this.findOne(hop)).jump) {
      if (path.includes(hop)) {
        throw new PawlError('BadInput', `the jump hosts go in a circle: ${[...path, hop].join(' → ')}`);
      }
      path.push(hop);
    }
    return endpoint;
  }

  private async findOne(spec: string): Promise<Endpoint> {
    const hops = spec.split(',');
    const { host: name, user, port } = parseHop(hops.pop() ?? '');
    const before = hops.length > 0 ? hops.join(',') : undefined;
    const listed = Object.hasOwn(this.cluster.hosts, name) ? this.cluster.hosts[name] : undefined;
    const { ssh } = this.cluster;
    const wanted = {
      config: this.path(ssh.config),
      // a jump host that the cluster file does not list has an account of its own
      user: user ?? listed?.user ?? (listed ? ssh.user : undefined),
      port: port ?? listed?.port,
    };
    const found = await readSshSettings(name, wanted);
    return {
      name,
      address: listed?.address ?? found?.hostName ?? name,
      port: wanted.port ?? found?.port ?? 22,
      user: wanted.user ?? found?.user ?? ssh.user ?? userInfo().username,
      identityFiles: ssh.identityFile
        ? [this.path(ssh.identityFile)!]
        : (found?.identityFiles ?? DEFAULT_IDENTITIES.map((file) => join(homedir(), '.ssh', file))),
      knownHostsFiles: ssh.knownHosts
        ? [this.path(ssh.knownHosts)!]
        : (found?.knownHostsFiles ?? DEFAULT_KNOWN_HOSTS.map((file) => expandHome(file))),
      hostKeyAlias: found?.hostKeyAlias,
      hostKey: listed?.hostKey,
      agent: ssh.agent ? agentSocket(found?.identityAgent) : undefined,
      jump: before ?? jumpOf(listed, found?.proxyJump),
    };
  }

  private path(path: string | undefined): string | undefined {
    return path === undefined ? undefined : resolve(this.folder, expandHome(path));
  }
}

function jumpOf(listed: Host | undefined, configured: string | undefined): string | undefined {
  return listed?.proxyJump ?? configured;
}

/** `[user@]host[:port]`, `[user@][::1]:port` or `ssh://…`, as ProxyJump takes it. */
function parseHop(spec: string): { host: string; user?: string; port?: number } {
  const parts = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(spec);
  const host = parts?.[2] ?? parts?.[3];
  if (!host) throw new PawlError('BadInput', `"${spec}" is not a jump host: expected [user@]host[:port]`);
  return { host, user: parts?.[1], port: parts?.[4] ? Number(parts[4]) : undefined };
}

function agentSocket(configured: string | undefined): string {
  const socket =
    configured && configured !== 'SSH_AUTH_SOCK' ? expandHome(configured) : process.env.SSH_AUTH_SOCK;
  if (socket) return socket;
  throw new PawlError(
    'BadInput',
    'ssh.agent is set, but SSH_AUTH_SOCK is not: start an agent or name an identityFile',
  );
}
