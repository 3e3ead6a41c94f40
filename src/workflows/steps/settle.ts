/** What becomes of a change when one of its hosts failed. */
import type { PlannedHost } from '../../contracts/plan';
import { announce } from './announce';
import { askAbout, askAboutGate } from './ask';
import type { Change } from './change';
import { ChangeStopped } from './change';
import type { GateFailed } from './gate';
import { badState, HostFailed, hostFailed } from './host-failure';
import { takeOut } from './host-steps';
import { lookAgain } from './left';
import { pointOfNoReturn } from './state';
import { undoOf } from './undo';

/** A host failed: ask where a person is needed, otherwise stop the change. */
export async function settle(run: Change, host: PlannedHost, error: unknown): Promise<'retry' | 'skip'> {
  if (error instanceof ChangeStopped) throw error;
  const failure = hostFailed(host.name, error);
  // one that may not leave yet is as well as it was
  const state = failure.kind === 'notYet' ? run.host(host.name).state : badState(failure);
  run.note(host.name, { state, note: failure.message });
  announce(run, 'hostFailed', { host: host.name, why: failure.message });
  if (failure.kind === 'fenced')
    throw new ChangeStopped('failed', `${failure.message}; it is left to the newer change`, false);
  if (!needsPerson(run, failure)) {
    if (failure.kind === 'failed' && budgetLeft(run)) return putBackAndGoOn(run, host, failure);
    throw new ChangeStopped('failed', failure.message, 'asPlanned');
  }
  const answer = await askAbout(
    run,
    { host: host.name },
    `${host.name} waits for you. ${failure.message}. Try again, leave it out, or abort?`,
  );
  run.state.rounds[host.name] = (run.state.rounds[host.name] ?? 0) + 1;
  run.enter('running', `going on: ${answer} ${host.name}`);
  if (answer === 'skip') await leaveOut(run, host);
  return answer;
}

/**
 * Nobody can tell what an unreachable host looks like, so undoing blindly is no answer; and what keeps a host
 * from leaving rotation is no fault of the release.
 */
function needsPerson(run: Change, { kind }: HostFailed): boolean {
  return (
    kind === 'unreachable' ||
    kind === 'notYet' ||
    kind === 'drainLate' ||
    run.plan.intent.settings.onFailure === 'ask'
  );
}

/** Behind the point of no return a failed host cannot go back to what it ran, so it counts at once. */
function budgetLeft(run: Change): boolean {
  const { failureBudget } = run.plan.intent.settings;
  return run.state.failed.length < failureBudget && !pointOfNoReturn(run.state);
}

/** A failure within the budget: the host gets back what it ran, and the change goes on without it. */
async function putBackAndGoOn(run: Change, host: PlannedHost, failure: HostFailed): Promise<'skip'> {
  const { failureBudget } = run.plan.intent.settings;
  const used = run.state.failed.length + 1;
  run.enter('running', `${host.name} failed (${used} of ${failureBudget} that may) and is put back`);
  try {
    await undoOf(run, host.name);
  } catch (error) {
    const why = hostFailed(host.name, error).message;
    throw new ChangeStopped('failed', `${failure.message}; putting it back failed: ${why}`, 'asPlanned');
  }
  run.state.failed.push(host.name);
  run.note(host.name, { state: 'undone', note: failure.message });
  run.status.leftToDo.push({
    host: host.name,
    what: `${host.name} failed and was put back: ${failure.message}. Start the same change again when it is mended`,
  });
  return 'skip';
}

async function leaveOut(run: Change, host: PlannedHost): Promise<void> {
  try {
    await undoOf(run, host.name);
    run.note(host.name, { state: 'skipped' });
  } catch (error) {
    const failure = hostFailed(host.name, error);
    run.note(host.name, { state: 'unreachable', note: `skipped, but not put back: ${failure.message}` });
    await lookAgain(run, [host.name]);
    run.status.leftToDo.push({
      host: host.name,
      what: `${host.name} was skipped and could not be put back: ${failure.message}`,
    });
  }
}

/** A host that could not leave has not been changed: it goes back at once, whatever becomes of the change. */
export async function leaveRotation(run: Change, host: PlannedHost): Promise<void> {
  try {
    await takeOut(run, host, run.plan.intent.settings.drain.onDeadline);
  } catch (error) {
    const stays = error instanceof HostFailed && (error.kind === 'drainLate' || error.kind === 'unreachable');
    if (!stays && !run.turn.over?.lost) await undoOf(run, host.name);
    throw error;
  }
}

/** Works on a host that serves meanwhile. One that fails leaves at once, before anybody decides what becomes of it. */
export async function outIfBad(run: Change, host: PlannedHost, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { kind } = hostFailed(host.name, error);
    if (error instanceof ChangeStopped || kind === 'fenced') throw error;
    // where it cannot be taken out, it is the first failure that people need to know
    await takeOut(run, host, 'force').catch((also: unknown) => {
      if (also instanceof ChangeStopped) throw also;
      const why = hostFailed(host.name, also).message;
      run.status.notes.push(`${host.name} failed and could not be taken out of rotation: ${why}`);
    });
    throw error;
  }
}

/** @returns true when a person goes on in spite of the gate, false when it is to judge again */
export async function settleGate(run: Change, { message }: GateFailed): Promise<boolean> {
  if (run.plan.intent.settings.onFailure !== 'ask') throw new ChangeStopped('failed', message, 'asPlanned');
  const answer = await askAboutGate(run, `${message}. Judge again, go on all the same, or abort?`);
  return answer === 'promote';
}
