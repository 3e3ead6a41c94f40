/** Blue/green: the idle set gets the release, all balancers switch to it, and the old set stays warm for a while. */
import type { PlannedHost, UpgradeIntent } from '../../contracts/plan';
import { balancersOf, setsOf, SWITCH } from '../../domain/blue-green';
import { approval } from './ask';
import { boundary } from './boundary';
import type { Change } from './change';
import { proveServed } from './config-steps';
import { ChangeStopped } from './change';
import { HostFailed, hostFailed } from './host-failure';
import { bringTo, proveHealthy, stayHealthy, switchRelease, takeOut, weightsOf } from './host-steps';
import { roomForSet } from './load';
import { goOnAnew, isLongInside } from './long';
import { observed } from './observed';
import { isToDo } from './one-by-one';
import { progressing } from './progress';
import { runOnce } from './run-once';
import { markHost, stopService } from './service-steps';
import { settle } from './settle';
import { names, orAsk, switchOver } from './switch-over';
import { willUndo } from './undo';
import { SIDE_BY_SIDE, walk } from './walk';

type Upgrade = Change<UpgradeIntent>;

/** The other set of hosts serves when it is over; until then one message, or a gate, switches back. */
export async function replaceSet(run: Upgrade, input: unknown): Promise<void> {
  do await prepareIdleSet(run, input);
  while (!(await readyToSwitch(run)));
  await switchAll(run);
  await drainOldSet(run);
  await watchNewSet(run);
  await keepWarm(run);
}

/** Release, proof and checks on each host of the idle set, side by side, for nobody sends them requests. */
async function prepareIdleSet(run: Upgrade, input: unknown): Promise<void> {
  const { coming } = setsOf(run.plan.intent);
  for (;;) {
    const left = coming.filter((host) => isToDo(run, host) && !standsBy(run, host));
    if (left.length === 0) break;
    if (isLongInside(run)) await goOnAnew(run, input);
    run.enter('running', `${names(left)} get ${run.plan.intent.version}; nobody sends them requests`);
    const { failures } = await progressing(run, () =>
      walk(
        left,
        SIDE_BY_SIDE,
        (host) => prepare(run, host),
        () => isLongInside(run),
      ),
    );
    for (const { item, error } of failures) await settle(run, item, error);
  }
  if (coming.every((host) => !standsBy(run, host)))
    throw new ChangeStopped('failed', 'nobody is left to switch to', 'asPlanned');
}

/** Balancers check it, and send it nothing. */
const standsBy = (run: Upgrade, { name }: PlannedHost) => run.host(name).state === 'ramping';

async function prepare(run: Upgrade, host: PlannedHost): Promise<void> {
  const { version, checks, config } = run.plan.intent;
  const before = run.plan.observed.hosts[host.name];
  await boundary(run);
  if (!before || run.isSkipped(host)) return run.note(host.name, { state: 'skipped' });
  await run.working(host, async () => {
    if (before.active !== 'active') willUndo(run, { step: 'stopAgain', host: host.name });
    willUndo(run, { step: 'switchBack', host: host.name, version: before.version });
    await switchRelease(run, host, version, 'switch');
    await proveHealthy(run, host, version, checks);
    if (config) await proveServed(run, host, config);
    await bringTo(run, host, weightsOf(before.traffic), 0);
  });
}

/** What is shared is brought over, somebody says yes, and the idle set is well: it may have waited for days. */
async function readyToSwitch(run: Upgrade): Promise<boolean> {
  const { settings } = run.plan.intent;
  const ready = setsOf(run.plan.intent).coming.filter((host) => standsBy(run, host));
  await runOnce(run, 'beforeSwitch');
  await boundary(run);
  if (settings.approvals.includes('beforeSwitch') && !run.state.control.decisions.beforeSwitch)
    await approval(
      run,
      'beforeSwitch',
      `${names(ready)} stand by; approve the switch of all requests to them`,
    );
  const seconds = Math.max(1, settings.minHealthySeconds);
  const what = `${names(ready)} must stand by in good health for ${seconds} s`;
  run.enter('running', what);
  try {
    await stayHealthy(run, ready, seconds, what, { traffic: 'draining' });
    return true;
  } catch (error) {
    const host = error instanceof HostFailed && ready.find(({ name }) => name === error.host);
    if (!host) throw error;
    await settle(run, host, error);
    return false;
  }
}

async function switchAll(run: Upgrade): Promise<void> {
  if (run.stepStatus(SWITCH).state === 'done') return;
  const { coming, leaving } = setsOf(run.plan.intent);
  const ready = coming.filter((host) => standsBy(run, host));
  await orAsk(run, 'it is not known whether they carry the load', () => roomForSet(run, ready, leaving));
  await boundary(run);
  const balancers = balancersOf(run.plan.intent).join(', ');
  willUndo(run, { step: 'switchBalancersBack', host: balancers, name: SWITCH });
  run.enter('running', `${balancers} switch to ${run.plan.intent.version}`);
  await switchOver(run);
}

/** Requests that were at work when the balancers switched. */
async function drainOldSet(run: Upgrade): Promise<void> {
  const { leaving } = setsOf(run.plan.intent);
  const { onDeadline } = run.plan.intent.settings.drain;
  for (;;) {
    const left = leaving.filter(({ name }) => !['out', 'skipped'].includes(run.host(name).state));
    if (left.length === 0) return;
    run.enter('running', `requests of ${names(left)} end`);
    const { failures } = await progressing(run, () =>
      walk(left, SIDE_BY_SIDE, async (host) => {
        await boundary(run);
        await run.working(host, () => takeOut(run, host, onDeadline));
      }),
    );
    for (const { item, error } of failures) await settle(run, item, error);
  }
}

async function watchNewSet(run: Upgrade): Promise<void> {
  const { settings, gate } = run.plan.intent;
  const seconds = settings.watchSeconds;
  const judged = { gate: 'gate after the switch', alone: true };
  const what = `watching the new set for ${seconds} s`;
  while ((seconds || gate) && !(await observed(run, 'watching', seconds, what, judged)));
  await boundary(run);
}

async function keepWarm(run: Upgrade): Promise<void> {
  const { blueGreen, version } = run.plan.intent;
  const { leaving } = setsOf(run.plan.intent);
  const { warmSeconds = 0, stopOld = false } = blueGreen ?? {};
  const what = `${version} serves; ${names(leaving)} are kept warm for ${warmSeconds} s: an abort with undo switches back`;
  const then = `${names(leaving)} stay out of rotation${stopOld ? ', and are stopped' : ''}`;
  while (warmSeconds && !(await observed(run, 'watching', warmSeconds, what, { then })));
  await boundary(run);
}

/** There is no way back any more. What cannot be written down or stopped now is left to do, and undoes nothing. */
export async function retireOldSet(run: Upgrade): Promise<void> {
  const { service, version, blueGreen } = run.plan.intent;
  const { coming, leaving } = setsOf(run.plan.intent);
  const by = run.status.id;
  const since = new Date().toISOString();
  const reason = `the idle set of ${service.name} since ${version} serves`;
  run.enter('running', `${names(leaving)} are the idle set now`);
  run.state.retired = true;
  await walk([...coming, ...leaving], SIDE_BY_SIDE, (host) =>
    orLeft(run, host, async () => {
      if (coming.includes(host)) return markHost(run, host, null);
      const weights = weightsOf(run.plan.observed.hosts[host.name]?.traffic ?? {});
      await markHost(run, host, { reason, by, since, change: by, weights, standby: true });
      if (blueGreen?.stopOld) await stopService(run, host, 'stop');
      run.note(host.name, { state: 'out', note: blueGreen?.stopOld ? 'stopped' : undefined });
    }),
  );
  run.status.progress = 1;
}

async function orLeft(run: Upgrade, host: PlannedHost, work: () => Promise<void>): Promise<void> {
  const { state } = run.host(host.name);
  try {
    await work();
  } catch (error) {
    const { message } = hostFailed(host.name, error);
    run.note(host.name, { state, note: message });
    run.status.leftToDo.push({
      host: host.name,
      what: `${host.name} is ${state} as was asked for, but: ${message}`,
    });
  }
}
