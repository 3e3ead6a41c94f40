import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { PlannedHost } from '../contracts/plan';
import type { Report } from '../contracts/status';
import { planRollingUpgrade } from './steps/activities';
import { announce, announceBegin, announceProgress } from './steps/announce';
import { approval, askAbout, askAboutGate } from './steps/ask';
import { boundary } from './steps/boundary';
import { Change, ChangeStopped } from './steps/change';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import { BatchGate, GateFailed, learnUsual } from './steps/gate';
import { HostFailed, hostFailed } from './steps/host-failure';
import { proveHealthy, putBack, stageRelease, stayHealthy, switchRelease, takeOut } from './steps/host-steps';
import { lookAgain } from './steps/left';
import { progressing } from './steps/progress';
import { runOnce } from './steps/run-once';
import type { ChangeState } from './steps/state';
import { adoptPlan, pointOfNoReturn } from './steps/state';
import { fencesUp, takeTurn } from './steps/turn';
import { undoOf, willUndo } from './steps/undo';
import { walk } from './steps/walk';

/** Upgrades a service host by host without losing a request. The input is checked by the plan. */
export async function rollingUpgrade(input: unknown, carried?: ChangeState): Promise<Report> {
  const run = Change.begin('rollingUpgrade', carried);
  return conduct(run, async () => {
    if (!run.state.plan) {
      const { plan, dryRun } = await makePlan(input);
      adoptPlan(run.state, plan);
      if (dryRun) return { end: 'planned', summary: `planned: ${run.plan.intent.hosts.length} hosts` };
    }
    if (!run.state.staged) await takeTurn(run, () => replan(run, input));
    if (run.plan.intent.hosts.length === 0) return nothingToDo(run);
    if (!run.state.staged) {
      const begun = run.status.hosts.some(({ state }) => state === 'staged');
      if (!begun) {
        await approveBefore(run, input);
        announceBegin(run);
      }
      await stage(run);
      if (!run.state.staged) await goOnAnew(run, input);
      await learnUsual(run);
      await fencesUp(run);
      await runOnce(run, 'before');
    }
    const { intent } = run.plan;
    for (const batch of intent.batches.slice(run.state.batchesDone)) {
      const done = await upgradeBatch(run, batch);
      if (done) {
        await afterBatch(run);
        announceProgress(run);
      }
      if (!done || isLong()) await goOnAnew(run, input);
    }
    await runOnce(run, 'after');
    return done(run);
  });
}

/** Not every host need have come along: some were skipped, some failed within the budget. */
function done(run: Change): Ending {
  const { service, version, hosts } = run.plan.intent;
  const skipped = run.status.hosts.filter(({ state }) => state === 'skipped').map(({ name }) => name);
  const { failed } = run.state;
  const upgraded = hosts.length - skipped.length - failed.length;
  if (upgraded === 0)
    throw new ChangeStopped('failed', 'nothing was upgraded: every host was skipped', false);
  const without = [
    skipped.length ? `; skipped: ${skipped.join(', ')}` : '',
    failed.length ? `; failed and put back: ${failed.join(', ')}` : '',
  ].join('');
  return { end: 'succeeded', summary: `${service.name} runs ${version} on ${upgraded} hosts${without}` };
}

function makePlan(input: unknown) {
  return planRollingUpgrade.executeWithOptions({ summary: 'check the input, look at hosts and balancers' }, [
    input,
  ]);
}

function nothingToDo(run: Change): Ending {
  const { service, version } = run.plan.intent;
  return { end: 'succeeded', summary: `nothing to do: every host runs ${service.name} ${version} already` };
}

async function replan(run: Change, input: unknown): Promise<void> {
  const { plan } = await makePlan(input);
  adoptPlan(run.state, plan);
}

/** Waits for the yes; if the world made the plan another one meanwhile, the yes was for the old one. */
async function approveBefore(run: Change, input: unknown): Promise<void> {
  await boundary(run);
  while (run.plan.intent.settings.approvals.includes('before')) {
    await approval(run, 'before', `approve plan ${run.plan.hash.slice(0, 12)} before anything is touched`);
    const { plan } = await makePlan(input);
    if (plan.hash === run.plan.hash) return;
    adoptPlan(run.state, plan);
    run.status.notes.push('the plan changed while it waited; earlier approvals are void');
    delete run.state.control.decisions.before;
    await takeTurn(run, () => replan(run, input));
  }
}

/** Brings the release to all hosts while all of them serve; in the midst of them when the history is long. */
async function stage(run: Change): Promise<void> {
  const { intent } = run.plan;
  run.enter('preparing', `staging ${intent.version} on ${intent.hosts.length} hosts`);
  const left = intent.hosts.filter(({ name }) => run.host(name).state !== 'staged');
  const stageOne = async (host: PlannedHost) => {
    await boundary(run);
    await stageRelease(run, host);
  };
  const { failures, notStarted } = await progressing(run, () =>
    walk(left, 20, stageOne, () => isLongInside(run)),
  );
  for (const { item, error } of failures) {
    if (error instanceof ChangeStopped) throw error;
    const failure = hostFailed(item.name, error);
    run.note(item.name, { state: badState(failure), note: failure.message });
    announce(run, 'hostFailed', { host: item.name, why: failure.message });
  }
  const [first] = failures;
  if (first) throw new ChangeStopped('failed', `not prepared: ${run.host(first.item.name).note}`, false);
  run.state.staged = notStarted.length === 0;
}

/** @returns false when the history is long before all of its hosts are done: another run goes on with them */
async function upgradeBatch(run: Change, names: string[]): Promise<boolean> {
  const { intent } = run.plan;
  const index = run.state.batchesDone + 1;
  const who = names.length > 12 ? `${names.length} hosts` : names.join(', ');
  run.status.batch = { index, of: intent.batches.length };
  run.enter('running', `batch ${index} of ${intent.batches.length}: ${who}`);
  const batch = new Set(names);
  let hosts = intent.hosts.filter((host) => batch.has(host.name) && isToDo(run, host));
  while (hosts.length) {
    if (isLongInside(run)) return false;
    const { failures, notStarted } = await progressing(run, () =>
      walk(
        hosts,
        intent.maxUnavailable,
        (host) => upgradeHost(run, host),
        () => isLongInside(run),
      ),
    );
    const again: PlannedHost[] = [];
    for (const { item, error } of failures)
      if ((await settle(run, item, error)) === 'retry') again.push(item);
    hosts = [...again, ...notStarted];
  }
  if (names.every((name) => run.state.failed.includes(name)))
    throw new ChangeStopped('failed', `every host of batch ${index} failed`, 'asPlanned');
  run.state.batchesDone = index;
  return true;
}

/** A run that continues another one finds hosts of its batch that are through, or were left out. */
function isToDo(run: Change, host: PlannedHost): boolean {
  const { state } = run.host(host.name);
  const leftOut = state === 'skipped' || (state === 'unreachable' && run.isSkipped(host));
  return state !== 'done' && !leftOut && !run.state.failed.includes(host.name);
}

/** One host out, changed, back. The undo of each step is written down before the step. */
async function upgradeHost(run: Change, host: PlannedHost): Promise<void> {
  const { version, checks, settings } = run.plan.intent;
  const before = run.plan.observed.hosts[host.name];
  await boundary(run);
  if (!before || run.isSkipped(host)) return run.note(host.name, { state: 'skipped' });
  const weights = Object.fromEntries(
    Object.entries(before.traffic).map(([name, { weight }]) => [name, weight]),
  );
  await run.working(host, async () => {
    willUndo(run, { step: 'putBack', host: host.name, weights });
    await leaveRotation(run, host);
    willUndo(run, { step: 'switchBack', host: host.name, version: before.version });
    await switchRelease(run, host, version, 'switch');
    await proveHealthy(run, host, version, checks);
    await putBack(run, host, weights);
    await stayHealthy(
      run,
      [host],
      settings.minHealthySeconds,
      `${host.name} must stay healthy for ${settings.minHealthySeconds} s`,
    );
    run.note(host.name, { state: 'done', note: undefined });
  });
}

/** A host that could not leave has not been changed: it goes back at once, whatever becomes of the change. */
async function leaveRotation(run: Change, host: PlannedHost): Promise<void> {
  try {
    await takeOut(run, host, run.plan.intent.settings.drain.onDeadline);
  } catch (error) {
    const stays = error instanceof HostFailed && (error.kind === 'drainLate' || error.kind === 'unreachable');
    if (!stays && !run.turn.over?.lost) await undoOf(run, host.name);
    throw error;
  }
}

/** A host failed: ask where a person is needed, otherwise stop the change. */
async function settle(run: Change, host: PlannedHost, error: unknown): Promise<'retry' | 'skip'> {
  if (error instanceof ChangeStopped) throw error;
  const failure = hostFailed(host.name, error);
  // one that may not leave yet is as well as it was
  const state = failure.kind === 'notYet' ? run.host(host.name).state : badState(failure);
  run.note(host.name, { state, note: failure.message });
  announce(run, 'hostFailed', { host: host.name, why: failure.message });
  if (failure.kind === 'fenced')
    throw new ChangeStopped('failed', `${failure.message}; it is left to the newer change`, false);
  if (!needsPerson(run, failure)) {
    if (failure.kind === 'failed' && budgetLeft(run)) return putBackAndGoOn(run, host, failure);
    throw new ChangeStopped('failed', failure.message, 'asPlanned');
  }
  const answer = await askAbout(
    run,
    { host: host.name },
    `${host.name} waits for you. ${failure.message}. Try again, leave it out, or abort?`,
  );
  run.state.rounds[host.name] = (run.state.rounds[host.name] ?? 0) + 1;
  run.enter('running', `going on: ${answer} ${host.name}`);
  if (answer === 'skip') await leaveOut(run, host);
  return answer;
}

function badState({ kind }: HostFailed): 'unreachable' | 'failed' {
  return kind === 'unreachable' ? 'unreachable' : 'failed';
}

/**
 * Nobody can tell what an unreachable host looks like, so undoing blindly is no answer; and what keeps a host
 * from leaving rotation is no fault of the release.
 */
function needsPerson(run: Change, { kind }: HostFailed): boolean {
  return (
    kind === 'unreachable' ||
    kind === 'notYet' ||
    kind === 'drainLate' ||
    run.plan.intent.settings.onFailure === 'ask'
  );
}

/** Behind the point of no return a failed host cannot go back to what it ran, so it counts at once. */
function budgetLeft(run: Change): boolean {
  const { failureBudget } = run.plan.intent.settings;
  return run.state.failed.length < failureBudget && !pointOfNoReturn(run.state);
}

/** A failure within the budget: the host gets back what it ran, and the change goes on without it. */
async function putBackAndGoOn(run: Change, host: PlannedHost, failure: HostFailed): Promise<'skip'> {
  const { failureBudget } = run.plan.intent.settings;
  const used = run.state.failed.length + 1;
  run.enter('running', `${host.name} failed (${used} of ${failureBudget} that may) and is put back`);
  try {
    await undoOf(run, host.name);
  } catch (error) {
    const why = hostFailed(host.name, error).message;
    throw new ChangeStopped('failed', `${failure.message}; putting it back failed: ${why}`, 'asPlanned');
  }
  run.state.failed.push(host.name);
  run.note(host.name, { state: 'undone', note: failure.message });
  run.status.leftToDo.push({
    host: host.name,
    what: `${host.name} failed and was put back: ${failure.message}. Start the same change again when it is mended`,
  });
  return 'skip';
}

async function leaveOut(run: Change, host: PlannedHost): Promise<void> {
  try {
    await undoOf(run, host.name);
    run.note(host.name, { state: 'skipped' });
  } catch (error) {
    const failure = hostFailed(host.name, error);
    run.note(host.name, { state: 'unreachable', note: `skipped, but not put back: ${failure.message}` });
    await lookAgain(run, [host.name]);
    run.status.leftToDo.push({
      host: host.name,
      what: `${host.name} was skipped and could not be put back: ${failure.message}`,
    });
  }
}

/** Observation and the gate after a batch; after the last one, the watch. */
async function afterBatch(run: Change): Promise<void> {
  const { batches, settings, gate } = run.plan.intent;
  const last = run.state.batchesDone === batches.length;
  const seconds = last ? settings.watchSeconds : settings.soakSeconds;
  const what = last
    ? `watching all hosts for ${seconds} s`
    : `soaking batch ${run.state.batchesDone} for ${seconds} s`;
  while ((seconds || gate) && !(await observed(run, last ? 'watching' : 'soaking', seconds, what)));
  await boundary(run);
  if (!last && run.state.batchesDone === 1 && settings.approvals.includes('afterFirstBatch'))
    await approval(
      run,
      'afterFirstBatch',
      `batch 1 is done; approve the rest of plan ${run.plan.hash.slice(0, 12)}`,
    );
}

/** @returns false when a person had to be asked about a host; then it begins again */
async function observed(
  run: Change,
  phase: 'watching' | 'soaking',
  seconds: number,
  what: string,
): Promise<boolean> {
  const done = run.plan.intent.hosts.filter(({ name }) => run.host(name).state === 'done');
  run.enter(phase, what);
  const gate = BatchGate.open(run, done, gateName(run));
  try {
    await stayHealthy(run, done, seconds, what, gate ? { beside: gate.failed } : {});
    await gate?.pass(phase);
    return true;
  } catch (error) {
    if (error instanceof GateFailed) return settleGate(run, error);
    if (!(error instanceof HostFailed)) throw error;
    const host = done.find(({ name }) => name === error.host);
    if (!host) throw error;
    if ((await settle(run, host, error)) === 'retry') run.note(host.name, { state: 'done', note: undefined });
    return false;
  } finally {
    gate?.close();
  }
}

function gateName(run: Change): string {
  const { batches } = run.plan.intent;
  const { batchesDone } = run.state;
  return batchesDone === batches.length ? 'gate after the last batch' : `gate after batch ${batchesDone}`;
}

/** @returns true when a person goes on in spite of the gate, false when it is to judge again */
async function settleGate(run: Change, { message }: GateFailed): Promise<boolean> {
  if (run.plan.intent.settings.onFailure !== 'ask') throw new ChangeStopped('failed', message, 'asPlanned');
  const answer = await askAboutGate(run, `${message}. Judge again, go on all the same, or abort?`);
  return answer === 'promote';
}

/** A replay of so many events takes a fraction of a second. */
function isLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > 2_000;
}

/** A batch may have thousands of hosts, of 30 events each. Runs of 0.1.0 go on as they began, to the batch's end. */
function isLongInside(run: Change): boolean {
  return run.plan.format > 1 && isLong();
}

/** All that is known goes along. */
async function goOnAnew(run: Change, input: unknown): Promise<never> {
  await run.courier.rest();
  return continueAsNew<typeof rollingUpgrade>(input, run.state);
}
