/** A recovery, as whoever looks on sees it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Status } from '../../src/contracts/status';
import type { Ended, Ground } from './ground';

/** Nobody is asked for a yes, unless `input` says otherwise. */
export const startRecovery = (
  ground: Ground,
  input: object,
): Promise<WorkflowHandleWithFirstExecutionRunId> =>
  ground.client.workflow.start('disasterRecovery', {
    taskQueue: 'pawl',
    workflowId: `recovery-${Date.now()}`,
    args: [{ cluster: ground.cluster, approvals: [], ...input }],
  });

/** Fails where it ends before. */
export async function until(run: WorkflowHandle, what: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await run.query<Status>('status').catch(() => undefined);
    if (status && what(status)) return status;
    if (status?.endedAt) throw new Error(status.summary);
    await delay(100);
  }
}

export function well({ end, message }: Ended): void {
  if (end !== 'succeeded') throw new Error(message);
}
