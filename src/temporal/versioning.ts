/** Worker versions: a change ends on the code that it began with. Off unless PAWL_BUILD_ID is set. */
import { Client, type ConnectionLike } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { TASK_QUEUE } from '../contracts/messages';
import type { Version } from './settings';

/** Milliseconds: a worker that polls shows itself each minute. */
const POLLED_WITHIN = 90_000;

/** Changes stay where they are; workflows that never end say in their own code that they move on. */
export function deploymentOptions(
  version: Version | undefined,
): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (!version) return {};
  return {
    workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
  };
}

/** Open runs that a worker of this version may be given; those that are pinned elsewhere are not its business. */
export function openRunsQuery(version: Version | undefined): string {
  const open = `ExecutionStatus = "Running" AND TaskQueue = "${TASK_QUEUE}"`;
  const free = 'TemporalWorkflowVersioningBehavior IS NULL OR TemporalWorkflowVersioningBehavior != "Pinned"';
  const own = version ? ` OR TemporalWorkerDeploymentVersion = "${nameOf(version)}"` : '';
  return `${open} AND (${free}${own})`;
}

/**
 * What makes runs wait without a word: nothing routes them to this worker, or nobody is left for the
 * version that they are pinned to. To be asked when the worker polls, for only then is its version known.
 *
 * @returns sentences, each with the command that helps
 */
export async function versioningTroubles(
  connection: ConnectionLike,
  namespace: string,
  own: Version | undefined,
  now = Date.now(),
): Promise<string[]> {
  const deploymentName = own?.deploymentName ?? 'pawl';
  const described = await connection.workflowService
    .describeWorkerDeployment({ namespace, deploymentName })
    .catch(() => undefined);
  const { routingConfig, versionSummaries } = described?.workerDeploymentInfo ?? {};
  const current = routingConfig?.currentDeploymentVersion?.buildId ?? undefined;
  const builds = (versionSummaries ?? []).flatMap(
    ({ deploymentVersion }) => deploymentVersion?.buildId ?? [],
  );
  const polled = builds.length ? await polledBuilds(connection, namespace, deploymentName, now) : new Set();
  const unserved = builds.filter((buildId) => !polled.has(buildId));
  const lost = await lostRuns(new Client({ connection, namespace }), deploymentName, unserved);
  return [...routing({ namespace, deploymentName, own: own?.buildId, current }), ...lost];
}

function routing(now: {
  namespace: string;
  deploymentName: string;
  own: string | undefined;
  current: string | undefined;
}): string[] {
  const { deploymentName, own, current } = now;
  if (own === current) return [];
  const set = `temporal worker deployment set-current-version --namespace ${now.namespace} --deployment-name ${deploymentName}`;
  if (own && !current)
    return [
      `deployment ${deploymentName} has no current version, so this worker gets no new run until: ${set} --build-id ${own}`,
    ];
  if (own)
    return [
      `new runs go to version ${current} of deployment ${deploymentName}; this worker gets its own pinned runs only, until: ${set} --build-id ${own}`,
    ];
  return [
    `new runs go to version ${current} of deployment ${deploymentName} and this worker has no version: set PAWL_BUILD_ID, or give versions up: ${set} --unversioned`,
  ];
}

async function lostRuns(client: Client, deploymentName: string, unserved: string[]): Promise<string[]> {
  const lost = unserved.map(async (buildId) => {
    const pinned = `TemporalWorkflowVersioningBehavior = "Pinned" AND TemporalWorkerDeploymentVersion = "${nameOf({ deploymentName, buildId })}"`;
    const { count } = await client.workflow.count(`ExecutionStatus = "Running" AND ${pinned}`);
    const help = `start one with PAWL_BUILD_ID=${buildId}, or see docs/production.md how to move them`;
    return count === 0
      ? []
      : [
          `${count} open runs wait for version ${buildId} of ${deploymentName}, and no worker of it polls: ${help}`,
        ];
  });
  return (await Promise.all(lost)).flat();
}

async function polledBuilds(
  connection: ConnectionLike,
  namespace: string,
  deploymentName: string,
  now: number,
): Promise<Set<string>> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: TASK_QUEUE },
    // of workflow tasks
    taskQueueType: 1,
  });
  const alive = pollers.filter(
    ({ lastAccessTime, deploymentOptions: options }) =>
      options?.deploymentName === deploymentName &&
      Number(lastAccessTime?.seconds ?? 0) * 1_000 > now - POLLED_WITHIN,
  );
  return new Set(alive.flatMap(({ deploymentOptions: options }) => options?.buildId ?? []));
}

/** As visibility writes it. */
const nameOf = ({ deploymentName, buildId }: Version) => `${deploymentName}:${buildId}`;
