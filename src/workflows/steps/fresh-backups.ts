/** Backups that a change wants before it touches anything. */
import {
  ChildWorkflowFailure,
  executeChild,
  getExternalWorkflowHandle,
  ParentClosePolicy,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { PlannedFreshBackup } from '../../contracts/plan';
import { backupStep } from '../../domain/backups/fresh';
import type { backup } from '../backup';
import { findStale, watchRun } from './activities';
import { boundary } from './boundary';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { hostFailed } from './host-failure';

/** One that is young enough counts, whoever took it: nothing is taken twice. */
export async function freshBackups(run: Change): Promise<void> {
  for (const wanted of run.plan.intent.backups ?? []) {
    const name = backupStep(wanted.source);
    // it is older by now, and was there when the change began
    if (run.stepStatus(name).state === 'done') continue;
    await boundary(run);
    run.enter('preparing', `${name}, before anything is touched`);
    run.noteStep(name, { state: 'running', note: undefined });
    try {
      run.noteStep(name, { state: 'done', note: await thereIsOne(run, wanted) });
    } catch (error) {
      if (error instanceof ChangeStopped) run.noteStep(name, { state: 'failed', note: error.message });
      throw error;
    }
  }
}

/** @returns which one counts, in words */
async function thereIsOne(run: Change, wanted: PlannedFreshBackup): Promise<string> {
  for (;;) {
    const stale = await look(run, wanted);
    if (stale.length === 0) return `not older than ${wanted.maxAgeMinutes} min`;
    if (!wanted.take) throw new ChangeStopped('failed', stale.join('; '), false);
    const taken = await takeOne(run, wanted);
    if (taken !== undefined) return taken;
  }
}

async function look(run: Change, { source, maxAgeMinutes, hosts }: PlannedFreshBackup): Promise<string[]> {
  try {
    return await findStale.executeWithOptions({ summary: `how old backups of ${source} are` }, [
      { change: run.ref, source, maxAgeMinutes },
    ]);
  } catch (error) {
    throw new ChangeStopped('failed', hostFailed(hosts.join(', '), error).message, false);
  }
}

/**
 * A run of its own, which ends with this one.
 *
 * @returns undefined where one of before was at it still: what became of it, the catalogue knows
 */
async function takeOne(run: Change, { source }: PlannedFreshBackup): Promise<string | undefined> {
  const { cluster, notifications } = run.plan.intent;
  const workflowId = `${run.status.id}-backup-${source}`;
  run.noteStep(backupStep(source), { note: `by ${workflowId}` });
  try {
    const { summary } = await run.interruptibly(() =>
      executeChild<typeof backup>('backup', {
        workflowId,
        args: [{ cluster: cluster.file, source, notify: notifications !== undefined }],
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        workflowTaskTimeout: '5s',
        staticSummary: `${source}, before ${run.status.id} touches anything`,
      }),
    );
    return summary;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return itsEnd(run, source, workflowId);
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    const why = error.cause?.message ?? error.message;
    throw new ChangeStopped('failed', why, false);
  }
}

/** A run that was reset finds its child at work. */
async function itsEnd(run: Change, source: string, id: string): Promise<undefined> {
  run.noteStep(backupStep(source), { note: `by ${id}, which is at work already` });
  try {
    await run.interruptibly(() => watchRun.executeWithOptions({ summary: `see how ${id} ends` }, [{ id }]));
  } catch (error) {
    // where it has ended meanwhile, there is nothing to cancel
    if (error instanceof ChangeStopped)
      await getExternalWorkflowHandle(id)
        .cancel()
        .catch(() => undefined);
    throw error;
  }
}
