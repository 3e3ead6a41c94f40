/** Real hosts, a real Temporal server and a real worker process, for tests of whole runs. */
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { down, exec, up } from '../../lab/hosts';
import type { Lab } from '../../lab/hosts';
import { serverStates } from '../../lab/hosts/haproxy';
import { leaderOf } from '../../lab/hosts/boot';
import { root, stateDir } from '../../lab/paths';
import type { TemporalServer } from '../../lab/temporal/server';
import { startTemporal } from '../../lab/temporal/server';
import { startWorker, stopWorker } from '../../lab/worker';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Report, Status } from '../../src/contracts/status';

export interface Ended {
  /** `succeeded`, `planned`, or the type of the failure */
  end: string;
  message: string;
  report: Report;
}

export class Ground {
  private constructor(
    readonly name: string,
    readonly lab: Lab,
    public temporal: TemporalServer,
    public client: Client,
    private connection: Connection,
    /** path of a cluster file for exactly these hosts */
    readonly cluster: string,
  ) {}

  /** Safe to call after a run that was cut off. */
  static async up(name: string, hosts: number, { spare = 0, worker = true } = {}): Promise<Ground> {
    await Ground.remove(name);
    const [lab, temporal] = await Promise.all([up({ name, hosts, spare }), Ground.server(name)]);
    const cluster = join(stateDir, 'labs', name, 'cluster.yaml');
    await writeFile(cluster, await clusterFile(lab));
    const connection = await Connection.connect({ address: temporal.address });
    const ground = new Ground(name, lab, temporal, new Client({ connection }), connection, cluster);
    if (worker) await ground.startWorker();
    return ground;
  }

  private static server(name: string): Promise<TemporalServer> {
    return startTemporal({ name, dbFile: join(stateDir, 'temporal', `${name}.db`), ui: false });
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

  address(host: string): string {
    return this.lab.hosts.find(({ name }) => name === host)!.address;
  }

  start(input: object, id = `test-${randomUUID()}`): Promise<WorkflowHandle> {
    return this.client.workflow.start('rollingUpgrade', {
      taskQueue: TASK_QUEUE,
      workflowId: id,
      workflowTaskTimeout: '5s',
      args: [{ ...QUICK, cluster: this.cluster, service: 'web', ...input }],
    });
  }

  /** The lines that the service on a host wrote when it started: `time version pid bootId`. */
  async starts(host: string): Promise<{ at: string; version: string; pid: string; boot: string }[]> {
    const { stdout } = await exec(this.name, host, ['cat', '/var/log/web/starts.log']);
    return stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [at = '', version = '', pid = '', boot = ''] = line.split(' ');
        return { at, version, pid, boot };
      });
  }

  /** What HAProxy itself says of each server. */
  async servers(): Promise<Record<string, string>> {
    return serverStates(`/proc/${await leaderOf(this.name, 'lb1')}/root/run/haproxy/admin.sock`, 'web');
  }
}

/** Short enough for tests; everything else as it is by default. */
const QUICK = { minHealthySeconds: 1, soakSeconds: 1, watchSeconds: 1, drain: { deadlineSeconds: 60 } };

/** The example's cluster file, cut down to the hosts that this lab has. */
async function clusterFile(lab: Lab): Promise<string> {
  const example = parse(await readFile(join(root, 'examples/lab/cluster.yaml'), 'utf8')) as {
    cluster: string;
    ssh: { config: string };
    hosts: Record<string, { roles: string[] }>;
  };
  example.cluster = lab.name;
  example.ssh.config = lab.sshConfig;
  const app = example.hosts['n1']!;
  example.hosts = Object.fromEntries(
    lab.hosts.map(({ name, role }) => [name, role === 'app' ? app : { roles: [role] }]),
  );
  return stringify(example);
}

/** Waits for the end of a run, however it ends. */
export async function ended(handle: WorkflowHandle): Promise<Ended> {
  try {
    const report = (await handle.result()) as Report;
    return { end: report.phase, message: report.summary, report };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
    const { type, message, details } = error.cause;
    return { end: type ?? '', message, report: details?.at(-1) as Report };
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
export function sampleServers(ground: Ground) {
  const stop = new AbortController();
  let most: string[] = [];
  let samples = 0;
  const done = (async () => {
    while (!stop.signal.aborted) {
      const states = await ground.servers().catch(() => undefined);
      if (states) {
        samples += 1;
        const out = Object.entries(states).flatMap(([name, state]) =>
          state === 'UP' ? [] : [`${name} ${state}`],
        );
        if (out.length > most.length) most = out;
      }
      await delay(100);
    }
  })();
  return {
    async stop(): Promise<{ mostOut: string[]; samples: number }> {
      stop.abort();
      await done;
      return { mostOut: most, samples };
    },
  };
}
