/** The real worker with a trap in it; `PAWL_TRAP` names the trap's folder. */
import { Runtime } from '@temporalio/worker';
import { activityInterceptor } from '../../src/temporal/activity-interceptor';
import { log, temporalLogger } from '../../src/temporal/log';
import { createWorker } from '../../src/worker';
import { trapInterceptor } from './trap';

async function main(): Promise<void> {
  const folder = process.env.PAWL_TRAP;
  if (!folder) throw new Error('PAWL_TRAP must name a folder');
  Runtime.install({ logger: temporalLogger, shutdownSignals: ['SIGTERM', 'SIGINT'] });
  const { worker, close } = await createWorker({
    interceptors: { activity: [activityInterceptor, trapInterceptor(folder)] },
  });
  try {
    await worker.run();
  } finally {
    await close();
  }
}

main().catch((error: unknown) => {
  log.fatal(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
