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
  run.status.endedAt = new Date().toISOString();
  run.enter('failed', error instanceof Error ? error.message : String(error));
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure)
    return ApplicationFailure.create({
      type: cause.type ?? 'Failed',
      message: cause.message,
      details: [...(cause.details ?? []), run.status],
      nonRetryable: true,
    });
  return ApplicationFailure.nonRetryable(String(error), 'Failed', run.status);
}

async function stopped(run: Change, stop: ChangeStopped): Promise<Ending> {
  const wanted = stop.undo === 'asPlanned' ? run.plan.intent.settings.onFailure === 'undo' : stop.undo;
  const touched = run.state.undo.length > 0;
  const reason = stop.message;
  if (wanted && touched) {
    if (!(await undoAll(run, reason)))
      return leave(run, 'failed', `${reason}; putting it back failed as well`);
    return stop.why === 'aborted'
      ? { end: 'aborted', summary: `${reason}; everything is as it was` }
      : { end: 'rolledBack', summary: `${reason}; everything is as it was` };
  }
  if (stop.why === 'aborted')
    return touched
      ? leave(run, 'aborted', `${reason}; touched hosts stay as they are`)
      : nothingTouched('aborted', reason);
  return touched
    ? leave(run, stop.undo === false ? 'failed' : 'frozen', `${reason}; left as it stands`)
    : nothingTouched('failed', reason);
}

function nothingTouched(end: End, reason: string): Ending {
  return { end, summary: `${reason}; no host was taken out of rotation` };
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
