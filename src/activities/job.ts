/** What is not to be done twice on a host is a job there. */
import { within } from '../adapters/deadline';
import { PawlError } from '../contracts/failures';
import type { Progress } from '../contracts/backup-run';
import type { Jobs, JobSpec } from '../contracts/world';
import { jobKey } from '../adapters/ssh/job-key';
import type { Attempt, ChangeRef } from './attempt';
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
  of: JobOf,
  spec: Omit<JobSpec, 'key' | 'fence'>,
  says: string,
): Promise<{ reattached: boolean }> {
  const { reattached } = await toItsEnd(world, jobs, of, spec, says, attempt(of.change));
  return { reattached };
}

/** The same of a program that has something to say. @returns the end of its output */
export async function outputOfJob(
  world: World,
  jobs: Jobs,
  of: JobOf,
  spec: Omit<JobSpec, 'key' | 'fence'>,
  says: string,
): Promise<string> {
  return (await toItsEnd(world, jobs, of, spec, says, attempt(of.change))).output;
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
  const now = attempt(of.change);
  let last = 'begun';
  return within(ms, now.signal, async (enough) => {
    const progress = (line: string) => now.progress((last = line));
    try {
      await toItsEnd(world, jobs, of, spec, says, { fence: now.fence, signal: enough.signal, progress });
      return { ended: true };
    } catch (error) {
      // it goes on on its host
      if (enough.passed && !(error instanceof PawlError)) return { ended: false, says: last };
      throw error;
    }
  });
}

async function toItsEnd(
  world: World,
  jobs: Jobs,
  { change, host, step, round }: JobOf,
  spec: Omit<JobSpec, 'key' | 'fence'>,
  says: string,
  { fence, signal, progress }: Pick<Attempt, 'fence' | 'signal' | 'progress'>,
): Promise<{ reattached: boolean; output: string }> {
  const { script, args } = spec;
  const key = jobKey({ change: change.id, step, host, script, args, round });
  const job = { ...spec, key, fence };
  const { code, output, reattached } = await jobs.run(world.hosts.on(host), job, signal, progress);
  if (code !== 0)
    throw new PawlError('JobFailed', `${host}: ${says} ended with ${code}: ${output.trim().slice(-300)}`);
  return { reattached, output };
}
