import { CancellationScope, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { escaped } from '../../domain/escaped';
import type { Change } from './change';

/**
 * Begins the run that brings the service back. It outlives this one, which gives way to it as to any other. When it
 * cannot be begun, the message may be sent again.
 */
export async function callRollback(run: Change): Promise<void> {
  const { control, plan } = run.state;
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
    run.status.notes.push(`${workflowId} brings ${service.name} back (${reason}, ${by})`);
  } catch (error) {
    run.status.notes.push(`a rollback could not be begun: ${(error as Error).message}`);
    delete control.rollback;
  }
  run.show();
}
