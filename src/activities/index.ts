import { cancellationSignal } from '@temporalio/activity';
import type { Plan } from '../contracts/plan';
import type { Jobs } from '../contracts/world';
import type { ArtifactStore } from '../adapters/artifacts';
import { healthActivities } from './health';
import { parseRollingUpgrade, planUpgrade } from './plan/rolling-upgrade';
import { releaseActivities } from './releases';
import { trafficActivities } from './traffic';
import type { Worlds } from './world';

/** What activities need of the world. */
export interface Outside {
  worlds: Worlds;
  jobs: Jobs;
  artifacts: ArtifactStore;
}

export function createActivities({ worlds, jobs, artifacts }: Outside) {
  return {
    /** The plan of a rolling upgrade; all mistakes of the input end it as BadInput. */
    async planRollingUpgrade(raw: unknown): Promise<{ plan: Plan; dryRun: boolean }> {
      const input = parseRollingUpgrade(raw);
      const world = await worlds.read(input.cluster);
      const plan = await planUpgrade(input, world, artifacts, cancellationSignal());
      return { plan, dryRun: input.dryRun };
    },
    ...trafficActivities(worlds),
    ...releaseActivities(worlds, jobs, artifacts),
    ...healthActivities(worlds),
  };
}

export type Activities = ReturnType<typeof createActivities>;
