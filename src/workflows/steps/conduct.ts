import { ActivityFailure, ApplicationFailure, CancellationScope, ContinueAsNew } from '@temporalio/workflow';
import type { End, Report, Todo } from '../../contracts/status';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { undoAll } from './undo';

export interface Ending {
  end: End;
  summary: string;
}

/** Walks a runbook to its end. Whatever stops it, the change ends as its plan says, with its report. */
export async function conduct(run: Change, runbook: () => Promise<Ending>): Promise<Report> {
  return CancellationScope.nonCancellable(async () => {
    let ending: Ending;
    try {
      ending = await runbook().catch((error: unknown) => {
        if (error instanceof ChangeStopped) return stopped(run, error);
        throw error;
      });
    } catch (error) {
      throw passOn(run, error);
    }
    return run.end(ending.end, ending.summary);
  });
}

/** Bad input and mistakes of ours fail the run as they are; continue-as-new is no failure at all. */
function passOn(run: Change, error: unknown): unknown {
  if (error instanceof ContinueAsNew) return error;
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  const { type, details } =
    cause instanceof ApplicationFailure ? cause : { type: undefined, details: undefined };
  run.status.endedAt = new Date().toISOString();
  run.enter('failed', message);
  return ApplicationFailure.create({
    type: type ?? 'Failed',
    message,
    details: [...(details ?? []), run.status],
    nonRetryable: true,
  });
}

/** Puts back or leaves, as the stop or the plan says, and names the end. */
async function stopped(run: Change, stop: ChangeStopped): Promise<Ending> {
  const undo = stop.undo === 'asPlanned' ? run.plan.intent.settings.onFailure === 'undo' : stop.undo;
  const reason = stop.message;
  const aborted = stop.why === 'aborted';
  if (!run.state.touched)
    return { end: aborted ? 'aborted' : 'failed', summary: `${reason}; no host was taken out of rotation` };
  if (undo && !(await undoAll(run, reason)))
    return leave(run, 'failed', `${reason}; putting it back failed as well`);
  if (run.state.undo.length === 0)
    return { end: aborted ? 'aborted' : 'rolledBack', summary: `${reason}; everything is as it was` };
  if (aborted) return leave(run, 'aborted', `${reason}; touched hosts stay as they are`);
  return leave(run, stop.undo === false ? 'failed' : 'frozen', `${reason}; left as it stands`);
}

/** Lists what remains for each host that is not as it was. */
function leave(run: Change, end: End, summary: string): Ending {
  const { unit } = run.plan.intent.service;
  run.status.leftToDo = [...new Set(run.state.undo.map(({ host }) => host))].flatMap((host): Todo[] => {
    const { state, version, balancers } = run.host(host);
    const was = run.plan.observed.hosts[host]?.version ?? 'unknown';
    if (state === 'done')
      return [{ host, what: `${host} runs ${version} and is in rotation; it ran ${was} before` }];
    const places = Object.entries(balancers).map(([name, traffic]) => `${traffic.state} at ${name}`);
    return [
      {
        host,
        what: `${host} is ${state} (${version}, ${places.join(', ')}); look at its service`,
        command: `ssh ${host} systemctl status ${unit}`,
      },
      {
        host,
        what: `then finish it: bring ${host} to ${was} or ${run.plan.intent.version}, and back into rotation`,
      },
    ];
  });
  return { end, summary };
}
