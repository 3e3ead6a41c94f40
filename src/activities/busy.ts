/** Who works on which hosts, by the word of the lease. */
import type { Client } from '@temporalio/client';
import type { Held } from '../contracts/lease';
import { leaseId } from '../contracts/lease';
import { hostsIn, serviceClaim } from '../domain/turn';
import { described } from './lease';

/** Milliseconds for the lease to say who works where. */
const ANSWER_WITHIN = 5_000;

/**
 * A lease that gives no answer leaves it open: then nobody is judged.
 *
 * @param service only changes of this one count; default: all
 * @returns by host, the workflow id of the change that holds it
 */
export async function busyHosts(
  client: Client,
  cluster: string,
  service?: string,
): Promise<(host: string) => string | null> {
  try {
    const run = await described(client, leaseId(cluster));
    if (run?.status.name !== 'RUNNING') return () => null;
    const { held } = await client.withDeadline(Date.now() + ANSWER_WITHIN, () =>
      client.workflow.getHandle(leaseId(cluster)).query<{ held: Held[] }>('state'),
    );
    const ours = held.filter(
      ({ claims }) => service === undefined || claims.some(({ name }) => name === serviceClaim(service)),
    );
    return (host) => ours.find(({ claims }) => hostsIn(claims).includes(host))?.id ?? null;
  } catch {
    return () => 'a lease that gives no answer';
  }
}
