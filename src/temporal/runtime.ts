import { Runtime } from '@temporalio/worker';
import { temporalLogger } from './log';
import { HISTOGRAM_BUCKETS } from './metrics';
import type { WorkerSettings } from './settings';

/** Once in a process, before the first worker: logs, metrics, and the signals that end it in order. */
export function installRuntime({ metricsAddress }: Pick<WorkerSettings, 'metricsAddress'> = {}): Runtime {
  return Runtime.install({
    logger: temporalLogger,
    shutdownSignals: ['SIGTERM', 'SIGINT'],
    telemetryOptions: {
      // the SDK's native half would write to the console in a format of its own
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      ...(metricsAddress && {
        metrics: {
          prometheus: {
            bindAddress: metricsAddress,
            countersTotalSuffix: true,
            unitSuffix: true,
            useSecondsForDurations: true,
            histogramBucketOverrides: HISTOGRAM_BUCKETS,
          },
        },
      }),
    },
  });
}
