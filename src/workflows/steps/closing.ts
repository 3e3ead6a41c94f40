/**
 * Closing services with a page and opening them again: for a maintenance, and for changes that want it as a step. Flag
 * files come before pages, and go after them, so that an application never hears of requests that it must not take.
 */
import type { MaintenanceTimes, PlannedClosure, PlannedDoor } from '../../contracts/maintenance';
import type { MessageKind } from '../../contracts/notifications';
import type { StepStatus, Todo } from '../../contracts/status';
import { doorStep, flagStep, isoTimes, minutesOf } from '../../domain/maintenance';
import { hostSteps } from './activities';
import { announce } from './announce';
import { askAbout } from './ask';
import type { Change } from './change';
import { ChangeStopped } from './change';
import type { HostFailed } from './host-failure';
import { badState, hostFailed } from './host-failure';
import { patiently } from './host-steps';
import type { ChangeState, UndoEntry } from './state';
import { subjectOf } from './state';
import { walk } from './walk';

/** Seconds for one door or flag: locks, a reload of a large configuration, a proof of five seconds. */
const STEP_SECONDS = 60;
/** Hosts whose flag files are written side by side. */
const FLAGS_AT_ONCE = 20;

/** One door, or the flag files of one service. */
interface Piece {
  undo: UndoEntry & { name: string };
  close: (times: MaintenanceTimes) => Promise<unknown>;
  open: () => Promise<unknown>;
  /** where it may still be closed */
  byHand: () => Omit<Todo, 'what'>[];
}

/** Closes every service of the plan; the undo of each piece is written down before. A page that cannot be shown stops the change. */
export async function closeServices(run: Change, times: MaintenanceTimes): Promise<void> {
  for (const piece of pieces(run)) {
    const { name } = piece.undo;
    run.state.touched = true;
    if (!entryOf(run, name)) run.state.undo.push(piece.undo);
    show(run, name, 'running');
    try {
      const work = () => piece.close(times);
      await patiently(run, name, work, (failure) => show(run, name, 'running', failure));
      run.noteStep(name, { state: 'done', note: 'closed' });
    } catch (error) {
      const failure = hostFailed(name, error);
      const { kind, message } = failure;
      show(run, name, badState(failure), failure);
      // a host that cannot be reached keeps nobody from closing the doors before it
      if (piece.undo.step !== 'lowerFlag' || kind !== 'unreachable')
        throw new ChangeStopped('failed', message, kind === 'fenced' ? false : 'asPlanned');
      run.status.notes.push(`${name} is not up everywhere: ${message}`);
    }
  }
}

/** Gives what is closed new times, once: the guard sees to what does not take them. */
export async function renewServices(run: Change, times: MaintenanceTimes): Promise<void> {
  for (const { undo, close } of pieces(run)) {
    if (!entryOf(run, undo.name)) continue;
    const failure = await close(times).then(
      () => undefined,
      (error: unknown) => hostFailed(undo.name, error),
    );
    if (failure) run.status.notes.push(`${undo.name} does not show the new end yet: ${failure.message}`);
  }
}

/** A change that wants its service closed while its hosts change; users are told. */
export async function closeForChange(run: Change): Promise<void> {
  const { closures = [], closedMinutes = 0, service } = run.plan.intent;
  if (closures.length === 0) return;
  const from = Date.now();
  const times = isoTimes({ from, to: from + closedMinutes * 60_000 });
  run.enter('preparing', `closing ${service.name}`);
  await closeServices(run, times);
  run.state.closed = times;
  announceMaintenance(run, 'maintenanceStarted', times);
}

/** What a change that gave way has closed is this one's to open, and to tell of; where it cannot say, all may be closed. */
export function takeOverClosed(run: Change, gaveWay: ChangeState[]): void {
  const before = gaveWay.find(({ plan }) => plan?.intent.closures);
  const closed = before?.undo.filter(isPiece).map(subjectOf);
  for (const { undo } of pieces(run)) {
    if (closed && !closed.includes(undo.name)) continue;
    run.state.undo.push(undo);
    run.noteStep(undo.name, { state: 'done', note: 'closed' });
  }
  if (before?.closed) run.state.closed = before.closed;
}

/** Its hosts are changed, and users' requests judge what comes. */
export async function openAfterChange(run: Change): Promise<void> {
  if (closedPieces(run).length === 0) return;
  run.enter('running', `opening ${run.plan.intent.service.name}`);
  await openServices(run);
}

/**
 * Opens all that is closed. What cannot be opened at once waits until the rest is open; then it is tried for as long as
 * the plan says, and a person is asked: whatever it is, users stand before it.
 */
export async function openServices(run: Change): Promise<void> {
  const closed = pieces(run).filter(({ undo }) => entryOf(run, undo.name));
  const stuck: Piece[] = [];
  for (const piece of closed.reverse()) if (!(await openedAtOnce(run, piece))) stuck.push(piece);
  for (const piece of stuck) {
    const { name } = piece.undo;
    const done = await persist(run, piece);
    if (!done) run.status.leftToDo.push(...todos(piece, `${name} was taken as open; see that it is`));
    opened(run, name, done);
  }
}

async function openedAtOnce(run: Change, piece: Piece): Promise<boolean> {
  const { name } = piece.undo;
  show(run, name, 'undoing');
  try {
    await piece.open();
    opened(run, name);
    return true;
  } catch (error) {
    const failure = hostFailed(name, error);
    show(run, name, badState(failure), failure);
    return false;
  }
}

function opened(run: Change, name: string, done = true): void {
  if (done) run.noteStep(name, { state: 'done', note: 'open again' });
  run.state.undo = run.state.undo.filter((entry) => !('name' in entry) || entry.name !== name);
  tellWhenOpen(run);
}

/** The same for one piece, as an undo: who waits for an answer is not asked again. */
export async function openAgain(run: Change, { name }: UndoEntry & { name: string }): Promise<void> {
  const piece = pieces(run).find(({ undo }) => undo.name === name);
  if (piece) await patiently(run, name, piece.open, (failure) => show(run, name, 'undoing', failure));
  // the entry itself is taken away by who walks them
  tellWhenOpen(run, name);
}

/** Doors that are not open, and flags that are up, in the order in which they were closed. */
export function closedPieces(run: Change): string[] {
  return run.state.undo.filter(isPiece).map(subjectOf);
}

/**
 * What stays closed when a change has ended, with the command that opens it.
 *
 * @param only default: all pieces
 */
export function closedLeft(run: Change, only?: string): Todo[] {
  return pieces(run)
    .filter(({ undo: { name } }) => entryOf(run, name) && (only ?? name) === name)
    .flatMap((piece) => {
      const { name } = piece.undo;
      const { note, state } = run.stepStatus(name);
      return todos(
        piece,
        state === 'done' ? `${name} is closed still` : `${name} may still be closed (${note ?? state})`,
      );
    });
}

/** Tells people what becomes of their service. */
export function announceMaintenance(
  run: Change,
  kind: MessageKind & `maintenance${string}`,
  { from, to }: MaintenanceTimes,
): void {
  const { page } = run.plan.intent;
  const window = { from: Date.parse(from), to: Date.parse(to) };
  const { content: why = '', contact = '' } = page ?? {};
  announce(run, kind, { from, to, minutes: minutesOf(window), why, contact });
}

/** The last piece is open again, whoever opened it: those who were told that it is closed are told that. */
function tellWhenOpen(run: Change, justOpened?: string): void {
  const { closed, undo } = run.state;
  if (!closed || undo.some((entry) => isPiece(entry) && subjectOf(entry) !== justOpened)) return;
  const to = new Date().toISOString();
  announceMaintenance(run, 'maintenanceEnded', { from: closed.from, to });
  delete run.state.closed;
}

const isPiece = ({ step }: UndoEntry) => step === 'openDoor' || step === 'lowerFlag';
const entryOf = (run: Change, name: string) =>
  run.state.undo.find((entry) => 'name' in entry && entry.name === name);

/** In the order in which they are closed. */
function pieces(run: Change): Piece[] {
  const closures = run.plan.intent.closures ?? [];
  return [
    ...closures.flatMap((closure) => (closure.flagFile ? [flagPiece(run, closure, closure.flagFile)] : [])),
    ...closures.flatMap((closure) => closure.doors.map((door) => doorPiece(run, closure, door))),
  ];
}

function doorPiece(run: Change, { name: service }: PlannedClosure, door: PlannedDoor): Piece {
  const name = doorStep(service, door);
  const { closeDoor, openDoor } = steps(run);
  return {
    undo: { step: 'openDoor', host: door.host, name },
    close: (times) => {
      const { page } = run.plan.intent;
      if (!page) throw new ChangeStopped('failed', 'the plan has no page', false);
      return closeDoor.executeWithOptions({ summary: `close ${name} until ${times.to}` }, [
        { change: run.ref, service, door, page, times },
      ]);
    },
    open: () => openDoor.executeWithOptions({ summary: `open ${name}` }, [{ change: run.ref, door }]),
    byHand: () => [{ host: door.host, command: `ssh ${door.host} '${door.byHand}'` }],
  };
}

function flagPiece(run: Change, { name: service, hosts }: PlannedClosure, path: string): Piece {
  const name = flagStep(service);
  const left = new Set(hosts);
  const set = async (times: MaintenanceTimes | null) => {
    const how = times ? 'put up' : 'take away';
    const failures: unknown[] = [];
    const setOne = async (host: string) => {
      const summary = `${host}: ${how} the flag file of ${service}`;
      await steps(run).setFlag.executeWithOptions({ summary }, [
        { change: run.ref, service, host, path, times },
      ]);
      if (!times) left.delete(host);
    };
    await walk(hosts, FLAGS_AT_ONCE, (host) =>
      setOne(host).catch((error: unknown) => void failures.push(error)),
    );
    // all were tried; the first tells why, and all are done again
    if (failures.length > 0) throw failures[0];
  };
  return {
    undo: { step: 'lowerFlag', host: hosts.join(', '), name },
    close: set,
    open: () => set(null),
    byHand: () => [...left].map((host) => ({ host, command: `ssh ${host} rm -f ${path}` })),
  };
}

const steps = (run: Change) => hostSteps(STEP_SECONDS, run.plan.intent.settings.unreachableSeconds);

const todos = ({ byHand }: Piece, what: string): Todo[] => byHand().map((todo) => ({ ...todo, what }));

/** Opens one piece, however often it takes. @returns false when a person takes it as open, or nobody waits for it */
async function persist(run: Change, { undo: { name, step }, open }: Piece): Promise<boolean> {
  const { rank } = run.plan.intent;
  for (;;) {
    show(run, name, 'undoing');
    try {
      await patiently(run, name, open, (failure) => show(run, name, 'undoing', failure));
      return true;
    } catch (error) {
      const failure = hostFailed(name, error);
      const { message, kind } = failure;
      show(run, name, badState(failure), failure);
      if (kind === 'fenced')
        throw new ChangeStopped('failed', `${message}; it is left to the newer change`, false);
      // a host that an emergency cannot reach is out of rotation, whatever its flag says
      const leaveIt = rank === 'emergency' && step === 'lowerFlag' && kind === 'unreachable';
      const answer = leaveIt
        ? 'skip'
        : await askAbout(
            run,
            { step: name },
            `${name} waits for you. ${message}. Try again, take it as open (skip), or abort?`,
          );
      if (answer === 'retry') continue;
      run.noteStep(name, { state: 'skipped' });
      run.state.control.skips = run.state.control.skips.filter((other) => other !== name);
      return false;
    }
  }
}

function show(run: Change, name: string, state: StepStatus['state'], failure?: HostFailed): void {
  const shown = failure?.kind === 'unreachable' ? 'unreachable' : state;
  run.noteStep(name, { state: shown, note: failure?.message });
}
