import { Context } from '@temporalio/activity';
import type { Fence } from '../contracts/world';

/** Which change an activity works for. */
export interface ChangeRef {
  /** survives resets; part of every job key */
  id: string;
  /** milliseconds; orders changes on the hosts */
  epoch: number;
  /** path of the cluster file */
  cluster: string;
}

/** What an activity needs to know of its own attempt. */
export interface Attempt {
  signal: AbortSignal;
  /** what this attempt may still do is refused by hosts once a newer one has begun */
  fence: Fence;
  /**
   * Milliseconds since the first attempt was scheduled: deadlines count from there. By the server's clock up to
   * this attempt, then by one that never jumps; the worker's own clock may be wrong by hours.
   */
  elapsed(): number;
  /** shown as heartbeat details; the worker beats each second by itself */
  progress(details: string): void;
}

const details = new WeakMap<Context, string>();

/** What an activity said of its progress last; the worker repeats it with each beat. */
export function lastProgress(context: Context): string | undefined {
  return details.get(context);
}

export function attempt(change: Pick<ChangeRef, 'epoch'>): Attempt {
  const context = Context.current();
  const { scheduledTimestampMs, currentAttemptScheduledTimestampMs } = context.info;
  const before = currentAttemptScheduledTimestampMs - scheduledTimestampMs;
  const begun = performance.now();
  return {
    signal: context.cancellationSignal,
    fence: { epoch: change.epoch, attempt: currentAttemptScheduledTimestampMs },
    elapsed: () => before + performance.now() - begun,
    progress: (text) => void details.set(context, text),
  };
}
