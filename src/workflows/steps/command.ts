import type { Prepare } from '../../contracts/inputs/rolling-upgrade';
import type { PlannedHost, PlannedRunOnce } from '../../contracts/plan';
import { hostSteps } from './activities';
import type { Change } from './change';
import type { HostFailed } from './host-failure';
import { patiently, step } from './host-steps';

/** A step that is done once: a job on its host. */
export async function runCommand(
  run: Change,
  planned: PlannedRunOnce,
  why: 'do' | 'undo',
  state: 'running' | 'undoing',
): Promise<void> {
  const { name, host } = planned;
  const show = (failure?: HostFailed) => run.noteStep(name, { state, note: failure?.message });
  show();
  const summary = `${host}: ${why === 'undo' ? 'take back ' : ''}${name}`;
  await patiently(run, host, () => job(run, planned, `${why} ${name}`, summary), show);
  run.clock.advance();
}

/** What is done on every host while it serves; that it may be cut and begun again is for the command to bear. */
export async function prepareHost(run: Change, host: PlannedHost, prepare: Prepare): Promise<void> {
  const { name } = prepare;
  const command = { ...prepare, host: host.name, ifCut: 'runAgain' as const };
  await step(run, host, 'pending', () => job(run, command, `prepare ${name}`, `${host.name}: ${name}`));
}

/** Whoever asks again finds the job. */
function job(
  run: Change,
  { name, host, command, timeoutSeconds, ifCut }: Omit<PlannedRunOnce, 'when' | 'undo'>,
  key: string,
  summary: string,
) {
  const { settings, service } = run.plan.intent;
  const { runCommand } = hostSteps(timeoutSeconds, settings.unreachableSeconds);
  const round = run.state.rounds[name] ?? 0;
  const input = {
    change: run.ref,
    lane: service.name,
    host,
    step: key,
    command,
    timeoutSeconds,
    ifCut,
    round,
  };
  return runCommand.executeWithOptions({ summary }, [input]);
}
