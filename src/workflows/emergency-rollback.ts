import { ActivityFailure } from '@temporalio/workflow';
import type { PlannedHost, RollbackIntent } from '../contracts/plan';
import type { Release } from '../contracts/stable';
import type { HostStatus, Report, Todo } from '../contracts/status';
import { releaseText } from '../domain/stable';
import { planEmergencyRollback, readState } from './steps/activities';
import { announce } from './steps/announce';
import { boundary } from './steps/boundary';
import { Change, ChangeStopped } from './steps/change';
import { closedLeft, closedPieces, openAfterChange, takeOverClosed } from './steps/closing';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import { badState, hostFailed } from './steps/host-failure';
import { proveHealthy, putBack, switchRelease, takeOut, weightsOf } from './steps/host-steps';
import { roomForLoad } from './steps/load';
import { isToDo } from './steps/one-by-one';
import { opening } from './steps/opening';
import { progressing } from './steps/progress';
import { markHost } from './steps/service-steps';
import { noteProven } from './steps/stable';
import type { ChangeState } from './steps/state';
import { steerNowhere } from './steps/steer';
import { fencesUp } from './steps/turn';
import { walk } from './steps/walk';

type Rollback = Change<RollbackIntent>;

/** By host and balancer. */
type Weights = Record<string, Record<string, number>>;

/**
 * Brings a service back to a release that has proven itself, ahead of all other changes. A host that does not get
 * through is kept out of rotation, and keeps nobody else from going back. The input is checked by the plan.
 */
export async function emergencyRollback(input: unknown, carried?: ChangeState): Promise<Report> {
  const run: Rollback = Change.begin('emergencyRollback', carried);
  return conduct(run, async () => {
    const planned = await opening(run, () => makePlan(run, input));
    if (planned) return planned;
    const { intent } = run.plan;
    await fencesUp(run);
    const begun = new Date().toISOString();
    for (const { name } of intent.hosts.filter((host) => isWell(run, host)))
      run.note(name, { state: 'done' });
    tellWhoGaveWay(run);
    const gaveWay = await thoseBefore(run);
    if (!run.state.touched) takeOverClosed(run, gaveWay);
    if (closedPieces(run).length === 0 && intent.hosts.every((host) => !isToDo(run, host)))
      return nothingToDo(run);
    tellAlert(run, begun);
    run.enter('running', intent.about);
    // a host that leaves would get their requests on; it leaves all the same
    const steered = intent.testers ? await steerNowhere(run) : undefined;
    if (steered) run.status.notes.push(`test users may still go where they went: ${steered}`);
    const stop = (await allBack(run, weightsBefore(run, gaveWay))) ?? (await takePageAway(run));
    const end = ending(run, begun, stop);
    if (end.end === 'succeeded') await noteProven(run, target(run), runningBefore(run));
    return end;
  });
}

/** What gives way to it changes how hosts are, and nothing of where they go, nor that its page is to go. */
function makePlan({ state }: Rollback, input: unknown) {
  const { version, config, closures, page } = state.plan?.intent ?? {};
  return planEmergencyRollback.executeWithOptions({ summary: 'what proved itself, and how hosts are' }, [
    { input, ...(version && { before: { version, config, closures, page } }) },
  ]);
}

function nothingToDo(run: Rollback): Ending {
  const { service } = run.plan.intent;
  return {
    end: 'succeeded',
    summary: `nothing to do: every host of ${service.name} runs ${releaseText(target(run))} and serves`,
  };
}

/** It runs the release and gets requests. */
function isWell(run: Rollback, { name }: PlannedHost): boolean {
  const { version = '', config, traffic = {} } = run.plan.observed.hosts[name] ?? {};
  const wanted = run.plan.intent;
  const same = !wanted.config || wanted.config.revision === config;
  return version === wanted.version && same && Object.values(traffic).every(({ state }) => state === 'in');
}

/** What those who gave way knew; of some it cannot be had. */
async function thoseBefore({ turn, plan }: Rollback): Promise<ChangeState[]> {
  const states: ChangeState[] = [];
  for (const { id } of turn.line?.holders ?? []) {
    const state = (await stateOf(id)) as ChangeState | null;
    if (state?.plan?.intent.service.name === plan.intent.service.name) states.push(state);
  }
  return states;
}

/** A change that gave way may have left hosts with a part of their weights; it knows what they had before. */
function weightsBefore({ plan: { intent, observed } }: Rollback, gaveWay: ChangeState[]): Weights {
  const weights: Weights = Object.fromEntries(
    intent.hosts.map(({ name }) => [name, weightsOf(observed.hosts[name]?.traffic ?? {})]),
  );
  for (const { plan } of gaveWay)
    for (const [name, { traffic }] of Object.entries(plan?.observed.hosts ?? {}))
      if (weights[name]) weights[name] = { ...weights[name], ...weightsOf(traffic) };
  return weights;
}

function stateOf(id: string): Promise<unknown> {
  return readState
    .executeWithOptions({ summary: `what ${id} knew, which gave way` }, [{ id }])
    .catch((error: unknown) => {
      if (error instanceof ActivityFailure) return null;
      throw error;
    });
}

/**
 * As many at a time as may be out. One that may not leave yet is tried again when others are back.
 *
 * @returns what stopped it, if something did
 */
async function allBack(run: Rollback, weights: Weights): Promise<ChangeStopped | undefined> {
  const { hosts, atOnce } = run.plan.intent;
  let left = hosts.filter((host) => isToDo(run, host));
  for (let before = Infinity; left.length > 0 && left.length < before;) {
    before = left.length;
    const notYet: PlannedHost[] = [];
    const { failures } = await progressing(run, () =>
      walk(left, atOnce, async (host) => {
        if (!(await oneBack(run, host, weights[host.name] ?? {}))) notYet.push(host);
      }),
    );
    for (const { error } of failures) {
      if (error instanceof ChangeStopped) return error;
      throw error;
    }
    left = notYet;
  }
  return undefined;
}

/** @returns false when the balancers do not let it leave, because too few would serve */
async function oneBack(run: Rollback, host: PlannedHost, weights: Record<string, number>): Promise<boolean> {
  const { version } = run.plan.intent;
  const { unfit } = run.plan.observed.hosts[host.name] ?? {};
  await boundary(run);
  run.state.touched = true;
  try {
    await roomForLoad(run, host);
    await run.working(host, async () => {
      await takeOut(run, host, 'force');
      if (unfit) return run.note(host.name, { state: 'failed', note: unfit });
      await switchRelease(run, host, version, 'switch');
      await proveHealthy(run, host, version, []);
      await putBack(run, host, weights);
      if (run.plan.observed.hosts[host.name]?.out) await markHost(run, host, null);
      run.note(host.name, { state: 'done', note: undefined });
    });
    return true;
  } catch (error) {
    if (error instanceof ChangeStopped) throw error;
    const failure = hostFailed(host.name, error);
    if (failure.kind === 'fenced')
      throw new ChangeStopped('failed', `${failure.message}; it is left to the newer change`, false);
    run.note(host.name, { state: badState(failure), note: failure.message });
    announce(run, 'hostFailed', { host: host.name, why: failure.message });
    return failure.kind !== 'notYet';
  }
}

/** A page stays before hosts that may serve something else. @returns what stopped it, if something did */
async function takePageAway(run: Rollback): Promise<ChangeStopped | undefined> {
  if (mayServe(run).length > 0) return undefined;
  try {
    await openAfterChange(run);
    return undefined;
  } catch (error) {
    if (error instanceof ChangeStopped) return error;
    throw error;
  }
}

/** Well when nothing but the wanted release gets requests, whoever stays out. There is no way back from a way back. */
function ending(run: Rollback, begun: string, stop?: ChangeStopped): Ending {
  const { service, outFor } = run.plan.intent;
  const release = releaseText(target(run));
  const stuck = run.status.hosts.filter(({ state }) => state !== 'done');
  run.status.leftToDo.push(...stuck.map((host) => todo(run, host)), ...closedLeft(run));
  if (stop) {
    const end = stop.why === 'aborted' ? 'aborted' : 'failed';
    return { end, summary: `${stop.message}; hosts stay as they are` };
  }
  const serving = mayServe(run);
  if (serving.length > 0) {
    const names = serving.map(({ name, note }) => `${name} (${note ?? 'unknown'})`).join(', ');
    return { end: 'failed', summary: `${names} may still get requests without ${release}` };
  }
  run.status.progress = 1;
  const minutes = Math.ceil((Date.now() - Date.parse(begun)) / 60_000);
  const what = `${service.name} runs ${release} again: ${outFor.reason}`;
  announce(run, 'allClear', { what, since: begun, minutes });
  const out = stuck.map(({ name }) => name).join(', ');
  return {
    end: 'succeeded',
    summary: `all requests of ${service.name} go to ${release}${out ? `; out of rotation: ${out}` : ''}`,
  };
}

/** Hosts that may get requests without the release; one that is in no balancer cannot be kept from them. */
function mayServe({ status, plan }: Rollback): HostStatus[] {
  const free = plan.intent.hosts.filter(({ places }) => places.length === 0).map(({ name }) => name);
  return status.hosts.filter(
    ({ name, state, balancers }) =>
      state !== 'done' &&
      (free.includes(name) || Object.values(balancers).some((traffic) => traffic.state !== 'out')),
  );
}

/** What the service was brought back from is nothing to go back to. */
function runningBefore(run: Rollback): Release[] {
  const back = target(run);
  const isBack = (one: Release) =>
    one.version === back.version && (back.config === undefined || one.config === back.config);
  const hosts = Object.values(run.plan.observed.hosts).filter((host) => host.version && !isBack(host));
  return hosts.map(({ version, config }) => ({ version, config }));
}

function target({ plan: { intent } }: Rollback): Release {
  const { version, config } = intent;
  return { version, ...(config && { config: config.revision }) };
}

function todo(
  run: Rollback,
  { name, note, version }: { name: string; note?: string; version: string },
): Todo {
  const { service } = run.plan.intent;
  const { version: wanted, config } = target(run);
  return {
    host: name,
    what: `${name} (${version || 'unknown'}) did not go back: ${note ?? 'it was not begun'}; when it is mended, start this again with version ${wanted}${config ? ` and config ${config}` : ''}, or nodeOnline`,
    command: `ssh ${name} systemctl status ${service.unit}`,
  };
}

function tellWhoGaveWay(run: Rollback): void {
  for (const { id } of run.turn.line?.holders ?? []) run.happened(`${id} gave way`);
}

function tellAlert(run: Rollback, since: string): void {
  const { service, outFor, hosts, atOnce, hostSeconds } = run.plan.intent;
  const toGo = hosts.filter((host) => isToDo(run, host)).length;
  const seconds = Math.ceil(toGo / atOnce) * hostSeconds;
  const end = new Date(Date.parse(since) + seconds * 1_000).toISOString();
  announce(run, 'alert', {
    what: `${service.name} goes back to ${releaseText(target(run))}: ${outFor.reason} (${outFor.by})`,
    since,
    effect: `${toGo} hosts are brought back`,
    expected: `it is over by ${end.slice(11, 16)} UTC at the latest`,
  });
}
