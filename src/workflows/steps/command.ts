import type { PlannedRunOnce } from '../../contracts/plan';
import { hostSteps } from './activities';
import type { Change } from './change';
import type { HostFailed } from './host-failure';
import { patiently } from './host-steps';

/**
 * A job on the host: whoever asks again finds it.
 *
 * @param why part of the job's key
 */
export async function runCommand(
  run: Change,
  { name, host, command, timeoutSeconds, ifCut }: PlannedRunOnce,
  why: 'do' | 'undo',
  state: 'running' | 'undoing',
): Promise<void> {
  const { settings, service } = run.plan.intent;
  const { runCommand } = hostSteps(timeoutSeconds, settings.unreachableSeconds);
  const show = (failure?: HostFailed) => run.noteStep(name, { state, note: failure?.message });
  show();
  const input = {
    change: run.ref,
    lane: service.name,
    host,
    step: `${why} ${name}`,
    command,
    timeoutSeconds,
    ifCut,
    round: run.state.rounds[name] ?? 0,
  };
  const summary = `${host}: ${why === 'undo' ? 'take back ' : ''}${name}`;
  await patiently(run, host, () => runCommand.executeWithOptions({ summary }, [input]), show);
  run.clock.advance();
}
