/** How a change goes from host to host, batch by batch, whatever it changes on them. */
import type { ObservedHost, PlannedBatch, PlannedHost, RolloutIntent } from '../../contracts/plan';
import { announceProgress } from './announce';
import { approval } from './ask';
import { boundary } from './boundary';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { openAfterChange } from './closing';
import { whileClosed } from './guard';
import { bringTo, putBack, stayHealthy, weightsOf } from './host-steps';
import { roomForLoad } from './load';
import { goOnAnew, isLong, isLongInside } from './long';
import { observed, trafficAt } from './observed';
import { isToDo } from './one-by-one';
import { progressing } from './progress';
import { leaveRotation, outIfBad, settle } from './settle';
import { shareOut } from './share-out';
import { forgetTesters, steerToChanged } from './testers';
import { willUndo } from './undo';
import { walk } from './walk';

type Rollout = Change<RolloutIntent>;

/** What is done to a host, most often while it is out of rotation; it is proven well when this is over. */
export type Work = (host: PlannedHost, before: ObservedHost) => Promise<void>;

/**
 * @param input of the run, for the one that goes on where the history is long
 * @param staysIn hosts that serve on while they are worked on
 */
export async function batchByBatch(
  run: Rollout,
  input: unknown,
  work: Work,
  staysIn: (host: PlannedHost) => boolean = () => false,
): Promise<void> {
  for (const batch of run.plan.intent.batches.slice(run.state.batchesDone)) {
    const one = (host: PlannedHost) => changeHost(run, host, batch, work, staysIn(host));
    const done = await whileClosed(run, () => changeBatch(run, batch, one));
    if (done) {
      await openAfterChange(run);
      await afterBatch(run);
      announceProgress(run);
    }
    if (!done || isLong()) await goOnAnew(run, input);
  }
  await forgetTesters(run);
}

/** @returns false when the history is long before all of its hosts are done: another run goes on with them */
async function changeBatch(
  run: Rollout,
  batch: PlannedBatch,
  one: (host: PlannedHost) => Promise<void>,
): Promise<boolean> {
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
      walk(hosts, intent.maxUnavailable, one, () => isLongInside(run)),
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

/** One host out, changed, back; or changed in place, proven to be in all the same. The undo of each step is written down before the step. */
async function changeHost(
  run: Rollout,
  host: PlannedHost,
  { percent }: PlannedBatch,
  work: Work,
  inPlace: boolean,
): Promise<void> {
  const { settings } = run.plan.intent;
  const before = run.plan.observed.hosts[host.name];
  await boundary(run);
  if (!inPlace && !run.isSkipped(host)) await roomForLoad(run, host);
  if (!before || run.isSkipped(host)) return run.note(host.name, { state: 'skipped' });
  const weights = weightsOf(before.traffic);
  await run.working(host, async () => {
    willUndo(run, { step: 'putBack', host: host.name, weights });
    if (inPlace) await outIfBad(run, host, () => work(host, before));
    else {
      await leaveRotation(run, host);
      await work(host, before);
    }
    if (percent === undefined) await putBack(run, host, weights);
    else await bringTo(run, host, weights, percent);
    const what = `${host.name} must stay healthy for ${settings.minHealthySeconds} s`;
    await stayHealthy(run, [host], settings.minHealthySeconds, what, trafficAt(percent));
    run.note(host.name, { state: 'done', note: undefined });
  });
}

/** Observation and the gate after a batch; after the last one, the watch. */
async function afterBatch(run: Rollout): Promise<void> {
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

function gateName(run: Rollout): string {
  const { batches } = run.plan.intent;
  const { batchesDone } = run.state;
  return batchesDone === batches.length ? 'gate after the last batch' : `gate after batch ${batchesDone}`;
}
