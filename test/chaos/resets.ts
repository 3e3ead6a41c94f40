/** What a person does with "Reset" in Temporal's UI. */
import type { WorkflowHandle } from '@temporalio/client';
import type { Ground } from '../lab/ground';

/**
 * Resets a run to the workflow task that scheduled the first activity of a kind: all that came after is
 * forgotten by Temporal, but not by the world.
 *
 * @returns the new run
 */
export async function resetTo(
  ground: Ground,
  handle: WorkflowHandle,
  activity: string,
): Promise<WorkflowHandle> {
  const { events } = await handle.fetchHistory();
  const scheduled = events?.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity,
  )?.activityTaskScheduledEventAttributes;
  if (!scheduled) throw new Error(`no ${activity} was scheduled yet`);
  const { runId } = await ground.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId: await runOf(handle) },
    reason: `back to ${activity}`,
    workflowTaskFinishEventId: scheduled.workflowTaskCompletedEventId,
    requestId: `reset-${handle.workflowId}-${activity}`,
  });
  return ground.client.workflow.getHandle(handle.workflowId, runId);
}

/** The id of the run's first life, as its own history has it. */
export async function firstRunOf(handle: WorkflowHandle): Promise<string | null | undefined> {
  const { events } = await handle.fetchHistory();
  return events?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId;
}

export async function runOf(handle: WorkflowHandle): Promise<string> {
  return (await handle.describe()).runId;
}
