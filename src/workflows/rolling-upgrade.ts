import type { ObservedHost, PlannedHost, UpgradeIntent } from '../contracts/plan';
import type { Report } from '../contracts/status';
import { setsOf } from '../domain/blue-green';
import { releaseText } from '../domain/stable';
import { planRollingUpgrade } from './steps/activities';
import { replaceSet, retireOldSet } from './steps/blue-green';
import { Change, ChangeStopped } from './steps/change';
import { closeForChange } from './steps/closing';
import type { Ending } from './steps/conduct';
import { proveServed } from './steps/config-steps';
import { conduct } from './steps/conduct';
import { freshBackups } from './steps/fresh-backups';
import { learnUsual } from './steps/gate';
import { proveHealthy, switchRelease } from './steps/host-steps';
import { goOnAnew } from './steps/long';
import { opening } from './steps/opening';
import { batchByBatch } from './steps/rollout';
import { runOnce } from './steps/run-once';
import { noteBefore, noteProven, releaseAfter } from './steps/stable';
import { stage } from './steps/stage';
import type { ChangeState } from './steps/state';
import { fencesUp } from './steps/turn';
import { willUndo } from './steps/undo';

type Upgrade = Change<UpgradeIntent>;

/** Upgrades a service host by host without losing a request. The input is checked by the plan. */
export async function rollingUpgrade(input: unknown, carried?: ChangeState): Promise<Report> {
  const run: Upgrade = Change.begin('rollingUpgrade', carried);
  return conduct(run, async () => {
    const planned = await opening(run, () => makePlan(input));
    if (planned) return planned;
    if (run.plan.intent.hosts.length === 0) return nothingToDo(run);
    if (!run.state.staged) {
      await freshBackups(run);
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
    else await batchByBatch(run, input, (host, before) => switchVersion(run, host, before));
    await runOnce(run, 'after');
    if (intent.blueGreen) await retireOldSet(run);
    const ending = done(run);
    await noteProven(run, releaseAfter(run, intent.version));
    return ending;
  });
}

/** Not every host need have come along: some were skipped, some failed within the budget. */
function done(run: Upgrade): Ending {
  const { service } = run.plan.intent;
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
  return { end: 'succeeded', summary: `${service.name} runs ${wanted(run)} on ${upgraded} hosts${without}` };
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
  const { service, blueGreen } = run.plan.intent;
  const who = blueGreen ? 'every host that serves' : 'every host';
  return { end: 'succeeded', summary: `nothing to do: ${who} runs ${service.name} ${wanted(run)} already` };
}

function wanted({ plan: { intent } }: Upgrade): string {
  return releaseText({ version: intent.version, config: intent.config?.revision });
}

/** The undo of the switch is written down before it. */
async function switchVersion(run: Upgrade, host: PlannedHost, before: ObservedHost): Promise<void> {
  const { version, checks, config } = run.plan.intent;
  willUndo(run, { step: 'switchBack', host: host.name, version: before.version });
  await switchRelease(run, host, version, 'switch');
  await proveHealthy(run, host, version, checks);
  if (config) await proveServed(run, host, config);
}
