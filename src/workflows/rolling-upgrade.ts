import type { PlannedBatch, PlannedHost, UpgradeIntent } from '../contracts/plan';
import type { Report } from '../contracts/status';
import { planRollingUpgrade } from './steps/activities';
import { announce, announceProgress } from './steps/announce';
import { approval } from './steps/ask';
import { boundary } from './steps/boundary';
import { Change, ChangeStopped } from './steps/change';
import { prepareHost } from './steps/command';
import { closeForChange, openAfterChange } from './steps/closing';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import { BatchGate, GateFailed, learnUsual } from './steps/gate';
import { whileClosed } from './steps/guard';
import { badState, HostFailed, hostFailed } from './steps/host-failure';
import {
  bringTo,
  proveHealthy,
  putBack,
  stageRelease,
  stayHealthy,
  switchRelease,
  weightsOf,
} from './steps/host-steps';
import { roomForLoad } from './steps/load';
import { goOnAnew, isLong, isLongInside } from './steps/long';
import { isToDo } from './steps/one-by-one';
import { opening } from './steps/opening';
import { progressing } from './steps/progress';
import { runOnce } from './steps/run-once';
import { shareOut } from './steps/share-out';
import { leaveRotation, settle, settleGate } from './steps/settle';
import { noteBefore, noteProven } from './steps/stable';
import type { ChangeState } from './steps/state';
import { steerNowhere, steerToChanged } from './steps/testers';
import { fencesUp } from './steps/turn';
import { willUndo } from './steps/undo';
import { SIDE_BY_SIDE, walk } from './steps/walk';

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
      await learnUsual(run);
      await fencesUp(run);
      await noteBefore(run);
      await closeForChange(run);
      await runOnce(run, 'before');
    }
    const { intent } = run.plan;
    for (const batch of intent.batches.slice(run.state.batchesDone)) {
      const done = await whileClosed(run, () => upgradeBatch(run, batch));
      if (done) {
        await openAfterChange(run);
        await afterBatch(run);
        announceProgress(run);
      }
      if (!done || isLong()) await goOnAnew(run, input);
    }
    await steerNowhere(run);
    await runOnce(run, 'after');
    const ending = done(run);
    await noteProven(run, intent.version);
    return ending;
  });
}

/** Not every host need have come along: some were skipped, some failed within the budget. */
function done(run: Upgrade): Ending {
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

function nothingToDo(run: Upgrade): Ending {
  const { service, version } = run.plan.intent;
  return { end: 'succeeded', summary: `nothing to do: every host runs ${service.name} ${version} already` };
}

/** Prepares all hosts and brings the release to them while all of them serve; in the midst of them when the history is long. */
async function stage(run: Upgrade): Promise<void> {
  const { intent } = run.plan;
  run.enter('preparing', `staging ${intent.version} on ${intent.hosts.length} hosts`);
  // what users' commands do on hosts comes after all of earlier changes
  if (intent.prepare) await fencesUp(run);
  const left = intent.hosts.filter(({ name }) => run.host(name).state !== 'staged');
  const stageOne = async (host: PlannedHost) => {
    await boundary(run);
    for (const prepare of intent.prepare ?? []) await prepareHost(run, host, prepare);
    await stageRelease(run, host);
  };
  const { failures, notStarted } = await progressing(run, () =>
    walk(left, SIDE_BY_SIDE, stageOne, () => isLongInside(run)),
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

/** At 0 percent none but test users get to a host. */
const trafficAt = (percent?: number) => (percent === 0 ? { traffic: 'draining' as const } : {});

/** Observation and the gate after a batch; after the last one, the watch. */
async function afterBatch(run: Upgrade): Promise<void> {
  const { batches, settings, gate } = run.plan.intent;
  const last = run.state.batchesDone === batches.length;
  const { soakSeconds = settings.soakSeconds } = batches[run.state.batchesDone - 1]!;
  const seconds = last ? settings.watchSeconds : soakSeconds;
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
  run: Upgrade,
  phase: 'watching' | 'soaking',
  seconds: number,
  what: string,
): Promise<boolean> {
  const { hosts, batches } = run.plan.intent;
  const done = hosts.filter(({ name }) => run.host(name).state === 'done');
  const { percent } = batches[run.state.batchesDone - 1]!;
  run.enter(phase, what);
  // what test users ask is too little to judge by
  const gate = percent === 0 ? null : BatchGate.open(run, done, gateName(run));
  try {
    await stayHealthy(run, done, seconds, what, {
      ...trafficAt(percent),
      ...(gate && { beside: gate.failed }),
    });
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

function gateName(run: Upgrade): string {
  const { batches } = run.plan.intent;
  const { batchesDone } = run.state;
  return batchesDone === batches.length ? 'gate after the last batch' : `gate after batch ${batchesDone}`;
}
