import { ApplicationFailure, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import type { PlannedBackup } from '../contracts/backup-run';
import type { Report, StepStatus } from '../contracts/status';
import { badInput, mistakeText } from '../domain/mistakes';
import { planBackup, thinBackups } from './steps/activities';
import { backUpHost, changeOf, clearedUp } from './steps/backup-host';
import { inTrouble, pauseAfter, tellTrouble } from './steps/backup-steps';
import { hostFailed } from './steps/host-failure';
import { TaskRun } from './steps/task-run';
import { walk } from './steps/walk';

/** Hosts of a source at the same time. */
const WIDTH = 4;

/**
 * Backs up a source: taken on its hosts, read back on the store, and only then a backup. What was backed up before is
 * kept whatever becomes of it.
 */
export async function backup(input: unknown): Promise<Report> {
  const run = new TaskRun('backup', 'What is backed up, and how far it is', 'looking at hosts and the store');
  const plan = await planned(run, input);
  const { status } = run;
  Object.assign(status, { cluster: plan.cluster, service: plan.source, about: 'backup' });
  status.notes.push(...plan.notes);
  status.steps = plan.hosts.map(({ name }) => ({ name: 'backup', host: name, state: 'pending' }));
  if (plan.dryRun) return run.end('planned', `planned: ${plan.source} on ${plan.hosts.length} hosts`);
  if (plan.trouble.length > 0) throw await notNow(run, plan);
  run.says(`backing up ${plan.source}`);
  const { failures } = await walk(plan.hosts, WIDTH, (host) => backUpHost(run, plan, host));
  for (const { error } of failures) throw error;
  await letOldOnesGo(run, plan);
  const bad = status.steps.filter(({ state }) => state === 'failed');
  if (bad.length > 0) throw await notAll(run, plan, bad);
  status.progress = 1;
  const where = plan.hosts.map(({ name }) => name).join(', ');
  return run.end('succeeded', `${plan.source} is backed up on ${where}, and read back`);
}

/** A database that does not answer may do so in a minute. */
async function planned(run: TaskRun, input: unknown): Promise<PlannedBackup> {
  for (let attempt = 1; ; attempt += 1) {
    const plan = await planBackup
      .executeWithOptions({ summary: 'look at the source and its store' }, [input])
      .catch((error: unknown) => {
        throw run.failed(error);
      });
    if (plan.trouble.length === 0 || attempt >= plan.attempts) return plan;
    const seconds = pauseAfter(plan, attempt);
    run.says(`${troubleOf(plan).join('; ')}; looking again in ${seconds} s`);
    await sleep(seconds * 1_000);
  }
}

const troubleOf = ({ trouble }: PlannedBackup) => trouble.map((mistake) => mistakeText(mistake, 'input'));

/** Only where there is a new one. That it fails is no failure of a backup: the next run does it. */
async function letOldOnesGo(run: TaskRun, plan: PlannedBackup): Promise<void> {
  const { steps, notes } = run.status;
  const hosts = steps.flatMap(({ host, state }) => (state === 'done' ? [host] : []));
  const [host] = hosts;
  if (host === undefined) return;
  const of = { change: changeOf(plan), source: plan.source, host, id: `thin.${workflowInfo().runId}` };
  run.says('letting old backups go');
  try {
    const summary = `${plan.source}: let old backups go`;
    const { went } = await thinBackups.executeWithOptions({ summary }, [{ ...of, hosts }]);
    if (went.length > 0) notes.push(`no longer kept: ${went.join(', ')}`);
  } catch (error) {
    if (isCancellation(error)) throw error;
    notes.push(`old backups are still there: ${hostFailed(plan.source, error).message}`);
  } finally {
    await clearedUp(of);
  }
}

/** Nothing could be begun. */
async function notNow(run: TaskRun, plan: PlannedBackup): Promise<unknown> {
  await tellTrouble(run, plan, troubleOf(plan));
  const { type, message, details } = badInput(plan.trouble);
  return run.failed(ApplicationFailure.create({ type, message, details: [details], nonRetryable: true }));
}

function notAll(run: TaskRun, plan: PlannedBackup, bad: StepStatus[]): Promise<unknown> {
  const news = bad.map(({ host, note = '' }) => ({
    host,
    what: `${host} is not backed up: ${note.replace(`${host}: `, '')}`,
  }));
  const well = plan.hosts.length - bad.length;
  const why = bad.map(({ note }) => note).join('; ');
  const rest = well > 0 ? `; ${well} others are` : '';
  return inTrouble(run, plan, news, `${plan.source} is not backed up: ${why}${rest}; what there was is kept`);
}
