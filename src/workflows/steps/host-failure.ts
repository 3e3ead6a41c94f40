import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureType } from '../../contracts/failures';

/** These say that somebody could not be reached; what the host looks like now is not known. */
const UNREACHABLE: readonly FailureType[] = [
  'HostUnreachable',
  'OutcomeUnknown',
  'TimedOut',
  'BalancerUnavailable',
  'LaneBusy',
];

/** A host did not get through its steps. */
export class HostFailed extends Error {
  constructor(
    readonly host: string,
    readonly kind: 'failed' | 'unreachable' | 'fenced' | 'drainLate',
    message: string,
  ) {
    super(message);
  }
}

/** Reads an activity's failure; anything else is a mistake of ours and is passed on. */
export function hostFailed(host: string, error: unknown): HostFailed {
  if (error instanceof HostFailed) return error;
  if (!(error instanceof ActivityFailure)) throw error;
  const failure = rootCause(error);
  const type = failure instanceof ApplicationFailure ? (failure.type as FailureType) : 'TimedOut';
  const message =
    failure instanceof ApplicationFailure ? failure.message : 'no answer within the time of this step';
  if (type === 'Fenced') return new HostFailed(host, 'fenced', message);
  return new HostFailed(host, UNREACHABLE.includes(type) ? 'unreachable' : 'failed', message);
}

/** The failure that our code threw last; a timeout that ended the retries carries it as its cause. */
function rootCause(error: Error): Error | undefined {
  let found: Error | undefined;
  for (let at: unknown = error.cause; at instanceof Error; at = at.cause)
    if (at instanceof ApplicationFailure || at instanceof TimeoutFailure) found = at;
  return found;
}
