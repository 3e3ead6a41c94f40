import { TASK_QUEUE } from '../contracts/messages';
import type { Temporal } from './temporal';

const CALL_WITHIN_MS = 5_000;
/** A long poll is renewed each minute; the server remembers a worker for five. */
const ALIVE_MS = 70_000;
const WORKFLOW_TASKS = 1;

/** Identities of the workers that take our work now. One that died within the last minute is still among them. */
export async function workersNow({ connection, namespace, within }: Temporal): Promise<string[]> {
  const { pollers } = await within(CALL_WITHIN_MS, () =>
    connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: TASK_QUEUE },
      taskQueueType: WORKFLOW_TASKS,
    }),
  );
  const since = Date.now() - ALIVE_MS;
  const alive = pollers.filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > since);
  return alive.map(({ identity }) => identity ?? 'unknown');
}
