import type { Client } from '@temporalio/client';

/** Milliseconds: the worker of a run may have to replay it before it can answer. */
const ANSWER_WITHIN = 15_000;

/** Asks a run a question. @returns undefined when it does not answer in time, or cannot */
export async function askRun(
  client: Client,
  { id, runId }: { id: string; runId?: string },
  query: string,
  withinMs = ANSWER_WITHIN,
): Promise<unknown> {
  try {
    return await client.withDeadline(Date.now() + withinMs, () =>
      client.workflow.getHandle(id, runId).query(query),
    );
  } catch {
    return undefined;
  }
}
