import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { Change } from './change';

/** The last part of the deadline must pass while a worker is there, so that its absence condemns no change. */
const AWAKE = 60_000;

/**
 * Does work on hosts under the progress deadline of the plan: when no step of any host has ended for so long,
 * the change counts as failed. The clock stands still while people are waited for and while hosts are observed.
 */
export async function progressing<T>(run: Change, work: () => Promise<T>): Promise<T> {
  const limit = run.plan.intent.settings.progressDeadlineSeconds * 1_000;
  // a plan of 0.1.0 has none
  if (!limit) return work();
  const watch = new CancellationScope();
  run.clock.advance();
  const watching = watch
    .run(() => untilStalled(run, limit))
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  try {
    return await work();
  } finally {
    watch.cancel();
    await watching;
  }
}

/** One timer at a time, whatever happens meanwhile, so that the history stays short. */
async function untilStalled(run: Change, limit: number): Promise<void> {
  const awake = Math.min(AWAKE, limit / 2);
  const { clock } = run;
  for (;;) {
    await condition(() => !clock.stands);
    const early = limit - awake - clock.quietMs;
    if (early > 0) {
      await sleep(early, { summary: 'progress deadline' });
      continue;
    }
    const { moves } = clock;
    await sleep(awake, { summary: 'the last part of the progress deadline' });
    if (clock.moves === moves && !clock.stands) return run.stall(Math.round(clock.quietMs / 1_000));
  }
}
