/** Real hosts, a real Temporal server and a real worker process, for tests of whole runs. */
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { down, up } from '../../lab/hosts';
import type { Lab } from '../../lab/hosts';
import { root, stateDir } from '../../lab/paths';
import { PACKAGE } from '../../lab/service/deb';
import type { TemporalServer } from '../../lab/temporal/server';
import { startTemporal } from '../../lab/temporal/server';
import { killWorker, startWorker, stopWorker } from '../../lab/worker';
import { leaseId } from '../../src/contracts/lease';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Report, Status } from '../../src/contracts/status';
import { ADMIN_SOCKET, Hosts } from './hosts';

export interface GroundOptions {
  spare?: number;
  /** hosts that balancers know and send nothing */
  idle?: number;
  /** an nginx beside HAProxy that sends requests to `web`, too */
  nginx?: boolean;
  /** with a MariaDB on db1 */
  database?: boolean;
  /** with bk1, which keeps backups */
  backup?: boolean;
  /** false: without one, the test starts its own */
  worker?: boolean;
  /** true: with Temporal's web interface */
  ui?: boolean;
  /** events after which runs go on as new ones; Temporal's own figure is some thousand */
  longAfter?: number;
  /** of the services in the cluster file, where they differ from the defaults */
  limits?: { switchSeconds?: number; healthySeconds?: number; freeMiB?: number };
}

export interface Ended {
  /** `succeeded`, `planned`, or the type of the failure */
  end: string;
  message: string;
  report: Report;
  /** all that a failure carries; the report is the last of it */
  details: unknown[];
}

export class Ground extends Hosts {
  private constructor(
    lab: Lab,
    public temporal: TemporalServer,
    public client: Client,
    private connection: Connection,
    /** path of a cluster file for exactly these hosts */
    readonly cluster: string,
  ) {
    super(lab);
  }

  /** Safe to call after a run that was cut off. */
  static async up(
    name: string,
    hosts: number,
    {
      spare = 0,
      idle = 0,
      nginx = false,
      database = false,
      backup = false,
      worker = true,
      ui = false,
      longAfter,
      limits = {},
    }: GroundOptions = {},
  ): Promise<Ground> {
    await Ground.remove(name);
    const [lab, temporal] = await Promise.all([
      up({ name, hosts, spare, idle, nginx, database, backup }),
      Ground.server(name, ui, longAfter),
    ]);
    const cluster = join(stateDir, 'labs', name, 'cluster.yaml');
    await writeFile(cluster, await clusterFile(lab, limits));
    const connection = await Connection.connect({ address: temporal.address });
    const ground = new Ground(lab, temporal, new Client({ connection }), connection, cluster);
    if (worker) await ground.startWorker();
    return ground;
  }

  private static server(name: string, ui = false, longAfter?: number): Promise<TemporalServer> {
    const dynamicConfig = longAfter ? { 'limit.historyCount.suggestContinueAsNew': longAfter } : undefined;
    return startTemporal({ name, dbFile: join(stateDir, 'temporal', `${name}.db`), ui, dynamicConfig });
  }

  /** What a run that was cut off may have left, too. */
  private static async remove(name: string): Promise<void> {
    await stopWorker(name);
    await Promise.all([down(name), (await Ground.server(name)).stop()]);
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(stateDir, 'temporal', `${name}.db${suffix}`), { force: true });
  }

  startWorker(options: Parameters<typeof startWorker>[2] = {}) {
    return startWorker(this.name, this.temporal.address, options);
  }

  killWorker(): Promise<void> {
    return killWorker(this.name);
  }

  stopWorker(): Promise<void> {
    return stopWorker(this.name);
  }

  /** Starts the server again on its port, with its data. */
  async restartTemporal(): Promise<void> {
    this.temporal = await Ground.server(this.name);
  }

  async remove(): Promise<void> {
    await this.connection.close();
    await Ground.remove(this.name);
  }

  /** A host that a change left out, put back by an operator: Pawl keeps it out until it hears that it shall not. */
  async putBackByHand(host: string): Promise<void> {
    const lease = this.client.workflow.getHandle(leaseId(this.name));
    await lease.executeUpdate<string, [object]>('handBack', { args: [{ host, by: 'the test' }] });
    await this.haproxy(`set server web/${host} state ready`);
  }

  start(input: object, id?: string): Promise<WorkflowHandleWithFirstExecutionRunId> {
    return this.client.workflow.start('rollingUpgrade', this.options({ ...QUICK, ...input }, id));
  }

  /** A change of another type, with its own defaults. */
  startAs(type: string, input: object, id?: string): Promise<WorkflowHandleWithFirstExecutionRunId> {
    return this.client.workflow.start(type, this.options(input, id));
  }

  /** Paused as soon as there is a plan. */
  startPaused(input: object): Promise<WorkflowHandle> {
    return this.client.workflow.signalWithStart('rollingUpgrade', {
      ...this.options({ ...QUICK, ...input }),
      signal: 'pause',
      signalArgs: [{ by: 'the test' }],
    });
  }

  private options(input: object, id = `test-${randomUUID()}`) {
    return {
      taskQueue: TASK_QUEUE,
      workflowId: id,
      workflowTaskTimeout: '5s' as const,
      args: [{ cluster: this.cluster, service: 'web', ...input }],
    };
  }
}

/** Short enough for tests; everything else as it is by default. */
const QUICK = {
  minHealthySeconds: 1,
  soakSeconds: 1,
  watchSeconds: 1,
  drain: { deadlineSeconds: 60 },
  gate: { enabled: false },
};

/** The service that comes as a Debian package; the lab has it where a test installs it. */
const WEBDEB = {
  role: 'app',
  unit: 'webdeb.service',
  port: 8081,
  release: { kind: 'deb', package: PACKAGE },
  health: { path: '/health' },
  version: { path: '/version' },
  routes: [{ balancer: 'edge', backend: 'webdeb', entry: { port: 81 } }],
};

/** The example's cluster file, cut down to the hosts that this lab has. */
export async function clusterFile(lab: Lab, limits: object): Promise<string> {
  const example = parse(await readFile(join(root, 'examples/lab/cluster.yaml'), 'utf8')) as {
    cluster: string;
    ssh: { config: string };
    hosts: Record<string, { roles: string[] }>;
    balancers: Record<string, object>;
    services: Record<string, object>;
    config: { repository: string };
    backups?: object;
  };
  // made by the test that wants it
  example.config.repository = 'config';
  const web = example.services['web'] as { routes: object[] };
  const database = example.services['database']!;
  example.services = {
    web: { ...web, limits },
    webdeb: { ...WEBDEB, limits },
    ...(lab.hosts.some(({ role }) => role === 'database') && { database }),
  };
  if (!lab.hosts.some(({ role }) => role === 'backup')) delete example.backups;
  example.cluster = lab.name;
  example.ssh.config = lab.sshConfig;
  const app = example.hosts['n1']!;
  example.hosts = Object.fromEntries(
    lab.hosts.map(({ name, role }) => [name, role === 'app' || role === 'idle' ? app : { roles: [role] }]),
  );
  const nginx = lab.hosts.find(({ role }) => role === 'nginx');
  if (nginx) {
    example.balancers['inner'] = { kind: 'nginx', host: nginx.name };
    web.routes.push({ balancer: 'inner', backend: 'web', entry: { port: 80 } });
  }
  return stringify(example);
}

/** Waits for the end of a run, however it ends. */
export async function ended(handle: WorkflowHandle): Promise<Ended> {
  try {
    const report = (await handle.result()) as Report;
    return { end: report.phase, message: report.summary, report, details: [report] };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
    const { type, message, details } = error.cause;
    return { end: type ?? '', message, report: details?.at(-1) as Report, details: details ?? [] };
  }
}

/** Waits until the status of a run is as wanted. */
export async function reached(
  handle: WorkflowHandle,
  wanted: (status: Status) => boolean,
  withinMs = 30_000,
): Promise<Status> {
  let last: unknown;
  for (const end = Date.now() + withinMs; Date.now() < end; await delay(50)) {
    const status = await handle.query<Status>('status').catch((error: Error) => void (last = error.message));
    if (status && wanted(status)) return status;
    last = status ?? last;
  }
  throw new Error(`not reached in ${withinMs} ms: ${JSON.stringify(last)}`);
}

/** Counts hosts that are not exactly UP, every 100 ms, from HAProxy's own words. */
export function sampleServers(ground: Hosts, backend = 'web', socket = ADMIN_SOCKET) {
  const stop = new AbortController();
  let most: string[] = [];
  const seen = new Set<string>();
  let samples = 0;
  const done = (async () => {
    while (!stop.signal.aborted) {
      const states = await ground.servers(backend, socket).catch(() => undefined);
      if (states) {
        samples += 1;
        const out = Object.entries(states).flatMap(([name, state]) =>
          state === 'UP' ? [] : [`${name} ${state}`],
        );
        if (out.length > most.length) most = out;
        seen.add(out.join(', '));
      }
      await delay(100);
    }
  })();
  return {
    /** `seen`: every set of hosts that were not up together, in words */
    async stop(): Promise<{ mostOut: string[]; seen: string[]; samples: number }> {
      stop.abort();
      await done;
      return { mostOut: most, seen: [...seen], samples };
    },
  };
}
