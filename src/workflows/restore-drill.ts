import type { ApplicationFailure } from '@temporalio/workflow';
import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { PlannedDrill } from '../contracts/backup-run';
import type { Report } from '../contracts/status';
import { ageText } from '../domain/amounts';
import { clearDrill, drillBackup, judgeDrill, planDrill } from './steps/activities';
import { changeOf } from './steps/backup-host';
import { inTrouble, toItsEnd } from './steps/backup-steps';
import { hostFailed } from './steps/host-failure';
import { TaskRun } from './steps/task-run';

/**
 * Restores a backup where nobody else sees it, compares it with what it says of itself, and measures how long that takes.
 * Nothing of it is left but the proof.
 */
export async function restoreDrill(input: unknown): Promise<Report> {
  const run = new TaskRun(
    'restoreDrill',
    'Which backup is restored, and what was found',
    'choosing a backup',
  );
  const plan = await planDrill
    .executeWithOptions({ summary: 'choose a backup' }, [input])
    .catch((error: unknown) => {
      throw run.failed(error);
    });
  const { cluster, source, id, at } = plan;
  Object.assign(run.status, { cluster, service: source, about: `restore of ${id}, as a drill` });
  if (plan.dryRun) return run.end('planned', `planned: ${id}, which holds ${at}`);
  const { seconds, compared, wrong } = await drilled(run, plan).catch(async (error: unknown) => {
    throw await failed(run, plan, [hostFailed(plan.host, error).message]);
  });
  if (wrong.length > 0) throw await failed(run, plan, wrong);
  run.status.progress = 1;
  return run.end(
    'succeeded',
    `${id} can be restored: ${compared}; it could be used after ${ageText(seconds * 1_000)}`,
  );
}

async function drilled(run: TaskRun, plan: PlannedDrill) {
  const { workflowId, runId } = workflowInfo();
  const of = { change: changeOf(plan), source: plan.source, backup: plan.id, id: `drill.${runId}` };
  try {
    run.says(`restoring ${plan.id} into a scratch place`);
    await toItsEnd(
      (forMs) =>
        drillBackup.executeWithOptions({ summary: `restore ${plan.id} into a scratch place` }, [
          { ...of, forMs, maxSeconds: plan.maxSeconds },
        ]),
      (says) => run.says(`restoring ${plan.id} into a scratch place: ${says}`),
    );
    return await judgeDrill.executeWithOptions({ summary: 'compare it with what it says of itself' }, [
      { ...of, run: workflowId },
    ]);
  } finally {
    await CancellationScope.nonCancellable(() =>
      clearDrill.executeWithOptions({ summary: 'clear up' }, [of]).catch(() => undefined),
    );
  }
}

function failed(run: TaskRun, plan: PlannedDrill, why: string[]): Promise<ApplicationFailure> {
  const news = why.map((text) => ({ what: `${plan.id} is not proven: ${text}` }));
  return inTrouble(run, plan, news, `${plan.id} is not proven: ${why.join('; ')}`);
}
