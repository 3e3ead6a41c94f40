import type { PlannedRunOnce } from '../../contracts/plan';
import { askAbout } from './ask';
import { boundary } from './boundary';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { runCommand } from './command';
import type { HostFailed } from './host-failure';
import { hostFailed } from './host-failure';
import { willUndo } from './undo';

/** Does the steps of this time that are not done yet, each once for the whole change. */
export async function runOnce(run: Change, when: PlannedRunOnce['when']): Promise<void> {
  const steps = run.plan.intent.runOnce ?? [];
  for (const step of steps.filter((planned) => planned.when === when))
    while (!isOver(run, step)) {
      await boundary(run);
      await attempt(run, step);
    }
}

function isOver(run: Change, { name }: PlannedRunOnce): boolean {
  return ['done', 'skipped'].includes(run.stepStatus(name).state);
}

async function attempt(run: Change, step: PlannedRunOnce): Promise<void> {
  const { name, host, undo } = step;
  run.enter('running', `${name} on ${host}, once for the whole change`);
  // its way back holds for one that failed half-way, too
  if (undo) willUndo(run, { step: 'runBack', name, host });
  else run.state.touched = true;
  try {
    await runCommand(run, step, 'do', 'running');
    run.noteStep(name, { state: 'done', note: undefined });
  } catch (error) {
    await settle(run, step, hostFailed(host, error));
  }
}

/** It failed: a person is asked where nobody can tell what it did, or where the plan says so. */
async function settle(run: Change, { name, host }: PlannedRunOnce, failure: HostFailed): Promise<void> {
  run.noteStep(name, { state: 'failed', note: failure.message });
  if (failure.kind === 'fenced') throw new ChangeStopped('failed', failure.message, false);
  const unclear = failure.kind === 'unreachable' || failure.kind === 'cut';
  if (!unclear && run.plan.intent.settings.onFailure !== 'ask')
    throw new ChangeStopped('failed', failure.message, 'asPlanned');
  const answer = await askAbout(
    run,
    { step: name },
    `${name} on ${host} waits for you. ${failure.message}. Try again, take it as done (skip), or abort?`,
  );
  run.state.rounds[name] = (run.state.rounds[name] ?? 0) + 1;
  if (answer === 'skip') run.noteStep(name, { state: 'skipped' });
}
