import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import type { ActivityInterceptorsFactory, ReplayWorkerOptions } from '@temporalio/worker';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from './activities';
import { openWorlds } from './activities/world';
import { openArtifacts } from './adapters/artifacts';
import { sshJobs } from './adapters/ssh';
import type { Finding } from './contracts/examination';
import { TASK_QUEUE } from './contracts/messages';
import { activityInterceptor } from './temporal/activity-interceptor';
import { connectionConfig } from './temporal/connection';
import { workerDataConverter } from './temporal/data-converter';
import { keepHeapSmall } from './temporal/heap';
import { log } from './temporal/log';
import { activityMetrics, sshMetrics } from './temporal/metrics';
import { brokenRuns } from './temporal/open-runs';
import { installRuntime } from './temporal/runtime';
import { searchAttributeState } from './temporal/search-attributes';
import { workerSettings, type WorkerSettings } from './temporal/settings';
import { openTracing } from './temporal/tracing';
import { deploymentOptions, versioningTroubles } from './temporal/versioning';
import { workflowCode } from './temporal/workflow-code';

export interface WorkerExtras {
  /** around activities, inside those of the worker's own */
  interceptors?: ActivityInterceptorsFactory[];
}

interface PawlWorker {
  worker: Worker;
  /** What would keep runs from this worker; to be asked when it polls. */
  troubles(): Promise<Finding[]>;
  close(): Promise<void>;
}

/** Puts the parts together: adapters, activities, worker. */
async function createWorker(
  settings: WorkerSettings,
  { interceptors = [] }: WorkerExtras,
): Promise<PawlWorker> {
  const { connectionOptions, namespace } = connectionConfig();
  const connection = await NativeConnection.connect(connectionOptions);
  const { missing, unfit } = await searchAttributeState(connection, namespace);
  if (missing.length || unfit.length)
    throw new Error(
      `namespace ${namespace} lacks search attributes of ours (${[...missing, ...unfit].join(', ')}); \`pawl setup\` registers them`,
    );
  const tracing = settings.tracesUrl ? await openTracing(settings.tracesUrl) : undefined;
  const code: ReplayWorkerOptions = {
    workflowBundle: await workflowCode(settings),
    dataConverter: workerDataConverter(settings.encryption, namespace),
    ...(tracing && { sinks: tracing.sinks }),
  };
  const broken = await brokenRuns(connection, namespace, code, settings.version);
  if (broken.length)
    throw new Error(
      `this code would break runs that are open; end them with the code before it\n  ${broken.join('\n  ')}`,
    );
  const worlds = openWorlds(sshMetrics());
  const worker: Worker = await Worker.create({
    connection,
    namespace,
    taskQueue: TASK_QUEUE,
    identity: `pawl@${hostname()}:${process.pid}`,
    ...code,
    ...deploymentOptions(settings.version),
    activities: createActivities({
      worlds,
      jobs: sshJobs(),
      artifacts: openArtifacts(),
      leaving: () => !['INITIALIZED', 'RUNNING'].includes(worker.getState()),
    }),
    interceptors: {
      activity: [
        ...(tracing ? [tracing.activity] : []),
        activityMetrics(),
        activityInterceptor,
        ...interceptors,
      ],
    },
    // a killed worker's workflow tasks would wait 10 s for it by default
    stickyQueueScheduleToStartTimeout: '1s',
    // then running activities hand over at their next beat; jobs on hosts go on
    shutdownGraceTime: settings.shutdownGraceSeconds * 1_000,
    maxConcurrentActivityTaskExecutions: settings.maxActivities,
  });
  return {
    worker,
    troubles: () => versioningTroubles(new Client({ connection, namespace }), settings.version),
    async close() {
      await Promise.all([worlds.close(), tracing?.close()]);
      await connection.close();
    },
  };
}

/** Milliseconds until the server knows the version of a worker that has begun to poll. */
const KNOWN_AFTER = 5_000;

/** Works until a signal ends it; what keeps it from working is told in one line. */
export async function runWorker(extras: WorkerExtras = {}): Promise<void> {
  try {
    await work(extras);
  } catch (error) {
    log.fatal(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

async function work(extras: WorkerExtras): Promise<void> {
  keepHeapSmall();
  const settings = workerSettings();
  installRuntime(settings);
  const { worker, troubles, close } = await createWorker(settings, extras);
  const soon = setTimeout(() => {
    troubles().then(
      (findings) => findings.forEach(({ what, command }) => log.warn({ command }, what)),
      (error: Error) => log.warn({ error }, 'the versions of workers could not be read'),
    );
  }, KNOWN_AFTER);
  try {
    await worker.run();
  } finally {
    clearTimeout(soon);
    await close();
  }
}

if (require.main === module) void runWorker();
