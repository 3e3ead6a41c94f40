import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { PawlError } from '../contracts/failures';
import type { JsonObject } from './read-object';
import { look } from './runs';
import type { Temporal } from './temporal';

const ANSWER_WITHIN_MS = 10_000;

export interface Answer {
  /** false: the run refused it, and nothing was done */
  taken: boolean;
  answer: string;
}

/** Sends a message as an update, so that the run answers; a bounded wait. */
export async function sendMessage(
  temporal: Temporal,
  id: string,
  name: string,
  payload: JsonObject,
): Promise<Answer> {
  const { client, within } = temporal;
  try {
    const answer = await within(ANSWER_WITHIN_MS, () =>
      client.workflow.getHandle(id).executeUpdate<string, [JsonObject]>(name, { args: [payload] }),
    );
    return { taken: true, answer };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return afterItsEnd(temporal, id);
    if (error instanceof WorkflowUpdateFailedError) {
      const now = await look(temporal, id);
      // it may have ended between taking the message and answering it
      if (now.kind === 'ended') return afterItsEnd(temporal, id);
      return { taken: false, answer: error.cause?.message ?? error.message };
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
      throw await noAnswer(temporal, id, name, error);
    throw error;
  }
}

/** Temporal says only that there is nothing to send to. */
async function afterItsEnd(temporal: Temporal, id: string): Promise<Answer> {
  const now = await look(temporal, id);
  if (now.kind !== 'ended') throw new PawlError('TimedOut', `${id} gives no clear answer; try again`);
  return { taken: false, answer: `${id} ended as ${now.status.phase}; nothing was done` };
}

async function noAnswer(temporal: Temporal, id: string, name: string, cause: Error): Promise<PawlError> {
  const now = await look(temporal, id);
  const why = now.kind === 'silent' ? `${now.why}; \`npm run up\` starts one here` : 'it is busy';
  return new PawlError(
    'TimedOut',
    `${id} gave no answer in ${ANSWER_WITHIN_MS / 1_000} s: ${why}. Whether ${name} arrives is not certain; sending it again does no harm`,
    undefined,
    { cause },
  );
}
