import { condition, workflowInfo } from '@temporalio/workflow';
import type { MaintenanceTimes } from '../contracts/maintenance';
import type { MaintenanceIntent } from '../contracts/plan';
import type { Report } from '../contracts/status';
import {
  closureClaims,
  extendedEnd,
  isoTimes,
  noticesBefore,
  windowIn,
  windowOf,
} from '../domain/maintenance';
import { planMaintenanceMode } from './steps/activities';
import { boundary } from './steps/boundary';
import { Change, ChangeStopped } from './steps/change';
import { announceMaintenance, closeServices, openServices, renewServices } from './steps/closing';
import { conduct } from './steps/conduct';
import { guarded } from './steps/guard';
import { adoptPlan } from './steps/state';
import { takeTurn } from './steps/turn';

type Run = Change<MaintenanceIntent>;

/** Closes services with a page for a stated time, and opens them again. The input is checked by the plan. */
export async function maintenanceMode(input: unknown): Promise<Report> {
  const run: Run = Change.begin<MaintenanceIntent>('maintenanceMode');
  const replan = async () => adoptPlan(run.state, (await makePlan(input)).plan);
  return conduct(run, async () => {
    const { plan, dryRun } = await makePlan(input);
    adoptPlan(run.state, plan);
    if (dryRun) return { end: 'planned', summary: `planned: ${run.status.service} ${run.status.about}` };
    try {
      await announceAhead(run, replan);
      await takeTurn(run, replan);
      const times = timesNow(run);
      run.enter('running', `closing ${run.status.service}`);
      await closeServices(run, times);
      announceStart(run, times);
      const minutes = await untilItsEnd(run, times);
      run.enter('running', `opening ${run.status.service}`);
      await openServices(run);
      run.status.progress = 1;
      return { end: 'succeeded', summary: `${run.status.service} was closed for ${minutes} min and is open` };
    } catch (error) {
      callOff(run);
      throw error;
    }
  });
}

/** A start that was ahead when this was asked for is none of the past later. */
function makePlan(input: unknown) {
  const at = workflowInfo().startTime.getTime();
  const summary = 'check the input, look at balancers, render the page';
  return planMaintenanceMode.executeWithOptions({ summary }, [{ input, at }]);
}

/** Tells people at the times of the plan, and waits for the start; nobody else announces the same meanwhile. */
async function announceAhead(run: Run, replan: () => Promise<void>): Promise<void> {
  const { start, announce } = run.plan.intent.times;
  if (start === 'now') return;
  await takeTurn(run, replan, ({ plan }) => closureClaims(plan.intent.closures ?? [], start));
  const window = windowOf(run.plan.intent.times, 0);
  const { due } = noticesBefore(announce, window.from, Date.now());
  for (const [index, { ahead, at }] of due.entries()) {
    await waitUntil(run, at, `people are told ${ahead} ahead`);
    // a worker that was away has missed it, and the next one says the same
    if ((due[index + 1]?.at ?? window.from) <= Date.now()) continue;
    run.state.announced = isoTimes(window);
    announceMaintenance(run, 'maintenanceAnnounced', run.state.announced);
  }
  await waitUntil(run, window.from, `${run.status.service} is closed`);
}

/** Waits for a time of the plan. An abort ends it; a pause holds it up. */
async function waitUntil(run: Run, at: number, then: string): Promise<void> {
  const { control, status } = run.state;
  const until = new Date(at).toISOString();
  const what = `waits for ${until.slice(0, 16)}Z`;
  for (await boundary(run); Date.now() < at; await boundary(run)) {
    run.doing.appointed = true;
    status.waitingFor = {
      what,
      answers: [{ message: 'abort', payload: { by: 'you', undo: true } }],
      until,
      then,
    };
    run.enter('preparing', what);
    const stopped = () => !!control.abort || !!control.paused;
    await condition(stopped, Math.max(1, at - Date.now()), { summary: `${what}: ${then}` });
    status.waitingFor = null;
    run.doing.appointed = false;
  }
}

/** What was announced stands: a start that is late makes no later end. */
function timesNow(run: Run): MaintenanceTimes {
  const window = windowOf(run.plan.intent.times, Date.now());
  if (window.to <= Date.now())
    throw new ChangeStopped('failed', 'its time was over before it could begin; nothing was closed', false);
  return isoTimes(window);
}

function announceStart(run: Run, times: MaintenanceTimes): void {
  delete run.state.announced;
  run.state.closed = times;
  announceMaintenance(run, 'maintenanceStarted', times);
}

/** People were told of it, and now it does not begin. */
function callOff(run: Run): void {
  const { announced } = run.state;
  if (announced) announceMaintenance(run, 'maintenanceCancelled', announced);
  delete run.state.announced;
}

/**
 * Lets the time pass. It may be extended, and ended early.
 *
 * @returns minutes for which it was closed
 */
async function untilItsEnd(run: Run, times: MaintenanceTimes): Promise<number> {
  const { control, status } = run.state;
  const { maxMinutes } = run.plan.intent.times;
  const window = windowIn(times);
  let end = window.to;
  let applied = (control.extended = 0);
  control.promoted = false;
  run.doing.closed = { ...window, maxMinutes };
  const changed = () => control.promoted || !!control.abort || control.extended !== applied;
  for (;;) {
    const what = `${status.service} is closed for maintenance`;
    const to = new Date(end).toISOString();
    status.waitingFor = {
      what,
      answers: [
        { message: 'promote', payload: { by: 'you' } },
        { message: 'extend', payload: { by: 'you', minutes: 30 } },
      ],
      until: to,
      then: 'it is opened',
    };
    run.enter('running', what);
    await guarded(run, { ...times, to }, () =>
      condition(changed, Math.max(1, end - Date.now()), { summary: `${what} until ${to.slice(0, 16)}Z` }),
    );
    if (control.promoted || control.abort || control.extended === applied) break;
    applied = control.extended;
    end = extendedEnd(window, applied, maxMinutes);
    run.state.closed = { ...times, to: new Date(end).toISOString() };
    announceMaintenance(run, 'maintenanceExtended', run.state.closed);
    await renewServices(run, run.state.closed);
  }
  run.doing.closed = null;
  status.waitingFor = null;
  run.throwIfStopped();
  return Math.round((Date.now() - window.from) / 60_000);
}
