import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { PawlError } from '../contracts/failures';
import { isConnectionTrouble, mistakesIn } from './errors';
import type { Temporal } from './temporal';

/**
 * Waits for what a worker does at once.
 *
 * @param words what did not come about: because the run failed, or because there was no worker in time
 * @throws BadInput with the run's mistakes, Failed, TimedOut
 */
export async function resultOf<T>(
  { client, within }: Temporal,
  id: string,
  withinMs: number,
  words: { failed: string; late: string },
): Promise<T> {
  try {
    return await within(withinMs, () => client.workflow.getHandle(id).result() as Promise<T>);
  } catch (error) {
    if (error instanceof WorkflowFailedError) throw refusal(error, words.failed);
    if (!isConnectionTrouble(error)) throw error;
    throw new PawlError('TimedOut', `${words.late} within ${withinMs / 1_000} s`);
  }
}

function refusal(error: WorkflowFailedError, what: string): PawlError {
  const { cause } = error;
  const [message = ''] = (cause?.message ?? error.message).split('\n');
  const details = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  const mistakes = mistakesIn(...details);
  if (mistakes.length) return new PawlError('BadInput', message, { mistakes });
  return new PawlError('Failed', `${what}: ${message}`);
}
