/** What keeps a Temporal server from being used, and how it is mended. */
import { NamespaceNotFoundError } from '@temporalio/common';
import type { Examination, Finding } from '../contracts/examination';
import { TASK_QUEUE } from '../contracts/messages';
import { olderThan } from '../domain/versions';
import { searchAttributeState } from '../temporal/search-attributes';
import type { Temporal } from './temporal';
import { OURS } from './unknown-run';
import { workersNow, type Version, type Workers } from './workers';

const CALL_WITHIN_MS = 5_000;
/** Summaries and Current Details came with it. */
const LEAST_SERVER = [1, 25] as const;
/** Of open runs that are bound to a version. */
const LOOKED_AT = 200;
/** Who comes back after a night wants to see how it ended. */
const LEAST_RETENTION_HOURS = 24;

export type ServerHalf = Pick<Examination, 'looked' | 'findings'> & { workers: Workers | null };

export async function examineServer(temporal: Temporal): Promise<ServerHalf> {
  const { connection, namespace, address, within } = temporal;
  const { serverVersion } = await within(CALL_WITHIN_MS, () => connection.workflowService.getSystemInfo({}));
  const findings = tooOld(serverVersion);
  const hours = await retentionOf(temporal);
  if (hours === null) return { workers: null, ...withoutNamespace(temporal, serverVersion, findings) };
  if (hours < LEAST_RETENTION_HOURS)
    findings.push(
      onServer(
        'retention',
        `namespace ${namespace} forgets runs ${hours} h after their end, their reports too`,
        `temporal operator namespace update --address ${address} --namespace ${namespace} --retention 7d`,
      ),
    );
  const { missing, unfit } = await within(CALL_WITHIN_MS, () => searchAttributeState(connection, namespace));
  if (missing.length + unfit.length > 0)
    findings.push(
      onServer(
        'searchAttributes',
        `search attributes are missing: ${[...missing, ...unfit].join(', ')}`,
        'pawl setup',
      ),
    );
  const workers = await workersNow(temporal);
  findings.push(...workerFindings(workers, temporal), ...(await strandedRuns(workers, temporal)));
  const looked = [
    `Temporal ${serverVersion} at ${address}: namespace ${namespace}, keeps ended runs for ${retentionText(hours)}`,
    `task queue ${TASK_QUEUE}: ${workers.identities.join(', ') || 'no worker'}`,
  ];
  return { looked, findings, workers };
}

const onServer = (code: string, what: string, command: string): Finding => ({
  code,
  where: 'Temporal',
  what,
  command,
});

function tooOld(version: string): Finding[] {
  if (!olderThan(version, LEAST_SERVER)) return [];
  return [
    onServer(
      'tooOld',
      `the server is ${version}; ${LEAST_SERVER.join('.')} or newer is needed`,
      'open https://docs.temporal.io/self-hosted-guide/upgrade-server',
    ),
  ];
}

function withoutNamespace(
  { namespace, address }: Temporal,
  version: string,
  findings: Finding[],
): Pick<Examination, 'looked' | 'findings'> {
  const create = `temporal operator namespace create --address ${address} --namespace ${namespace} --retention 7d`;
  return {
    looked: [`Temporal ${version} at ${address}`],
    findings: [...findings, onServer('noNamespace', `there is no namespace ${namespace}`, create)],
  };
}

/** @returns null when there is no such namespace */
async function retentionOf({ connection, namespace, within }: Temporal): Promise<number | null> {
  try {
    const { config } = await within(CALL_WITHIN_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 3_600;
  } catch (error) {
    if (error instanceof NamespaceNotFoundError || /namespace .*not found/i.test(String(error))) return null;
    throw error;
  }
}

const retentionText = (hours: number) => (hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`);

function workerFindings(workers: Workers, { namespace }: Temporal): Finding[] {
  const { identities, versions, unversioned, current } = workers;
  if (identities.length === 0)
    return [
      {
        code: 'noWorker',
        where: 'worker',
        what: `none polls task queue ${TASK_QUEUE} in namespace ${namespace}, so nothing is done`,
        command: 'node dist/src/worker.js',
      },
    ];
  const [first] = versions;
  if (current === null && !unversioned && first)
    return [
      onServer(
        'noCurrentVersion',
        `all workers have a version and none is current, so new runs never begin`,
        setCurrent(first),
      ),
    ];
  if (current !== null && !versions.some((version) => same(version, current)))
    return [
      onServer(
        'currentVersionGone',
        `no worker runs the current version ${text(current)}, so new runs do not begin`,
        first
          ? setCurrent(first)
          : `temporal worker deployment set-current-version --deployment-name ${current.deploymentName} --unversioned --yes`,
      ),
    ];
  return [];
}

/** Pinned to a version that nobody runs any more, they wait without a word. */
export async function strandedRuns(
  { versions, current }: Workers,
  { client, within }: Temporal,
): Promise<Finding[]> {
  const query = `${OURS} AND ExecutionStatus = 'Running' AND TemporalWorkflowVersioningBehavior = 'Pinned'`;
  const stranded = new Map<string, string[]>();
  await within(CALL_WITHIN_MS, async () => {
    let count = 0;
    for await (const { workflowId, searchAttributes } of client.workflow.list({ query })) {
      const version = String(searchAttributes['TemporalWorkerDeploymentVersion']?.[0] ?? '');
      if (version && !versions.some((known) => written(known).includes(version)))
        stranded.set(version, [...(stranded.get(version) ?? []), workflowId]);
      if ((count += 1) >= LOOKED_AT) return;
    }
  });
  const target = current ?? versions[0];
  return [...stranded].map(([version, ids]) =>
    onServer(
      'pinnedVersionGone',
      `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''} wait for a worker of version ${version}, and there is none; start one, or move them`,
      `temporal workflow update-options --workflow-id ${ids[0]} ${
        target
          ? `--versioning-override-behavior pinned --versioning-override-deployment-name ${target.deploymentName} --versioning-override-build-id ${target.buildId}`
          : '--versioning-override-behavior auto_upgrade'
      }`,
    ),
  );
}

const same = (one: Version, other: Version) =>
  one.deploymentName === other.deploymentName && one.buildId === other.buildId;
const text = ({ deploymentName, buildId }: Version) => `${deploymentName}:${buildId}`;
/** Servers have written both. */
const written = ({ deploymentName, buildId }: Version) => [
  `${deploymentName}:${buildId}`,
  `${deploymentName}.${buildId}`,
];

function setCurrent({ deploymentName, buildId }: Version): string {
  return `temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId} --yes`;
}
