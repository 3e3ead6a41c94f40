/** What keeps a Temporal server from being used, and how it is mended. */
import { NamespaceNotFoundError } from '@temporalio/common';
import type { Examination, Finding } from '../contracts/examination';
import { TASK_QUEUE } from '../contracts/messages';
import { olderThan } from '../domain/versions';
import { searchAttributeState } from '../temporal/search-attributes';
import { passedBy, strandedRuns } from '../temporal/versioning';
import { workersNow, type Workers } from '../temporal/workers';
import type { Temporal } from './temporal';

const CALL_WITHIN_MS = 5_000;
/** Summaries and Current Details came with it. */
const LEAST_SERVER = [1, 25] as const;
/** Who comes back after a night wants to see how it ended. */
const LEAST_RETENTION_HOURS = 24;

export type ServerHalf = Pick<Examination, 'looked' | 'findings'> & { workers: Workers | null };

export async function examineServer(temporal: Temporal): Promise<ServerHalf> {
  const { client, connection, namespace, address, within } = temporal;
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
  const workers = await within(CALL_WITHIN_MS, () => workersNow(client));
  const stranded = await within(CALL_WITHIN_MS, () => strandedRuns(client, workers));
  findings.push(...workerFindings(workers, namespace), ...stranded);
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

function workerFindings(workers: Workers, namespace: string): Finding[] {
  if (workers.identities.length > 0) return passedBy(workers, 'any worker that is there', namespace);
  return [
    {
      code: 'noWorker',
      where: 'worker',
      what: `none polls task queue ${TASK_QUEUE} in namespace ${namespace}, so nothing is done`,
      command: 'node dist/src/worker.js',
    },
  ];
}
