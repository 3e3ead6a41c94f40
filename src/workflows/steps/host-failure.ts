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

/**
 * These may pass by themselves. The workflow tries again, not Temporal: so everybody sees why it waits, and
 * the time for which a host may be unreachable counts from the loss of contact.
 */
export const PASSING: readonly FailureType[] = [...UNREACHABLE, 'BalancerNotAsWanted'];

/** A host did not get through its steps. */
export class HostFailed extends Error {
  constructor(
    readonly host: string,
    /** `cut`: a job was, and may be half done. `notYet`: the balancer does not let it, because of other hosts or its own state */
    readonly kind: 'failed' | 'cut' | 'unreachable' | 'notYet' | 'fenced' | 'drainLate',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads an activity's failure; anything else is a mistake of ours and is passed on.
 *
 * @param host whom it is about, unless the failure itself names one
 */
export function hostFailed(host: string, error: unknown): HostFailed {
  if (error instanceof HostFailed) return error;
  if (!(error instanceof ActivityFailure)) throw error;
  const failure = rootCause(error);
  const type = failure instanceof ApplicationFailure ? (failure.type as FailureType) : 'TimedOut';
  const message =
    failure instanceof ApplicationFailure ? failure.message : 'no answer within the time of this step';
  return new HostFailed(hostIn(failure) ?? host, kindOf(type), message);
}

/** What a host is called after such a failure. */
export function badState({ kind }: HostFailed): 'unreachable' | 'failed' {
  return kind === 'unreachable' ? 'unreachable' : 'failed';
}

function kindOf(type: FailureType): HostFailed['kind'] {
  if (type === 'Fenced') return 'fenced';
  if (type === 'JobDied') return 'cut';
  if (type === 'BalancerNotAsWanted') return 'notYet';
  return UNREACHABLE.includes(type) ? 'unreachable' : 'failed';
}

/** An activity that works on several hosts says which one it is about. */
function hostIn(failure: Error | undefined): string | undefined {
  const details = failure instanceof ApplicationFailure ? failure.details?.[0] : undefined;
  return (details as { host?: string } | undefined)?.host;
}

/** The failure that our code threw last; a timeout that ended the retries carries it as its cause. */
function rootCause(error: Error): Error | undefined {
  let found: Error | undefined;
  for (let at: unknown = error.cause; at instanceof Error; at = at.cause)
    if (at instanceof ApplicationFailure || at instanceof TimeoutFailure) found = at;
  return found;
}
