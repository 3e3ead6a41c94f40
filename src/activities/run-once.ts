import type { Jobs } from '../contracts/world';
import type { ChangeRef } from './attempt';
import { runJob } from './job';
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
      const { lane, step, command: args, timeoutSeconds: maxSeconds } = input;
      const ifCut = input.ifCut === 'runAgain' ? 'runAgain' : 'report';
      return runJob(world, jobs, input, { lane, script: 'command', args, maxSeconds, ifCut }, step);
    },
  };
}
