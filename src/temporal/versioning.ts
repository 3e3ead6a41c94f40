/** Worker versions: a change ends on the code that it began with. Off unless PAWL_BUILD_ID is set. */
import type { Client } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import type { Finding } from '../contracts/examination';
import { TASK_QUEUE } from '../contracts/messages';
import type { Version } from './settings';
import { workersNow, type Workers } from './workers';

/** Of open runs whose version is gone. */
const LOOKED_AT = 200;

const OPEN = `ExecutionStatus = "Running" AND TaskQueue = "${TASK_QUEUE}"`;

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
  const free = 'TemporalWorkflowVersioningBehavior IS NULL OR TemporalWorkflowVersioningBehavior != "Pinned"';
  const own = version ? ` OR TemporalWorkerDeploymentVersion IN (${written(version)})` : '';
  return `${OPEN} AND (${free}${own})`;
}

/**
 * Why new runs wait, where they do: they go to the version that is current, and none of these workers runs it.
 *
 * @param who these workers in words, after "not to"
 */
export function passedBy(
  { versions, unversioned, current }: Pick<Workers, 'versions' | 'unversioned' | 'current'>,
  who: string,
  namespace: string,
): Finding[] {
  const [first] = versions;
  const served = current ? versions.some((version) => nameOf(version) === nameOf(current)) : unversioned;
  const deployment = (first ?? current)?.deploymentName;
  // without workers there is nobody to be passed by
  if (served || deployment === undefined || !(first || unversioned)) return [];
  const what = current
    ? `new runs go to version ${nameOf(current)}, and not to ${who}`
    : `deployment ${deployment} has no current version, so new runs do not go to ${who}`;
  const wanted = first ? `--build-id ${first.buildId}` : '--unversioned';
  const command = `temporal worker deployment set-current-version --namespace ${namespace} --deployment-name ${deployment} ${wanted} --yes`;
  return [{ code: current ? 'currentVersionGone' : 'noCurrentVersion', where: 'Temporal', what, command }];
}

/** Open runs that are pinned to a version which nobody runs any more: they wait without a word. */
export async function strandedRuns(
  client: Client,
  { versions, current }: Pick<Workers, 'versions' | 'current'>,
): Promise<Finding[]> {
  const target = current ?? versions[0];
  const move = target
    ? `--versioning-override-behavior pinned --versioning-override-deployment-name ${target.deploymentName} --versioning-override-build-id ${target.buildId}`
    : '--versioning-override-behavior auto_upgrade';
  const update = `temporal workflow update-options --namespace ${client.options.namespace}`;
  return [...(await pinnedElsewhere(client, versions))].map(([version, ids]) => ({
    code: 'pinnedVersionGone',
    where: 'Temporal',
    what: `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''} wait for a worker of version ${version}, and there is none; start one, or move them`,
    command: `${update} --workflow-id ${ids[0]} ${move}`,
  }));
}

/** @returns ids of open runs by the version that they are pinned to, where it is none of these */
async function pinnedElsewhere({ workflow }: Client, versions: Version[]): Promise<Map<string, string[]>> {
  const elsewhere = versions.length
    ? ` AND TemporalWorkerDeploymentVersion NOT IN (${versions.map(written).join(', ')})`
    : '';
  const found = new Map<string, string[]>();
  let count = 0;
  for await (const { workflowId, searchAttributes } of workflow.list({
    query: `${OPEN} AND TemporalWorkflowVersioningBehavior = "Pinned"${elsewhere}`,
  })) {
    const version = String(searchAttributes['TemporalWorkerDeploymentVersion']?.[0] ?? '');
    if (version) found.set(version, [...(found.get(version) ?? []), workflowId]);
    if ((count += 1) >= LOOKED_AT) break;
  }
  return found;
}

/** What a worker has to say of versions when it polls; only then is its own known. */
export async function versioningTroubles(
  client: Client,
  own: Version | undefined,
  now = Date.now(),
): Promise<Finding[]> {
  const workers = await workersNow(client, now);
  const itself = { current: workers.current, versions: own ? [own] : [], unversioned: !own };
  const who = own ? 'this worker' : 'this worker, which has no version (PAWL_BUILD_ID)';
  return [...passedBy(itself, who, client.options.namespace), ...(await strandedRuns(client, workers))];
}

const nameOf = ({ deploymentName, buildId }: Version) => `${deploymentName}:${buildId}`;

/** As visibility has it: servers have written both. */
const written = ({ deploymentName, buildId }: Version) =>
  `"${deploymentName}:${buildId}", "${deploymentName}.${buildId}"`;
