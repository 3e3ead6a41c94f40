import { setCurrentDetails } from '@temporalio/workflow';
import type { Examination } from '../contracts/examination';
import { CLOCK_LIMIT, offBy, offText } from '../domain/clocks';
import { examinationMarkdown } from '../render/markdown';
import { examineCluster } from './steps/activities';
import { plainly } from './steps/plainly';

/** Looks whether hosts and balancers have what changes need, and says how to mend what is missing. Changes nothing. */
export async function doctor(input: unknown): Promise<Examination> {
  setCurrentDetails('looking at hosts and balancers, for a minute at most');
  const from = Date.now();
  const seen = await examineCluster
    .executeWithOptions({ summary: 'look at hosts and balancers' }, [input])
    .catch((error: unknown) => {
      throw plainly(error);
    });
  const examination = { ...seen, findings: [...workersClock(seen.at, from), ...seen.findings] };
  setCurrentDetails(examinationMarkdown(examination));
  return examination;
}

/** Workflow time is the Temporal server's. */
function workersClock(at: string, from: number) {
  const off = offBy(Date.parse(at), from, Date.now());
  if (Math.abs(off) <= CLOCK_LIMIT) return [];
  const what = `its clock is ${offText(off)} of the Temporal server's`;
  return [{ code: 'clockOff', where: 'worker', what, command: 'sudo timedatectl set-ntp true' }];
}
