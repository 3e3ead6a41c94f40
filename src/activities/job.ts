/** What is not to be done twice on a host is a job there. */
import { PawlError } from '../contracts/failures';
import type { Jobs, JobSpec } from '../contracts/world';
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
  const { code, output, reattached } = await jobs.run(world.hosts.on(host), job, signal, progress);
  if (code !== 0)
    throw new PawlError('JobFailed', `${host}: ${says} ended with ${code}: ${output.trim().slice(-300)}`);
  return { reattached };
}
