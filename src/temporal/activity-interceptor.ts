import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { lastProgress } from '../activities/attempt';
import { FAILURES, PawlError } from '../contracts/failures';

/** Milliseconds; well below the heartbeat timeout of 5 s. */
const BEAT = 1_000;

/**
 * Every activity beats each second, whatever it waits for: a lost worker is noticed, and a cancellation
 * arrives. Our failures become Temporal's, retryable as the one table says. Log lines name the host.
 */
export function activityInterceptor(context: Context): ActivityInterceptors {
  let where: object = {};
  return {
    inbound: {
      async execute(input, next) {
        where = placeOf(input.args[0]);
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
    // every line that is logged for this activity, the SDK's own ones included
    outbound: { getLogAttributes: (attributes, next) => next({ ...attributes, ...where }) },
  };
}

/** Which host a step works on, where its input says so. */
function placeOf(input: unknown): { host?: string; step?: string } {
  const { host, step } = (input ?? {}) as { host?: { name?: unknown }; step?: unknown };
  return {
    ...(typeof host?.name === 'string' && { host: host.name }),
    ...(typeof step === 'string' && { step }),
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
