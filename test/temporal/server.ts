/** A real Temporal server and workers with the real workflows; only the hosts are imagined. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, type ClientOptions } from '@temporalio/client';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { discardTemporal, startTemporal, type TemporalServer } from '../../lab/temporal/server';
import type { Activities } from '../../src/activities';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Status } from '../../src/contracts/status';
import { activityInterceptor } from '../../src/temporal/activity-interceptor';
import { log } from '../../src/temporal/log';

export const payloadConverterPath = require.resolve('../../src/temporal/payload-converter');

/** Nothing is waited for where a test does not ask for it. */
export const QUICK = {
  cluster: 'fake.yaml',
  service: 'web',
  version: '2.0.0',
  artifact: { file: 'web.tar.gz' },
  batches: ['100%'],
  minHealthySeconds: 0,
  soakSeconds: 0,
  watchSeconds: 0,
};

export class Server {
  private readonly workers: { worker: Worker; connection: NativeConnection; running: Promise<void> }[] = [];

  private constructor(
    readonly temporal: TemporalServer,
    private readonly name: string,
    private readonly folder: string,
    readonly connection: Connection,
    readonly nativeConnection: NativeConnection,
  ) {}

  static async start(): Promise<Server> {
    const name = `test-${randomUUID()}`;
    const folder = await mkdtemp(join(tmpdir(), 'pawl-temporal-'));
    const temporal = await startTemporal({ name, dbFile: join(folder, 'temporal.db'), ui: false });
    const connection = await Connection.connect({ address: temporal.address });
    const native = await NativeConnection.connect({ address: temporal.address });
    return new Server(temporal, name, folder, connection, native);
  }

  get address(): string {
    return this.temporal.address;
  }

  client(options: Partial<ClientOptions> = {}): Client {
    return new Client({ connection: this.connection, ...options });
  }

  async startWorker(
    activities: Partial<Activities>,
    code: Partial<WorkerOptions>,
    connection?: NativeConnection,
  ): Promise<() => Promise<void>> {
    const own = connection ?? (await NativeConnection.connect({ address: this.address }));
    const worker = await Worker.create({
      connection: own,
      taskQueue: TASK_QUEUE,
      activities,
      interceptors: { activity: [activityInterceptor] },
      dataConverter: { payloadConverterPath },
      shutdownForceTime: '5s',
      ...code,
    });
    const entry = { worker, connection: own, running: worker.run() };
    this.workers.push(entry);
    return async () => {
      this.workers.splice(this.workers.indexOf(entry), 1);
      worker.shutdown();
      await entry.running;
      await own.close();
    };
  }

  async stop(): Promise<void> {
    for (const { worker } of this.workers) worker.shutdown();
    await Promise.allSettled(this.workers.map(({ running }) => running));
    await Promise.all(this.workers.map(({ connection }) => connection.close()));
    await Promise.all([this.connection.close(), this.nativeConnection.close()]);
    await discardTemporal(this.name);
    await rm(this.folder, { recursive: true });
  }
}

/** Looks until it is so; says what was there last. */
export async function until<T>(
  look: () => Promise<T>,
  wanted: (seen: T) => boolean,
  ms = 20_000,
): Promise<T> {
  let seen: T | Error | undefined;
  for (const end = Date.now() + ms; Date.now() < end; await delay(50)) {
    seen = await look().catch((error: Error) => error);
    if (!(seen instanceof Error) && wanted(seen)) return seen;
  }
  throw new Error(`not reached in ${ms} ms: ${seen instanceof Error ? seen.message : JSON.stringify(seen)}`);
}

export const statusOf = (client: Client, id: string) => () =>
  client.workflow.getHandle(id).query<Status>('status');

/** Tests that provoke failures say by themselves what came of them. */
export function installQuietRuntime(): void {
  log.level = 'silent';
  const logging = { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) };
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging } });
}
