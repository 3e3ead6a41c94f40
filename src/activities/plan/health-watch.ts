/** Checks the input of a health watch and fixes what it watches. */
import type { Client } from '@temporalio/client';
import type { PlannedWatch } from '../../contracts/health-watch';
import { PawlError } from '../../contracts/failures';
import { HealthWatchInput } from '../../contracts/inputs/health-watch';
import { leastServing } from '../../domain/batches';
import { badInput } from '../../domain/mistakes';
import type { World } from '../world';
import { hostsOf } from '../world';
import { serviceNamed } from './common';
import { parsePlanInput } from './input';
import { plannedNotifications } from './notifications';

export function parseHealthWatch(raw: unknown): HealthWatchInput {
  return parsePlanInput(HealthWatchInput, raw);
}

export function planWatch(input: HealthWatchInput, world: World): PlannedWatch {
  serviceNamed(world, input.service);
  const hosts = hostsOf(world.cluster, input.service).map(({ name }) => name);
  const floor = leastServing(input.minServing, hosts.length);
  if (floor > hosts.length)
    throw badInput([
      {
        code: 'outOfRange',
        path: 'minServing',
        value: String(input.minServing),
        rule: `the service has ${hosts.length} hosts`,
      },
    ]);
  const { intervalSeconds, failures, passes, onUnhealthy } = input;
  const notifications = plannedNotifications(world.cluster, input.service);
  const never = onUnhealthy !== 'tell' && floor === hosts.length;
  return {
    cluster: world.cluster.cluster,
    file: input.cluster,
    service: input.service,
    hosts,
    policy: { intervalSeconds, failures, passes, onUnhealthy, floor },
    ...(notifications && { notifications }),
    dryRun: input.dryRun,
    notes: never ? [`minServing is all ${hosts.length} hosts: nobody will be taken out`] : [],
  };
}

/** Two watches of one service would put back what the other has taken out. @throws AlreadyRunning */
export async function refuseSecond(
  client: Client,
  { cluster, service }: PlannedWatch,
  id: string,
): Promise<void> {
  const query = `PawlCluster = '${cluster}' AND PawlService = '${service}' AND WorkflowType = 'healthWatch' AND ExecutionStatus = 'Running'`;
  const others: string[] = [];
  try {
    for await (const { workflowId } of client.workflow.list({ query })) others.push(workflowId);
  } catch {
    // a server without search attributes lists nothing
    return;
  }
  const first = others.find((other) => other !== id);
  if (first) throw new PawlError('AlreadyRunning', `${first} watches ${service} on ${cluster} already`);
}
