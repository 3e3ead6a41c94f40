import { condition } from '@temporalio/workflow';
import { askPerson } from './ask';
import type { Change } from './change';

/** Where pause and abort act. */
export async function boundary(run: Change): Promise<void> {
  run.throwIfStopped();
  if (!run.state.control.paused) return;
  // hosts that are changed side by side come here one after the other: there is one pause for all
  run.doing.pausing ??= pause(run).finally(() => (run.doing.pausing = null));
  await run.doing.pausing;
}

/** Hosts in flight are finished before the pause shows: it never leaves one drained. */
async function pause(run: Change): Promise<void> {
  const { control, status } = run.state;
  const { phase, summary } = status;
  await condition(() => run.doing.inFlight.size === 0 || !control.paused || !!control.abort);
  const { paused } = control;
  if (paused)
    await askPerson(run, 'paused', {
      what: `paused by ${paused.by}${paused.note ? ` (${paused.note})` : ''}; waits for somebody to resume`,
      answers: [{ message: 'resume', payload: { by: 'you' } }],
      answered: () => !control.paused,
    });
  run.enter(phase, summary);
}
