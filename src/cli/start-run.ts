import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { PawlError } from '../contracts/failures';
import { TASK_QUEUE } from '../contracts/messages';
import { userName } from './message-options';
import type { JsonObject } from './read-object';
import { numbered } from './run-id';
import type { Temporal } from './temporal';

const START_WITHIN_MS = 10_000;
/** Of the same name in the same minute. */
const MOST_NUMBERED = 50;

export interface NewRun {
  type: string;
  input: JsonObject;
  id: string;
  /** chosen by a person: taken as it is, or refused */
  fixedId: boolean;
  /** for Temporal's UI; whoever starts the next run of this type with its form takes both over */
  summary: string;
  details?: string;
  /** for runs that must not wait for ever for a worker, milliseconds */
  timeoutMs?: number;
}

/**
 * Starts a run; its input goes as it is. An id is used once, whether its run has ended or not.
 *
 * @returns the id that was free
 */
export async function startRun(temporal: Temporal, run: NewRun): Promise<{ id: string; runId: string }> {
  for (let count = 1; count <= MOST_NUMBERED; count += 1) {
    const id = numbered(run.id, count);
    const runId = await startAs(temporal, id, run);
    if (runId) return { id, runId };
    if (run.fixedId)
      throw new PawlError('BadInput', `there is a run ${id} already; \`pawl get ${id}\` shows it`);
  }
  throw new PawlError(
    'Failed',
    `${MOST_NUMBERED} runs ${run.id} were started in this minute; wait, or give an --id`,
  );
}

/** @returns undefined when the id is taken */
async function startAs({ client, within }: Temporal, id: string, run: NewRun): Promise<string | undefined> {
  try {
    const handle = await within(START_WITHIN_MS, () =>
      client.workflow.start(run.type, {
        workflowId: id,
        taskQueue: TASK_QUEUE,
        args: [run.input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        // a worker that dies inside a workflow task holds the run up for so long
        workflowTaskTimeout: '5s',
        staticSummary: run.summary,
        staticDetails: run.details,
        workflowExecutionTimeout: run.timeoutMs,
        memo: { startedBy: userName() },
      }),
    );
    return handle.firstExecutionRunId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}
