/** Restores step by step, without a run around them. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { restoreActivities, type RestoreOf } from '../../src/activities/backups/restore';
import { openWorlds } from '../../src/activities/world';
import { sshJobs } from '../../src/adapters/ssh';
import type { Progress, Restore } from '../../src/contracts/backup-run';
import type { Ground } from './ground';

/** Milliseconds after which a job says how far it is. */
const LOOK_MS = 60_000;

/** The activities of a restore, as a worker would run them. */
export function byHand(ground: Ground) {
  const worlds = openWorlds();
  const all = restoreActivities(worlds, sshJobs());
  let next = 0;
  const run = async <I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> => {
    const now = Date.now() + (next += 1);
    const times = { scheduledTimestampMs: now, currentAttemptScheduledTimestampMs: now };
    return new MockActivityEnvironment(times).run<[I], O, typeof activity>(activity, input);
  };
  const toItsEnd = async (work: () => Promise<Progress>) => {
    while (!(await work()).ended);
  };
  return {
    /** @param restore what to bring back to where; each call is another restore */
    of: (restore: Restore): RestoreOf => {
      const change = { id: `by-hand-${(next += 1)}`, epoch: Date.now(), cluster: ground.cluster };
      return { ...restore, change, id: `restore.${Date.now()}-${next}.1` };
    },
    stage: (of: RestoreOf) =>
      toItsEnd(() => run(all.stageRestore, { ...of, forMs: LOOK_MS, maxSeconds: 600 })),
    judge: (of: RestoreOf) => run(all.judgeStaged, of),
    swapIn: (of: RestoreOf) => toItsEnd(() => run(all.swapIn, { ...of, forMs: LOOK_MS, maxSeconds: 600 })),
    swapped: (of: RestoreOf) => run(all.swapped, of),
    clear: (of: RestoreOf) => run(all.clearRestore, of),
    close: () => worlds.close(),
  };
}
export type ByHand = ReturnType<typeof byHand>;
