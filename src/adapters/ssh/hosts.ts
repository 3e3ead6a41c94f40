/** All hosts of one cluster file: endpoints, pools and jump hosts put together. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Cluster } from '../../contracts/cluster';
import { PawlError } from '../../contracts/failures';
import type { RemoteHost, RemoteHosts } from '../../contracts/world';
import { Connection } from './connection';
import { dial, openTcpSocket, type Transport } from './dial';
import { Endpoints, type Endpoint } from './endpoint';
import { Gate } from './gate';
import { SshHost } from './host';
import { HostPool } from './pool';
import { openRide } from './streams';

/** Handshakes at a time: each costs the worker some 10 ms of computing. */
const HANDSHAKES = 8;
/** Milliseconds to let connections say goodbye. */
const GOODBYE = 1_000;
/** Milliseconds after which an unused connection is closed. */
const IDLE = 5 * 60_000;

/** Told of what happens to connections: `connected`, `lost`. */
type SshLog = (event: string, details: Record<string, unknown>) => void;

/**
 * @param options.folder where the cluster file lies: its relative paths begin there
 * @param options.idleMs an unused connection is closed after this time, default 5 minutes
 * @param log told of connections that open and end
 */
export function openHosts(
  cluster: Cluster,
  options: { folder: string; idleMs?: number },
  log: SshLog = () => {},
): RemoteHosts {
  return new Hosts(cluster, options.folder, options.idleMs ?? IDLE, log);
}

class Hosts implements RemoteHosts {
  private readonly endpoints: Endpoints;
  private readonly pools = new Map<string, HostPool>();
  private readonly hosts = new Map<string, RemoteHost>();
  private readonly open = new Set<Connection>();
  private readonly gate = new Gate(HANDSHAKES);
  private closed: PawlError | undefined;

  constructor(
    private readonly cluster: Cluster,
    folder: string,
    private readonly idleMs: number,
    private readonly log: SshLog,
  ) {
    this.endpoints = new Endpoints(cluster, resolve(folder));
  }

  on(name: string): RemoteHost {
    if (!Object.hasOwn(this.cluster.hosts, name)) {
      const known = Object.keys(this.cluster.hosts).join(', ');
      throw new PawlError(
        'BadInput',
        `there is no host "${name}" in ${this.cluster.cluster}: it has ${known}`,
      );
    }
    let host = this.hosts.get(name);
    if (!host) this.hosts.set(name, (host = new SshHost(name, this.targetPool(name), this.cluster.ssh.sudo)));
    return host;
  }

  async close(): Promise<void> {
    const reason = new PawlError('HostUnreachable', 'the SSH connections of this worker are being closed');
    this.closed = reason;
    const goodbyes = [...this.open].map((connection) => once(connection.gone, 'abort'));
    for (const pool of this.pools.values()) pool.close(reason);
    const late = setTimeout(() => this.open.forEach((connection) => connection.destroy()), GOODBYE);
    await Promise.all(goodbyes);
    clearTimeout(late);
  }

  private targetPool(name: string): HostPool {
    return this.pool(name, () => this.gate.pass(() => this.connect(name)));
  }

  /** Not behind the gate: those who passed it may wait for a jump host. */
  private jumpPool(spec: string): HostPool {
    return this.pool(`through ${spec}`, () => this.connect(spec));
  }

  private pool(key: string, connect: () => Promise<Connection>): HostPool {
    let pool = this.pools.get(key);
    if (!pool) this.pools.set(key, (pool = new HostPool(connect, this.idleMs)));
    return pool;
  }

  private async connect(spec: string): Promise<Connection> {
    if (this.closed) throw this.closed;
    const endpoint = await this.endpoints.find(spec);
    const connection = new Connection(await dial(endpoint, this.transport(endpoint)));
    const { name: host, address, port, jump } = endpoint;
    this.open.add(connection);
    this.log('connected', { host, address, port, jump });
    connection.whenGone((reason) => {
      this.open.delete(connection);
      this.log('lost', { host, reason: reason.message });
    });
    return connection;
  }

  private transport({ address, port, jump }: Endpoint): Transport {
    if (!jump) return () => openTcpSocket(address, port);
    const pool = this.jumpPool(jump);
    return () => openRide(pool, address, port);
  }
}
