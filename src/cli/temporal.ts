import { Client, Connection } from '@temporalio/client';
import { connectionConfig } from '../temporal/connection';
import { explained } from './errors';

const CONNECT_WITHIN_MS = 5_000;

export interface Temporal {
  client: Client;
  namespace: string;
  address: string;
  /** where people see a run in Temporal's web interface */
  linkTo: (id: string) => string | undefined;
  /** Bounds the calls that `work` makes, milliseconds. */
  within: <T>(ms: number, work: () => Promise<T>) => Promise<T>;
}

/** Connects, works, hangs up. Connection trouble is told in one sentence. */
export async function withTemporal<T>(work: (temporal: Temporal) => Promise<T>): Promise<T> {
  const { connectionOptions, namespace, uiUrl } = connectionConfig();
  const { address } = connectionOptions;
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_WITHIN_MS });
    const open = connection;
    return await work({
      // a run that has ended is read from its report: no worker has to replay it
      client: new Client({ connection, namespace, workflow: { queryRejectCondition: 'NOT_OPEN' } }),
      namespace,
      address,
      linkTo: (id) => uiUrl && `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(id)}`,
      within: (ms, calls) => open.withDeadline(Date.now() + ms, calls),
    });
  } catch (error) {
    throw explained(error, address);
  } finally {
    await connection?.close();
  }
}
