import type { PlannedBatch, PlannedHost, UpgradeIntent } from '../contracts/plan';
import type { Report } from '../contracts/status';
import { setsOf } from '../domain/blue-green';
import { planRollingUpgrade } from './steps/activities';
import { announceProgress } from './steps/announce';
import { approval } from './steps/ask';
import { replaceSet, retireOldSet } from './steps/blue-green';
import { boundary } from './steps/boundary';
import { Change, ChangeStopped } from './steps/change';
import { closeForChange, openAfterChange } from './steps/closing';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import { learnUsual } from './steps/gate';
import { whileClosed } from './steps/guard';
import { bringTo, proveHealthy, putBack, stayHealthy, switchRelease, weightsOf } from './steps/host-steps';
import { roomForLoad } from './steps/load';
import { goOnAnew, isLong, isLongInside } from './steps/long';
import { observed, trafficAt } from './steps/observed';
import { isToDo } from './steps/one-by-one';
import { opening } from './steps/opening';
import { progressing } from './steps/progress';
import { runOnce } from './steps/run-once';
import { shareOut } from './steps/share-out';
import { leaveRotation, settle } from './steps/settle';
import { noteBefore, noteProven } from './steps/stable';
import { stage } from './steps/stage';
import type { ChangeState } from './steps/state';
import { forgetTesters, steerToChanged } from './steps/testers';
import { fencesUp } from './steps/turn';
import { willUndo } from './steps/undo';
import { walk } from './steps/walk';

type Upgrade = Change<UpgradeIntent>;

/** Upgrades a service host by host without losing a request. The input is checked by the plan. */
export async function rollingUpgrade(input: unknown, carried?: ChangeState): Promise<Report> {
  const run: Upgrade = Change.begin('rollingUpgrade', carried);
  return conduct(run, async () => {
    const planned = await opening(run, () => makePlan(input));
    if (planned) return planned;
    if (run.plan.intent.hosts.length === 0) return nothingToDo(run);
    if (!run.state.staged) {
      await stage(run);
      if (!run.state.staged) await goOnAnew(run, input);
      await learnUsual(run, servingBefore(run));
      await fencesUp(run);
      await noteBefore(run);
      await closeForChange(run);
      await runOnce(run, 'before');
    }
    const { intent } = run.plan;
    if (intent.blueGreen) await replaceSet(run, input);
    else await batchByBatch(run, input);
    await runOnce(run, 'after');
    if (intent.blueGreen) await retireOldSet(run);
    const ending = done(run);
    await noteProven(run, intent.version);
    return ending;
  });
}

async function batchByBatch(run: Upgrade, input: unknown): Promise<void> {
  for (const batch of run.plan.intent.batches.slice(run.state.batchesDone)) {
    const done = await whileClosed(run, () => upgradeBatch(run, batch));
    if (done) {
      await openAfterChange(run);
      await afterBatch(run);
      announceProgress(run);
    }
    if (!done || isLong()) await goOnAnew(run, input);
  }
  await forgetTesters(run);
}

/** Not every host need have come along: some were skipped, some failed within the budget. */
function done(run: Upgrade): Ending {
  const { service, version } = run.plan.intent;
  const { coming, leaving } = setsOf(run.plan.intent);
  const skipped = run.status.hosts.filter(({ state }) => state === 'skipped').map(({ name }) => name);
  const { failed } = run.state;
  const upgraded = coming.length - skipped.length - failed.length;
  if (upgraded === 0)
    throw new ChangeStopped('failed', 'nothing was upgraded: every host was skipped', false);
  const without = [
    skipped.length ? `; skipped: ${skipped.join(', ')}` : '',
    failed.length ? `; failed and put back: ${failed.join(', ')}` : '',
    leaving.length ? `; out of rotation: ${leaving.map(({ name }) => name).join(', ')}` : '',
  ].join('');
  return { end: 'succeeded', summary: `${service.name} runs ${version} on ${upgraded} hosts${without}` };
}

function makePlan(input: unknown) {
  return planRollingUpgrade.executeWithOptions({ summary: 'check the input, look at hosts and balancers' }, [
    input,
  ]);
}

/** Those beside whom nobody has the new version yet. */
function servingBefore(run: Upgrade): PlannedHost[] {
  const { coming, leaving } = setsOf(run.plan.intent);
  return leaving.length ? leaving : coming;
}

function nothingToDo(run: Upgrade): Ending {
  const { service, version, blueGreen } = run.plan.intent;
  const who = blueGreen ? 'every host that serves' : 'every host';
  return { end: 'succeeded', summary: `nothing to do: ${who} runs ${service.name} ${version} already` };
}

/** @returns false when the history is long before all of its hosts are done: another run goes on with them */
async function upgradeBatch(run: Upgrade, batch: PlannedBatch): Promise<boolean> {
  const { intent } = run.plan;
  const { adds, share } = batch;
  const index = run.state.batchesDone + 1;
  const who = adds.length > 12 ? `${adds.length} hosts` : adds.join(', ');
  const gets = share === undefined ? '' : `${share} % of the requests to the new version`;
  run.status.batch = { index, of: intent.batches.length };
  const what = [who, gets].filter(Boolean).join('; ');
  run.enter('running', `batch ${index} of ${intent.batches.length}: ${what}`);
  if (!(await shareOut(run, batch))) return false;
  const added = new Set(adds);
  let hosts = intent.hosts.filter((host) => added.has(host.name) && isToDo(run, host));
  while (hosts.length) {
    if (isLongInside(run)) return false;
    const { failures, notStarted } = await progressing(run, () =>
      walk(
        hosts,
        intent.maxUnavailable,
        (host) => upgradeHost(run, host, batch),
        () => isLongInside(run),
      ),
    );
    const again: PlannedHost[] = [];
    for (const { item, error } of failures)
      if ((await settle(run, item, error)) === 'retry') again.push(item);
    hosts = [...again, ...notStarted];
  }
  if (adds.length > 0 && adds.every((name) => run.state.failed.includes(name)))
    throw new ChangeStopped('failed', `every host of batch ${index} failed`, 'asPlanned');
  await steerToChanged(run);
  run.state.batchesDone = index;
  return true;
}

/** One host out, changed, back. The undo of each step is written down before the step. */
async function upgradeHost(run: Upgrade, host: PlannedHost, { percent }: PlannedBatch): Promise<void> {
  const { version, checks, settings } = run.plan.intent;
  const before = run.plan.observed.hosts[host.name];
  await boundary(run);
  if (!run.isSkipped(host)) await roomForLoad(run, host);
  if (!before || run.isSkipped(host)) return run.note(host.name, { state: 'skipped' });
  const weights = weightsOf(before.traffic);
  await run.working(host, async () => {
    willUndo(run, { step: 'putBack', host: host.name, weights });
    await leaveRotation(run, host);
    willUndo(run, { step: 'switchBack', host: host.name, version: before.version });
    await switchRelease(run, host, version, 'switch');
    await proveHealthy(run, host, version, checks);
    if (percent === undefined) await putBack(run, host, weights);
    else await bringTo(run, host, weights, percent);
    const what = `${host.name} must stay healthy for ${settings.minHealthySeconds} s`;
    await stayHealthy(run, [host], settings.minHealthySeconds, what, trafficAt(percent));
    run.note(host.name, { state: 'done', note: undefined });
  });
}

/** Observation and the gate after a batch; after the last one, the watch. */
async function afterBatch(run: Upgrade): Promise<void> {
  const { batches, settings, gate } = run.plan.intent;
  const last = run.state.batchesDone === batches.length;
  const { soakSeconds = settings.soakSeconds, percent } = batches[run.state.batchesDone - 1]!;
  const seconds = last ? settings.watchSeconds : soakSeconds;
  const what = last
    ? `watching all hosts for ${seconds} s`
    : `soaking batch ${run.state.batchesDone} for ${seconds} s`;
  const phase = last ? 'watching' : 'soaking';
  while ((seconds || gate) && !(await observed(run, phase, seconds, what, { gate: gateName(run), percent })));
  await boundary(run);
  if (!last && run.state.batchesDone === 1 && settings.approvals.includes('afterFirstBatch'))
    await approval(
      run,
      'afterFirstBatch',
      `batch 1 is done; approve the rest of plan ${run.plan.hash.slice(0, 12)}`,
    );
}

function gateName(run: Upgrade): string {
  const { batches } = run.plan.intent;
  const { batchesDone } = run.state;
  return batchesDone === batches.length ? 'gate after the last batch' : `gate after batch ${batchesDone}`;
}
