import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { lastProgress } from '../activities/attempt';
import { FAILURES, PawlError } from '../contracts/failures';

/** Milliseconds; well below the heartbeat timeout of 5 s. */
const BEAT = 1_000;

/**
 * Every activity beats each second, whatever it waits for: a lost worker is noticed, and a cancellation
 * arrives. Our failures become Temporal's, retryable as the one table says.
 */
export function activityInterceptor(context: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        const beat = setInterval(() => context.heartbeat(lastProgress(context)), BEAT);
        try {
          return await next(input);
        } catch (error) {
          // what an activity says while it is being cancelled is not a failure of its own
          if (context.cancellationSignal.aborted) await context.cancelled;
          throw error instanceof PawlError ? asFailure(error) : error;
        } finally {
          clearInterval(beat);
        }
      },
    },
  };
}

function asFailure(error: PawlError): ApplicationFailure {
  return ApplicationFailure.create({
    type: error.type,
    message: error.message,
    nonRetryable: !FAILURES[error.type].retryable,
    details: error.details === undefined ? [] : [error.details],
  });
}
