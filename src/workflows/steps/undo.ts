import type { PlannedHost } from '../../contracts/plan';
import type { Change } from './change';
import { hostFailed } from './host-failure';
import { proveHealthy, putBack, switchRelease, takeOut } from './host-steps';
import type { UndoEntry } from './state';

/** How each entry is undone. A bad release may not hold its sessions for ever, so the way back cuts them at the deadline. */
const UNDO: {
  [S in UndoEntry['step']]: (run: Change, host: PlannedHost, entry: UndoEntry & { step: S }) => Promise<void>;
} = {
  async switchBack(run, host, { version }) {
    await takeOut(run, host, 'force');
    await switchRelease(run, host, version, 'switchBack');
    await proveHealthy(run, host, version, []);
  },
  async putBack(run, host, { weights }) {
    await putBack(run, host, weights);
  },
};

/** Registers how a step is undone, before it is done; a step that is tried again is registered once. */
export function willUndo(run: Change, entry: UndoEntry): void {
  const { undo } = run.state;
  run.state.touched = true;
  if (!undo.some(({ step, host }) => step === entry.step && host === entry.host)) undo.push(entry);
}

/** Puts one host back as it was, last step first. */
export async function undoHost(run: Change, name: string): Promise<void> {
  const host = run.plan.intent.hosts.find((planned) => planned.name === name);
  if (!host) return;
  run.note(name, { state: 'undoing' });
  for (;;) {
    const entry = run.state.undo.findLast((candidate) => candidate.host === name);
    if (!entry) break;
    await UNDO[entry.step](run, host, entry as never);
    run.state.undo.splice(run.state.undo.indexOf(entry), 1);
  }
  // whatever is done to this host from now on is a new piece of work, not a second attempt of the old one
  run.state.rounds[name] = (run.state.rounds[name] ?? 0) + 1;
  run.note(name, { state: 'undone' });
}

/**
 * Puts back every touched host, the last one first, one at a time. Stops at the first that fails: it and
 * those after it are left to do.
 *
 * @returns true when everything is as it was
 */
export async function undoAll(run: Change, why: string): Promise<boolean> {
  run.enter('rollingBack', `rolling back: ${why}`);
  const touched = [...new Set(run.state.undo.map(({ host }) => host).reverse())];
  for (const name of touched)
    try {
      await undoHost(run, name);
    } catch (error) {
      const failure = hostFailed(name, error);
      run.note(name, {
        state: failure.kind === 'unreachable' ? 'unreachable' : 'failed',
        note: failure.message,
      });
      return false;
    }
  return true;
}
