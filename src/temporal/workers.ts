/** Which workers there are, by what Temporal's server knows of the task queue. */
import type { Client } from '@temporalio/client';
import { TASK_QUEUE } from '../contracts/messages';
import type { Version } from './settings';

/** A long poll is renewed each minute; the server remembers a worker for five. */
const ALIVE_MS = 70_000;
/** Numbers of Temporal's API. */
const WORKFLOW_TASKS = 1;
const VERSIONED = 2;

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

export async function workersNow(
  { workflowService, options: { namespace } }: Client,
  now = Date.now(),
): Promise<Workers> {
  const { pollers, versioningInfo } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: TASK_QUEUE },
    taskQueueType: WORKFLOW_TASKS,
  });
  const alive = pollers.filter(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > now - ALIVE_MS,
  );
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
