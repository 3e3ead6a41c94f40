import { Client, Connection } from '@temporalio/client';
import { TASK_QUEUE } from '../contracts/messages';
import { connectionConfig } from '../temporal/connection';
import { clientDataConverter } from '../temporal/data-converter';
import { encryptionSettings } from '../temporal/settings';
import { explained } from './errors';

const CONNECT_WITHIN_MS = 5_000;

export interface Temporal {
  client: Client;
  connection: Connection;
  namespace: string;
  address: string;
  /** where people see a run in Temporal's web interface */
  linkTo: (id: string) => string | undefined;
  /** where its form to start a workflow is, with type and task queue filled in */
  startForm: (type: string) => string | undefined;
  /** Bounds the calls that `work` makes, milliseconds. */
  within: <T>(ms: number, work: () => Promise<T>) => Promise<T>;
}

/** Connects, works, hangs up. Connection trouble is told in one sentence. */
export async function withTemporal<T>(work: (temporal: Temporal) => Promise<T>): Promise<T> {
  const { connectionOptions, namespace, uiUrl } = connectionConfig();
  const { address } = connectionOptions;
  const encryption = encryptionSettings();
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_WITHIN_MS });
    const open = connection;
    const pages = uiUrl && `${uiUrl}/namespaces/${namespace}/workflows`;
    return await work({
      connection: open,
      // a run that has ended is read from its report: no worker has to replay it
      client: new Client({
        connection,
        namespace,
        dataConverter: clientDataConverter(encryption, namespace),
        workflow: { queryRejectCondition: 'NOT_OPEN' },
      }),
      namespace,
      address,
      linkTo: (id) => pages && `${pages}/${encodeURIComponent(id)}`,
      startForm: (type) => pages && `${pages}/start-workflow?workflowType=${type}&taskQueue=${TASK_QUEUE}`,
      within: (ms, calls) => open.withDeadline(Date.now() + ms, calls),
    });
  } catch (error) {
    throw explained(error, address);
  } finally {
    await connection?.close();
  }
}
