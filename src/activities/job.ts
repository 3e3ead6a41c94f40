/** What is not to be done twice on a host is a job there. */
import { within } from '../adapters/deadline';
import { PawlError } from '../contracts/failures';
import type { Progress } from '../contracts/backup-run';
import type { JobResult, Jobs, JobSpec } from '../contracts/world';
import { jobKey } from '../adapters/ssh/job-key';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import type { World } from './world';

/** Which job it is: the same one in every attempt, another one in each round. */
export interface JobOf {
  change: ChangeRef;
  /** name of the host on which it runs */
  host: string;
  step: string;
  round: number;
}

/**
 * Runs a program on a host, once, whoever asks for it again.
 *
 * @param says the job in words
 * @throws JobFailed where it ends with another code than 0, with the end of its output
 */
export async function runJob(
  world: World,
  jobs: Jobs,
  { change, host, step, round }: JobOf,
  spec: Omit<JobSpec, 'key' | 'fence'>,
  says: string,
): Promise<{ reattached: boolean }> {
  const { fence, signal, progress } = attempt(change);
  const { script, args } = spec;
  const key = jobKey({ change: change.id, step, host, script, args, round });
  const job = { ...spec, key, fence };
  const ran = await jobs.run(world.hosts.on(host), job, signal, progress);
  mustHaveWorked(host, says, ran);
  return { reattached: ran.reattached };
}

/**
 * The same for so many milliseconds: whoever shows people how far it is asks again.
 *
 * @returns `ended` false with its last word while it goes on
 */
export async function runJobFor(
  ms: number,
  world: World,
  jobs: Jobs,
  of: JobOf,
  spec: Omit<JobSpec, 'key' | 'fence'>,
  says: string,
): Promise<Progress> {
  const { fence, signal, progress } = attempt(of.change);
  const key = jobKey({ ...of, change: of.change.id, script: spec.script, args: spec.args });
  let last = 'begun';
  return within(ms, signal, async (enough) => {
    try {
      const ran = await jobs.run(world.hosts.on(of.host), { ...spec, key, fence }, enough.signal, (line) =>
        progress((last = line)),
      );
      mustHaveWorked(of.host, says, ran);
      return { ended: true };
    } catch (error) {
      // it goes on on its host
      if (enough.passed && !(error instanceof PawlError)) return { ended: false, says: last };
      throw error;
    }
  });
}

function mustHaveWorked(host: string, says: string, { code, output }: JobResult): void {
  if (code !== 0)
    throw new PawlError('JobFailed', `${host}: ${says} ended with ${code}: ${output.trim().slice(-300)}`);
}
