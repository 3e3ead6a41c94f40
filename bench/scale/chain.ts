/** The histories of a run and of those that it continued as. */
import type { Client, WorkflowHandle } from '@temporalio/client';

export interface Chain {
  runs: number;
  events: number;
  /** of the longest one */
  mostEvents: number;
  bytes: number;
  mostBytes: number;
}

export async function chainOf(client: Client, workflowId: string, firstRunId: string): Promise<Chain> {
  const chain: Chain = { runs: 0, events: 0, mostEvents: 0, bytes: 0, mostBytes: 0 };
  for (let runId: string | undefined = firstRunId; runId;) {
    const handle: WorkflowHandle = client.workflow.getHandle(workflowId, runId);
    const { historyLength, historySize } = await handle.describe();
    chain.runs += 1;
    chain.events += historyLength;
    chain.mostEvents = Math.max(chain.mostEvents, historyLength);
    chain.bytes += historySize ?? 0;
    chain.mostBytes = Math.max(chain.mostBytes, historySize ?? 0);
    const { events } = await handle.fetchHistory();
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return chain;
}
