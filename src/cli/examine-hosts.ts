/** Has a worker look at the hosts: the command line itself speaks to Temporal only. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Examination, Finding } from '../contracts/examination';
import { PawlError } from '../contracts/failures';
import { CLOCK_LIMIT, offBy, offText } from '../domain/clocks';
import { isConnectionTrouble, mistakesIn } from './errors';
import { runId } from './run-id';
import { startRun } from './start-run';
import type { Temporal } from './temporal';

/** The worker bounds itself to one minute, and may be killed once meanwhile. */
const WITHIN_MS = 150_000;
const CALL_WITHIN_MS = 5_000;

/** What is said of such a run. */
export const DOCTOR = 'look whether hosts and balancers have what changes need';

/** @param cluster path of the cluster file, as the worker sees it */
export async function examineHosts(temporal: Temporal, cluster: string): Promise<Examination> {
  const { client, within } = temporal;
  const input = { cluster };
  const from = Date.now();
  const { id } = await startRun(temporal, {
    type: 'doctor',
    input,
    id: runId({ prefix: 'doctor', named: [] }, input, new Date()),
    fixedId: false,
    summary: DOCTOR,
    timeoutMs: WITHIN_MS,
  });
  const handle = client.workflow.getHandle(id);
  const to = Date.now();
  const { startTime } = await within(CALL_WITHIN_MS, () => handle.describe());
  try {
    const seen = await within(WITHIN_MS, () => handle.result() as Promise<Examination>);
    return { ...seen, findings: [...ourClock(startTime, from, to), ...seen.findings] };
  } catch (error) {
    if (error instanceof WorkflowFailedError) throw refusal(error, `${id} could not look at the hosts`);
    if (!isConnectionTrouble(error)) throw error;
    throw new PawlError('TimedOut', `no worker has looked at the hosts within ${WITHIN_MS / 1_000} s`);
  }
}

/** @param what did not come about, in words */
export function refusal(error: WorkflowFailedError, what: string): PawlError {
  const { cause } = error;
  const [message = ''] = (cause?.message ?? error.message).split('\n');
  const details = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  const mistakes = mistakesIn(...details);
  if (mistakes.length) return new PawlError('BadInput', message, { mistakes });
  return new PawlError('Failed', `${what}: ${message}`);
}

/** The server notes when a run began, between our asking and its answer. */
function ourClock(began: Date, from: number, to: number): Finding[] {
  const off = -offBy(began.getTime(), from, to);
  if (Math.abs(off) <= CLOCK_LIMIT) return [];
  const what = `its clock is ${offText(off)} of the Temporal server's`;
  return [{ code: 'clockOff', where: 'this machine', what, command: 'sudo timedatectl set-ntp true' }];
}
