import { TASK_QUEUE } from '../contracts/messages';
import type { Temporal } from './temporal';

const CALL_WITHIN_MS = 5_000;
/** A long poll is renewed each minute; the server remembers a worker for five. */
const ALIVE_MS = 70_000;
/** Numbers of Temporal's API. */
const WORKFLOW_TASKS = 1;
const VERSIONED = 2;

/** A Worker Deployment Version, in Temporal's words. */
export interface Version {
  deploymentName: string;
  buildId: string;
}

export interface Workers {
  /** of those that take our work now; one that died within the last minute is still among them */
  identities: string[];
  /** versions that some of them run */
  versions: Version[];
  /** some run without a version */
  unversioned: boolean;
  /** what new runs go to; null: to workers without a version */
  current: Version | null;
}

export async function workersNow({ connection, namespace, within }: Temporal): Promise<Workers> {
  const { pollers, versioningInfo } = await within(CALL_WITHIN_MS, () =>
    connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: TASK_QUEUE },
      taskQueueType: WORKFLOW_TASKS,
    }),
  );
  const since = Date.now() - ALIVE_MS;
  const alive = pollers.filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > since);
  const versions = alive.map(({ deploymentOptions }) =>
    Number(deploymentOptions?.workerVersioningMode) === VERSIONED ? versionOf(deploymentOptions) : null,
  );
  return {
    identities: alive.map(({ identity }) => identity ?? 'unknown'),
    versions: versions.filter((version) => version !== null),
    unversioned: versions.includes(null),
    current: versionOf(versioningInfo?.currentDeploymentVersion),
  };
}

function versionOf(
  found?: { deploymentName?: string | null; buildId?: string | null } | null,
): Version | null {
  const { deploymentName, buildId } = found ?? {};
  return deploymentName && buildId ? { deploymentName, buildId } : null;
}
