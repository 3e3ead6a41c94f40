import { PawlError } from '../contracts/failures';
import type { Jobs } from '../contracts/world';
import { jobKey } from '../adapters/ssh/job-key';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import type { Worlds } from './world';

export function runOnceActivities(worlds: Worlds, jobs: Jobs) {
  return {
    /** Runs a command of the user's on a host: one job, once for each round, whoever asks for it again. */
    async runCommand(input: {
      change: ChangeRef;
      /** the service: steps of an older change are refused once a newer one works on it */
      lane: string;
      host: string;
      step: string;
      command: string[];
      timeoutSeconds: number;
      ifCut: 'fail' | 'runAgain';
      round: number;
    }): Promise<{ reattached: boolean }> {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      const { host, step, round, command: args } = input;
      const key = jobKey({ change: input.change.id, step, host, script: 'command', args, round });
      const { code, output, reattached } = await jobs.run(
        world.hosts.on(host),
        {
          key,
          lane: input.lane,
          fence: now.fence,
          script: 'command',
          args,
          maxSeconds: input.timeoutSeconds,
          ifCut: input.ifCut === 'runAgain' ? 'runAgain' : 'report',
        },
        now.signal,
        now.progress,
      );
      if (code !== 0)
        throw new PawlError('JobFailed', `${host}: ${step} ended with ${code}: ${output.trim().slice(-300)}`);
      return { reattached };
    },
  };
}
