import type { PlannedHost } from '../../contracts/plan';
import { announce } from './announce';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { openAgain } from './closing';
import { runCommand } from './command';
import { isTestHost, switchConfig } from './config-steps';
import { HostFailed, hostFailed } from './host-failure';
import { proveHealthy, putBack, switchRelease, takeOut } from './host-steps';
import { backInto } from './recover-rotation';
import { markHost, startService, stopService } from './service-steps';
import type { UndoEntry } from './state';
import { pointOfNoReturn, subjectOf } from './state';
import { steerTesters } from './steer';
import { switchBack } from './switch-over';

/** How each entry is undone. A bad release may not hold its sessions for ever, so the way back cuts them at the deadline. */
const UNDO: { [S in UndoEntry['step']]: (run: Change, entry: UndoEntry & { step: S }) => Promise<void> } = {
  async switchBack(run, { host: name, version }) {
    const passed = pointOfNoReturn(run.state);
    if (passed)
      throw new HostFailed(
        name,
        'failed',
        `${name} is not taken back to ${version}: ${passed} cannot be undone`,
      );
    const host = hostNamed(run, name);
    await takeOut(run, host, 'force');
    await switchRelease(run, host, version, 'switchBack');
    await proveHealthy(run, host, version, []);
  },
  async configBack(run, { host: name, version }) {
    const host = hostNamed(run, name);
    const isOut = isTestHost(run, name);
    if (!isOut) await takeOut(run, host, 'force');
    await switchConfig(run, host, 'before');
    await proveHealthy(run, host, version, [], isOut);
  },
  async putBack(run, { host, weights }) {
    await putBack(run, hostNamed(run, host), weights);
  },
  async serveAgain(run, entry) {
    await backInto(run, entry);
  },
  async startBack(run, { host: name, version }) {
    const host = hostNamed(run, name);
    await startService(run, host, 'startBack');
    await proveHealthy(run, host, version, []);
  },
  async forgetMark(run, { host }) {
    await markHost(run, hostNamed(run, host), null);
  },
  async forgetTesters(run) {
    await steerTesters(run, null);
  },
  async stopAgain(run, { host }) {
    await stopService(run, hostNamed(run, host), 'stopAgain');
  },
  async outAgain(run, { host }) {
    await takeOut(run, hostNamed(run, host), 'force');
  },
  async runBack(run, { name }) {
    const step = run.plan.intent.runOnce?.find((planned) => planned.name === name);
    if (step?.undo) await runCommand(run, { ...step, command: step.undo }, 'undo', 'undoing');
  },
  openDoor: openAgain,
  lowerFlag: openAgain,
  switchBalancersBack: switchBack,
};

function hostNamed(run: Change, name: string): PlannedHost {
  const host = run.plan.intent.hosts.find((planned) => planned.name === name);
  if (!host) throw new HostFailed(name, 'failed', `${name} is not in the plan`);
  return host;
}

/** Registers how a step is undone, before it is done; a step that is tried again is registered once. */
export function willUndo(run: Change, entry: UndoEntry): void {
  const { undo } = run.state;
  run.state.touched = true;
  if (!undo.some((known) => known.step === entry.step && subjectOf(known) === subjectOf(entry)))
    undo.push(entry);
}

/** What was done to it stays, whatever becomes of the change. */
export function forgetUndo(run: Change, subject: string): void {
  run.state.undo = run.state.undo.filter((entry) => subjectOf(entry) !== subject);
}

/**
 * Puts one host back as it was, or takes back what was done once, last step first.
 *
 * @param subject name of a host, or of a step that is done once
 */
export async function undoOf(run: Change, subject: string): Promise<void> {
  show(run, subject, { state: 'undoing' });
  for (;;) {
    const entry = run.state.undo.findLast((candidate) => subjectOf(candidate) === subject);
    if (!entry) break;
    const undo = UNDO[entry.step] as (run: Change, entry: UndoEntry) => Promise<void>;
    await undo(run, entry);
    run.state.undo.splice(run.state.undo.indexOf(entry), 1);
  }
  // whatever is done here from now on is a new piece of work, not a second attempt of the old one
  run.state.rounds[subject] = (run.state.rounds[subject] ?? 0) + 1;
  show(run, subject, { state: 'undone' });
}

function show(
  run: Change,
  subject: string,
  facts: { state: 'undoing' | 'undone' | 'failed' | 'unreachable'; note?: string },
): void {
  if (run.status.steps.some(({ name }) => name === subject)) run.noteStep(subject, facts);
  else run.note(subject, facts);
}

/**
 * Puts back everything that was touched, the last first, one at a time. Stops at the first that fails: it and
 * those after it are left to do.
 *
 * @returns true when everything is as it was
 */
export async function undoAll(run: Change, why: string): Promise<boolean> {
  run.enter('rollingBack', `rolling back: ${why}`);
  const touched = [...new Set(run.state.undo.map(subjectOf).reverse())];
  const told = (complete: boolean) => {
    if (touched.length) announce(run, 'undone', { complete, why });
    return complete;
  };
  for (const subject of touched)
    try {
      // somebody needs the hosts more than this change does
      if (run.turn.over) return told(false);
      await undoOf(run, subject);
    } catch (error) {
      const { kind, message } = undoFailed(subject, error);
      show(run, subject, { state: kind === 'unreachable' ? kind : 'failed', note: message });
      return told(false);
    }
  return told(true);
}

/** Why something could not be put back; somebody else may have taken the hosts meanwhile. */
export function undoFailed(subject: string, error: unknown): HostFailed {
  if (error instanceof ChangeStopped) return new HostFailed(subject, 'fenced', error.message);
  return hostFailed(subject, error);
}
