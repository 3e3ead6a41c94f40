import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** Lists show the reason itself, not that an activity failed. */
export function plainly(error: unknown): unknown {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return error;
  const { message, type, details } = error.cause;
  return ApplicationFailure.nonRetryable(message, type, ...(details ?? []));
}
