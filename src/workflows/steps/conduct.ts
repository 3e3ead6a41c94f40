import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ContinueAsNew,
  metricMeter,
} from '@temporalio/workflow';
import type { End, Report } from '../../contracts/status';
import { announceEnd } from './announce';
import { answersOver } from './answers';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { listLeftToDo } from './left';
import { pointOfNoReturn } from './state';
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
      throw await passOn(run, error);
    }
    count(ending.end);
    return close(run, ending);
  });
}

/** For Prometheus; a replay counts nothing. */
function count(end: End | 'badInput'): void {
  metricMeter.createCounter('pawl_changes', '', 'Changes that ended').add(1, { end });
}

/** Bad input and mistakes of ours fail the run as they are; continue-as-new is no failure at all. */
async function passOn(run: Change, error: unknown): Promise<unknown> {
  if (error instanceof ContinueAsNew) return error;
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  const { type, details } =
    cause instanceof ApplicationFailure ? cause : { type: undefined, details: undefined };
  run.status.endedAt = new Date().toISOString();
  run.enter('failed', message);
  await announceEnd(run, 'failed', message);
  count(type === 'BadInput' ? 'badInput' : 'failed');
  const failure = ApplicationFailure.create({
    type: type ?? 'Failed',
    message,
    details: [...(details ?? []), run.status],
    nonRetryable: true,
  });
  // what is wrong with the input is no place in our code
  if (type === 'BadInput') failure.stack = '';
  return failure;
}

/** Puts back or leaves, as the stop or the plan says, and names the end. */
async function stopped(run: Change, stop: ChangeStopped): Promise<Ending> {
  const noReturn = pointOfNoReturn(run.state);
  const asked = stop.undo === 'asPlanned' ? run.plan.intent.settings.onFailure === 'undo' : stop.undo;
  // whoever gives way, or has lost its lease, leaves the hosts to the one who needs them
  const wanted = asked && !run.turn.over;
  const reason = stop.message;
  const aborted = stop.why === 'aborted';
  if (!run.state.touched)
    return { end: aborted ? 'aborted' : 'failed', summary: `${reason}; no host was taken out of rotation` };
  const leave = async (end: End, how: string): Promise<Ending> => {
    await listLeftToDo(run);
    return { end, summary: `${reason}; ${how}` };
  };
  if (wanted && !noReturn && !(await undoAll(run, reason)))
    return leave('failed', run.turn.over ? leftTo(run.turn.over) : 'putting it back failed as well');
  if (run.state.undo.length === 0 && !noReturn)
    return { end: aborted ? 'aborted' : 'rolledBack', summary: `${reason}; ${asItWas(run)}` };
  const stays = noReturn ? `nothing is put back behind the point of no return (${noReturn})` : undefined;
  if (aborted) return leave('aborted', stays ?? 'touched hosts stay as they are');
  if (run.turn.over) return leave('failed', leftTo(run.turn.over));
  return leave(stop.undo === false ? 'failed' : 'frozen', stays ?? 'left as it stands');
}

/** Hosts of some changes stand for themselves: those that are through stay so. */
function asItWas(run: Change): string {
  const stay = run.status.hosts.filter(({ state }) => state === 'done').map(({ name }) => name);
  return stay.length
    ? `${stay.join(', ')} came through and stays, all else is as it was`
    : 'everything is as it was';
}

const leftTo = ({ by }: { by: string }) => `left to ${by} as it stands`;

/** The run is over: late messages are answered, then it completes or fails with its report. */
async function close(run: Change, { end, summary }: Ending): Promise<Report> {
  await run.ledger.finish();
  run.status.endedAt = new Date().toISOString();
  run.status.waitingFor = null;
  run.enter(end, summary);
  await announceEnd(run, end, summary);
  await answersOver(run.status.messages);
  const report = reportOf(run, end);
  if (end === 'succeeded' || end === 'planned') return report;
  const failure = ApplicationFailure.create({
    type: end.charAt(0).toUpperCase() + end.slice(1),
    message: summary,
    details: [report],
    nonRetryable: true,
  });
  // an end of a change is no place in our code
  failure.stack = '';
  throw failure;
}

/** What people look for first stands first. */
function reportOf(run: Change, end: End): Report {
  const { phase, summary, leftToDo } = run.status;
  const first: Partial<Report> = { phase, summary, leftToDo };
  return { ...first, ...run.status, ...(end === 'planned' && { plan: run.state.plan }) };
}
