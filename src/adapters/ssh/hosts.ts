/** All hosts of one cluster file: endpoints, pools and jump hosts put together. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Cluster } from '../../contracts/cluster';
import { PawlError } from '../../contracts/failures';
import type { Ran, RemoteHost, RemoteHosts, RunOptions } from '../../contracts/world';
import { Connection } from './connection';
import { dial, openTcpSocket, type Transport } from './dial';
import { Endpoints, type Endpoint } from './endpoint';
import { Gate } from './gate';
import { HostPool } from './pool';
import { loadProgram } from './programs';
import { commandLine } from './quote';
import { runCommand } from './run';
import { openStream } from './stream';

/** Handshakes at a time: each costs the worker some 10 ms of computing. */
const HANDSHAKES = 8;
/** Milliseconds to let connections say goodbye. */
const GOODBYE = 1_000;

/** Told of what happens to connections: `connected`, `lost`. */
export type SshLog = (event: string, details: Record<string, unknown>) => void;

/**
 * @param options.folder where the cluster file lies: its relative paths begin there
 * @param log told of connections that open and end
 */
export function openHosts(cluster: Cluster, options: { folder: string }, log: SshLog = () => {}): RemoteHosts {
  return new Hosts(cluster, options.folder, log);
}

class Hosts implements RemoteHosts {
  private readonly endpoints: Endpoints;
  private readonly pools = new Map<string, HostPool>();
  private readonly hosts = new Map<string, RemoteHost>();
  private readonly open = new Set<Connection>();
  private readonly gate = new Gate(HANDSHAKES);

  constructor(
    private readonly cluster: Cluster,
    folder: string,
    private readonly log: SshLog,
  ) {
    this.endpoints = new Endpoints(cluster, resolve(folder));
  }

  on(name: string): RemoteHost {
    if (!Object.hasOwn(this.cluster.hosts, name)) {
      const known = Object.keys(this.cluster.hosts).join(', ');
      throw new PawlError('BadInput', `there is no host "${name}" in ${this.cluster.cluster}: it has ${known}`);
    }
    let host = this.hosts.get(name);
    if (!host) this.hosts.set(name, (host = new SshHost(name, this.pool(name), this.cluster.ssh.sudo)));
    return host;
  }

  async close(): Promise<void> {
    const reason = new PawlError('HostUnreachable', 'the SSH connections of this worker are being closed');
    const goodbyes = [...this.open].map((connection) => once(connection.gone, 'abort'));
    for (const pool of this.pools.values()) pool.close(reason);
    const late = setTimeout(() => this.open.forEach((connection) => connection.destroy()), GOODBYE);
    await Promise.all(goodbyes);
    clearTimeout(late);
  }

  /** @param spec a host of the cluster file or a jump host */
  private pool(spec: string): HostPool {
    let pool = this.pools.get(spec);
    if (!pool) this.pools.set(spec, (pool = new HostPool(() => this.connect(spec))));
    return pool;
  }

  private async connect(spec: string): Promise<Connection> {
    const endpoint = await this.gate.pass(() => this.endpoints.find(spec));
    const transport = endpoint.jump ? this.through(endpoint, endpoint.jump) : direct(endpoint);
    // the jump host's own handshake passes the gate too: it must be over before this one takes a place
    const first = await transport();
    const again: Transport = reuse(first, transport);
    const connection = new Connection(await this.gate.pass(() => dial(endpoint, again)));
    this.open.add(connection);
    this.log('connected', { host: endpoint.name, address: endpoint.address, port: endpoint.port });
    connection.whenGone((reason) => {
      this.open.delete(connection);
      this.log('lost', { host: endpoint.name, reason: reason.message });
    });
    return connection;
  }

  private through(endpoint: Endpoint, jump: string): Transport {
    const pool = this.pool(jump);
    return async () => {
      const slot = await pool.acquire(AbortSignal.timeout(30_000));
      const leave = pool.ride(slot.connection);
    };
  }
}
