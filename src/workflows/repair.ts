import { ActivityFailure } from '@temporalio/workflow';
import type { RepairInput } from '../contracts/lease';
import type { PlannedHost } from '../contracts/plan';
import type { HostState, HostStatus, Report, Todo } from '../contracts/status';
import { throughText } from '../domain/about';
import { SWITCH } from '../domain/blue-green';
import { newControl } from '../domain/control';
import { hostsIn } from '../domain/turn';
import { lookAround, readState } from './steps/activities';
import { Change } from './steps/change';
import { announceMaintenance, closedLeft, closedPieces } from './steps/closing';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import { HostFailed } from './steps/host-failure';
import { lookAgain, stepsLeft, switchLeft } from './steps/left';
import type { ChangeState } from './steps/state';
import { subjectOf, upToDate } from './steps/state';
import { fencesUp, lockOthersOut } from './steps/turn';
import { undoFailed, undoOf } from './steps/undo';

/** A change has nothing left to do on such a host, or has not begun. */
const SETTLED: readonly HostState[] = ['pending', 'staged', 'serving', 'done', 'undone', 'skipped'];

/**
 * Puts back what a change left when it was cut off: hosts that were under way go back to what they were, as an
 * undo would have brought them. Hosts that were finished stay. What cannot be repaired is listed.
 */
export async function repair(input: RepairInput): Promise<Report> {
  const run = Change.begin('repair');
  run.status.summary = `repairing what ${input.dead.id} left`;
  const { epoch, claims } = input;
  Object.assign(run.turn, { key: run.status.id, granted: { epoch, claims, leftovers: [] } });
  return conduct(run, async () => {
    const dead = (await readDead(input)) as ChangeState | null;
    if (!dead?.plan) return reportOnly(run, input);
    inherit(run, upToDate(dead));
    run.enter('rollingBack', `putting back what ${input.dead.id} left (${input.dead.why})`);
    lockOthersOut(run);
    await fencesUp(run);
    const mine = hostsIn(input.claims);
    const underWay = run.plan.intent.hosts.filter(
      ({ name }) =>
        mine.includes(name) &&
        run.state.undo.some((entry) => subjectOf(entry) === name) &&
        !SETTLED.includes(run.host(name).state),
    );
    const left = await switchedBack(run);
    // where requests may go to them they stay as they are
    if (left.length > 0) underWay.length = 0;
    for (const host of underWay.reverse()) left.push(...(await putBack(run, host)));
    const closed = closedPieces(run).reverse();
    for (const name of closed) left.push(...(await openPiece(run, name)));
    return ending(run, input, underWay, left, closed);
  });
}

function readDead({ dead }: RepairInput): Promise<unknown> {
  const { id, runId } = dead;
  return readState
    .executeWithOptions({ summary: `what ${id} knew when it ended` }, [{ id, runId }])
    .catch((error: unknown) => {
      if (error instanceof ActivityFailure) return null;
      throw error;
    });
}

/** Goes on where the other stood: its plan, its undo entries, and its jobs on the hosts, which go by its name. */
function inherit(run: Change, dead: ChangeState): void {
  const { changeId, plan, undo, rounds, status, closed, announced } = dead;
  Object.assign(run.state, { changeId, plan, undo, rounds, touched: true, control: newControl() });
  const { planHash, cluster, service, version, about, hosts, steps } = status;
  Object.assign(run.status, { planHash, cluster, service, version, about, hosts, steps });
  if (closed) run.state.closed = closed;
  // people were told of a maintenance that will not begin
  if (announced) announceMaintenance(run, 'maintenanceCancelled', announced);
}

/** Balancers that were about to switch go back first. @returns what is left to do where one does not */
async function switchedBack(run: Change): Promise<Todo[]> {
  if (
    !run.status.steps.some(
      ({ name, state }) => name === SWITCH && !['pending', 'done', 'undone'].includes(state),
    )
  )
    return [];
  try {
    await undoOf(run, SWITCH);
    return [];
  } catch (error) {
    run.noteStep(SWITCH, { state: 'failed', note: undoFailed(SWITCH, error).message });
    return switchLeft(run);
  }
}

/** @returns what is left to do where a service could not be opened */
async function openPiece(run: Change, name: string): Promise<Todo[]> {
  try {
    await undoOf(run, name);
    return [];
  } catch (error) {
    run.noteStep(name, { state: 'failed', note: undoFailed(name, error).message });
    return closedLeft(run, name);
  }
}

/** @returns what is left to do on a host that could not be put back */
async function putBack(run: Change, { name }: PlannedHost): Promise<Todo[]> {
  try {
    if (run.turn.over)
      throw new HostFailed(name, 'fenced', `${run.turn.over.by} needs the hosts more than this repair`);
    await undoOf(run, name);
    return [];
  } catch (error) {
    const why = undoFailed(name, error).message;
    run.note(name, { state: 'failed', note: why });
    const { unit } = run.plan.intent.service;
    return [
      {
        host: name,
        what: `${name} could not be put back: ${why}`,
        command: `ssh ${name} systemctl status ${unit}`,
      },
    ];
  }
}

/** Hosts that the change had finished serve on, and whoever comes next is told of them. */
async function ending(
  run: Change,
  { dead }: RepairInput,
  tried: PlannedHost[],
  failed: Todo[],
  closed: string[],
): Promise<Ending> {
  await lookAgain(
    run,
    tried.map(({ name }) => name),
  );
  const finished = run.status.hosts.filter(({ state }) => state === 'done');
  const switched = failed.some(({ host }) => host === undefined) ? [] : switchLeft(run);
  run.status.leftToDo = [
    ...failed,
    ...finished.map((host) => stays(run, host)),
    ...stepsLeft(run),
    ...switched,
  ];
  const names = (hosts: { name: string }[]) => hosts.map(({ name }) => name).join(', ');
  const back = tried.filter(({ name }) => run.host(name).state === 'undone');
  const opened = closed.filter((name) => run.stepStatus(name).state === 'undone');
  const summary = [
    `${dead.id} was cut off (${dead.why})`,
    ...(tried.length || closed.length ? [] : ['no host was under way']),
    ...(back.length ? [`back as before: ${names(back)}`] : []),
    ...(opened.length ? [`open again: ${opened.join(', ')}`] : []),
    ...(failed.length ? [`not put back: ${failed.map(({ host = SWITCH }) => host).join(', ')}`] : []),
    ...(finished.length ? [`finished, and left so: ${names(finished)}`] : []),
  ].join('; ');
  return { end: failed.length ? 'failed' : 'succeeded', summary };
}

function stays(run: Change, { name, version }: HostStatus): Todo {
  const was = run.plan.observed.hosts[name]?.version ?? 'unknown';
  const { intent } = run.plan;
  const what = intent.version
    ? `${name} runs ${version} and serves; it ran ${was} before the change that was cut off`
    : throughText(intent, run.host(name), was);
  return { host: name, what };
}

/** Nobody can tell what was done: hosts and balancers say how things are, and a person decides. */
async function reportOnly(run: Change, { dead, cluster, file, claims }: RepairInput): Promise<Ending> {
  const summary = 'how its hosts are';
  const found = await lookAround.executeWithOptions({ summary }, [{ file, hosts: hostsIn(claims) }]);
  Object.assign(run.status, { cluster, service: found[0]?.service ?? null });
  const away = found.filter(({ balancers }) => Object.values(balancers).some(({ state }) => state !== 'in'));
  // those that are out of service on purpose are left so
  run.status.notes.push(...away.flatMap((one) => one.out ?? []));
  const out = away.filter((one) => one.out === undefined);
  run.status.leftToDo = out.map(({ host, version, unit, balancers }) => {
    const places = Object.entries(balancers).map(([name, { state }]) => `${state} at ${name}`);
    return {
      host,
      what: `${host} (${version}) is ${places.join(', ')}; see to its service, then put it back`,
      command: `ssh ${host} systemctl status ${unit}`,
    };
  });
  const why = `${dead.id} was cut off (${dead.why}), and what it had done cannot be read any more`;
  if (out.length === 0)
    return {
      end: 'succeeded',
      summary: `${why}; all of its hosts are in rotation${away.length ? ', or out of service on purpose' : ''}`,
    };
  return { end: 'failed', summary: `${why}; not in rotation: ${out.map(({ host }) => host).join(', ')}` };
}
