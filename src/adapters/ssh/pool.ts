/** The connections to one host: opened when needed, shared, bounded, closed when idle. */
import { onAbort } from '../abort';
import { MAX_CHANNELS, type Connection } from './connection';

const MAX_CONNECTIONS = 2;

/** A place for one channel on a connection. */
export interface Slot {
  readonly connection: Connection;
  /** @param cutOff the channel was left before the host closed it, so the host may still hold its session */
  release(cutOff?: boolean): void;
}

interface Waiter {
  resolve(slot: Slot): void;
  reject(error: Error): void;
}

export class HostPool {
  private readonly connections = new Set<Connection>();
  private readonly waiters: Waiter[] = [];
  private readonly idleTimers = new Map<Connection, NodeJS.Timeout>();
  private connecting = 0;
  private closed: Error | undefined;

  /** @param idleMs an unused connection is closed after this time */
  constructor(
    private readonly connect: () => Promise<Connection>,
    private readonly idleMs: number,
  ) {}

  /** Waits for a place on a connection; a failed connection attempt is everybody's answer. */
  acquire(signal: AbortSignal): Promise<Slot> {
    if (this.closed) return Promise.reject(this.closed);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve: (slot) => (stop(), resolve(slot)),
        reject: (error) => (stop(), reject(error)),
      };
      this.waiters.push(waiter);
      const stop = onAbort(signal, (reason) => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        reject(reason);
      });
      this.serve();
    });
  }

  /** Ends all connections; commands that run lose their answer. */
  close(reason: Error): void {
    this.closed = reason;
    for (const waiter of this.waiters.splice(0)) waiter.reject(reason);
    for (const connection of this.connections) connection.end();
  }

  /** Takes no more channels on this connection: the host refuses them, or may still hold old ones. */
  retire(connection: Connection): void {
    connection.retired = true;
    if (connection.idle) connection.end();
  }

  /** Counts a connection to another host that travels through this one. */
  ride(connection: Connection): () => void {
    connection.riders += 1;
    this.watchIdle(connection);
    let riding = true;
    return () => {
      if (!riding) return;
      riding = false;
      connection.riders -= 1;
      this.settle(connection);
    };
  }

  private serve(): void {
    for (const connection of this.connections) {
      while (connection.free > 0 && this.waiters.length > 0)
        this.waiters.shift()!.resolve(this.take(connection));
    }
    const needed = Math.ceil(this.waiters.length / MAX_CHANNELS);
    while (this.connecting < needed && this.usable + this.connecting < MAX_CONNECTIONS) void this.add();
  }

  private async add(): Promise<void> {
    this.connecting += 1;
    try {
      const connection = await this.connect();
      this.connecting -= 1;
      this.adopt(connection);
    } catch (error) {
      this.connecting -= 1;
      // those in line still have the other connection, if there is one
      if (this.usable > 0 || this.connecting > 0) return;
      for (const waiter of this.waiters.splice(0)) waiter.reject(error as Error);
    }
  }

  private get usable(): number {
    return [...this.connections].filter((connection) => !connection.retired).length;
  }

  private adopt(connection: Connection): void {
    if (this.closed) return connection.end();
    this.connections.add(connection);
    connection.whenGone(() => {
      this.connections.delete(connection);
      this.watchIdle(connection);
      this.serve();
    });
    this.serve();
    this.watchIdle(connection);
  }

  private take(connection: Connection): Slot {
    connection.channels += 1;
    this.watchIdle(connection);
    let released = false;
    const release = (cutOff = false) => {
      if (released) return;
      released = true;
      connection.channels -= 1;
      if (cutOff) connection.retired = true;
      this.settle(connection);
    };
    return { connection, release };
  }

  private settle(connection: Connection): void {
    if (connection.retired && connection.idle) connection.end();
    this.watchIdle(connection);
    this.serve();
  }

  private watchIdle(connection: Connection): void {
    clearTimeout(this.idleTimers.get(connection));
    this.idleTimers.delete(connection);
    if (!connection.idle || connection.gone.aborted) return;
    this.idleTimers.set(connection, setTimeout(() => connection.end(), this.idleMs).unref());
  }
}
