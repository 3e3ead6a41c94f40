import { CancellationScope, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { escaped } from '../../domain/escaped';
import type { ChangeState } from './state';

/**
 * Begins the run that brings the service back. It outlives this one, which gives way to it as to any other. When it
 * cannot be begun, the message may be sent again.
 */
export async function callRollback({ control, plan, status }: ChangeState): Promise<void> {
  const { rollback } = control;
  if (!rollback || !plan) return;
  rollback.called = true;
  const { service, cluster } = plan.intent;
  const { by, reason, version } = rollback;
  const workflowId = `rollback-${service.name}-${Date.now()}`;
  try {
    await CancellationScope.nonCancellable(() =>
      startChild('emergencyRollback', {
        workflowId,
        args: [
          {
            cluster: cluster.file,
            service: service.name,
            reason,
            by: escaped(by),
            ...(version && { version }),
          },
        ],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `${service.name} back at once: ${reason}`,
      }),
    );
    status.notes.push(`${workflowId} brings ${service.name} back (${reason}, ${by})`);
  } catch (error) {
    status.notes.push(`a rollback could not be begun: ${(error as Error).message}`);
    delete control.rollback;
  }
}
