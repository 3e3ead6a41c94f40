/** Has a worker look at the hosts: the command line itself speaks to Temporal only. */
import type { Examination, Finding } from '../contracts/examination';
import { CLOCK_LIMIT, offBy, offText } from '../domain/clocks';
import { resultOf } from './result-of';
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
  const seen = await resultOf<Examination>(temporal, id, WITHIN_MS, {
    failed: `${id} could not look at the hosts`,
    late: 'no worker has looked at the hosts',
  });
  return { ...seen, findings: [...ourClock(startTime, from, to), ...seen.findings] };
}

/** The server notes when a run began, between our asking and its answer. */
function ourClock(began: Date, from: number, to: number): Finding[] {
  const off = -offBy(began.getTime(), from, to);
  if (Math.abs(off) <= CLOCK_LIMIT) return [];
  const what = `its clock is ${offText(off)} of the Temporal server's`;
  return [{ code: 'clockOff', where: 'this machine', what, command: 'sudo timedatectl set-ntp true' }];
}
