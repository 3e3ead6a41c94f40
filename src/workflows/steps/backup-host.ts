/** A backup of one host of a source, attempt after attempt. */
import { CancellationScope, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import type { PlannedBackup, PlannedHost } from '../../contracts/backup-run';
import type { StepStatus } from '../../contracts/status';
import { backupId, progressText, takenText } from '../../domain/backups/run';
import { clearBackup, openStore, publishBackup, readBack, takeBackup } from './activities';
import { pauseAfter, toItsEnd } from './backup-steps';
import { hostFailed } from './host-failure';
import type { TaskRun } from './task-run';

/** What went wrong, in the end, stands at its step. */
export async function backUpHost(run: TaskRun, plan: PlannedBackup, host: PlannedHost): Promise<void> {
  const step = run.status.steps.find((one) => one.host === host.name)!;
  const show = (facts: Partial<StepStatus>) => {
    Object.assign(step, facts);
    run.show();
  };
  for (let attempt = 1; ; attempt += 1)
    try {
      show({ state: 'running', note: undefined });
      const there = await once(plan, host, (note) => show({ note }));
      run.happened(there);
      return show({ state: 'done', note: there });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { message } = hostFailed(host.name, error);
      run.happened(message);
      if (attempt >= plan.attempts) return show({ state: 'failed', note: message });
      const seconds = pauseAfter(plan, attempt);
      show({ note: `${message}; again in ${seconds} s` });
      await sleep(seconds * 1_000);
    }
}

/**
 * One attempt: a backup of its own.
 *
 * @param show how far it is
 * @returns what there is now, in words
 */
async function once(plan: PlannedBackup, host: PlannedHost, show: (note: string) => void): Promise<string> {
  const begun = new Date();
  const id = backupId(plan.source, host.name, begun);
  const of = { change: changeOf(plan), source: plan.source, host: host.name, id };
  const work = { ...of, maxSeconds: plan.maxSeconds, bytes: host.bytes, parent: host.parent };
  const called = (summary: string) => ({ summary: `${id}: ${summary}` });
  try {
    await openStore.executeWithOptions(called('a place in the store'), [of]);
    await toItsEnd(
      (forMs) => takeBackup.executeWithOptions(called('bring it to the store'), [{ ...work, forMs }]),
      (says) => show(progressText(says, host.bytes)),
    );
    show('reading it back');
    await toItsEnd(
      (forMs) => readBack.executeWithOptions(called('read it back'), [{ ...work, forMs }]),
      () => undefined,
    );
    const taken = await publishBackup.executeWithOptions(called('into the catalogue'), [
      {
        ...of,
        kind: host.kind,
        parent: host.parent?.id ?? null,
        begunAt: begun.toISOString(),
        run: workflowInfo().workflowId,
      },
    ]);
    return takenText(id, host.kind, taken);
  } finally {
    await clearedUp(of);
  }
}

/** What its jobs are known by. */
export function changeOf({ file }: Pick<PlannedBackup, 'file'>) {
  const { workflowId, firstExecutionRunId, startTime } = workflowInfo();
  return { id: `${workflowId}/${firstExecutionRunId}`, epoch: startTime.getTime(), cluster: file };
}

/** A host that is away keeps its secrets until its next boot. */
export async function clearedUp(of: Parameters<typeof clearBackup>[0]): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    clearBackup.executeWithOptions({ summary: `${of.id}: clear up` }, [of]).catch(() => undefined),
  );
}
