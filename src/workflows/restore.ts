import type { ApplicationFailure } from '@temporalio/workflow';
import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { RestoreRun, Staged } from '../contracts/backup-run';
import type { Report } from '../contracts/status';
import { ageText, sizeText } from '../domain/amounts';
import { progressText } from '../domain/backups/run';
import { clearRestore, judgeStaged, planRestore, stageRestore } from './steps/activities';
import { changeOf } from './steps/backup-host';
import { inTrouble, toItsEnd } from './steps/backup-steps';
import { hostFailed } from './steps/host-failure';
import { TaskRun } from './steps/task-run';

/**
 * Brings a backup back to a host, into a folder of its own, and compares it with what it says of itself. What is there goes
 * on working, and stays as it is.
 */
export async function restore(input: unknown): Promise<Report> {
  const run = new TaskRun('restore', 'Which backup comes back, and where to', 'choosing a backup');
  const plan = await planRestore
    .executeWithOptions({ summary: 'choose a backup, and look at its target' }, [input])
    .catch((error: unknown) => {
      throw run.failed(error);
    });
  const { cluster, source, backup, on, at, bytes, notTaken } = plan;
  Object.assign(run.status, { cluster, service: source, about: `restore of ${backup} to ${on}` });
  run.status.notes.push(...notTaken);
  const what = `${backup}, which holds ${at}, ${sizeText(bytes)}, to ${folderOf(plan)} on ${on}`;
  if (plan.dryRun) return run.end('planned', `planned: ${what}`);
  const staged = await brought(run, plan).catch(async (error: unknown) => {
    throw await failed(run, plan, [hostFailed(on, error).message]);
  });
  if (staged.wrong.length > 0) throw await failed(run, plan, staged.wrong, `it lies in ${folderOf(plan)}`);
  run.status.progress = 1;
  const { compared, seconds, use } = staged;
  run.status.notes.push(use);
  const took = ageText(seconds * 1_000);
  return run.end('succeeded', `${backup} is in ${folderOf(plan)} on ${on}: ${compared}; it took ${took}`);
}

const folderOf = ({ place }: RestoreRun) => (place === 'inPlace' ? 'its place' : place.folder);

async function brought(run: TaskRun, plan: RestoreRun): Promise<Staged> {
  const { source, host, on, backup, place, asTheyAre, until, maxSeconds } = plan;
  const more = { ...(asTheyAre && { asTheyAre }), ...(until !== undefined && { until }) };
  const restored = { source, host, on, backup, place, ...more };
  const of = { ...restored, change: changeOf(plan), id: `restore.${workflowInfo().runId}` };
  const doing = `bringing ${backup} back to ${on}`;
  try {
    run.says(doing);
    await toItsEnd(
      (forMs) =>
        stageRestore.executeWithOptions({ summary: `${on}: bring it back` }, [{ ...of, forMs, maxSeconds }]),
      (says) => run.says(`${doing}: ${progressText(says, plan.bytes)}`),
    );
    return await judgeStaged.executeWithOptions({ summary: 'compare it with what it says of itself' }, [of]);
  } finally {
    await CancellationScope.nonCancellable(() =>
      clearRestore.executeWithOptions({ summary: 'clear up' }, [of]).catch(() => undefined),
    );
  }
}

/** @param left what there is all the same, in words */
function failed(run: TaskRun, plan: RestoreRun, why: string[], left?: string): Promise<ApplicationFailure> {
  const news = why.map((text) => ({ host: plan.on, what: `${plan.backup} is not restored: ${text}` }));
  const more = left === undefined ? '' : `; ${left}, and is not to be trusted`;
  return inTrouble(run, plan, news, `${plan.backup} is not restored: ${why.join('; ')}${more}`);
}
