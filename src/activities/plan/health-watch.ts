/** Checks the input of a health watch and fixes what it watches. */
import type { Client } from '@temporalio/client';
import type { PlannedWatch } from '../../contracts/health-watch';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { Amount } from '../../contracts/inputs/common';
import { HealthWatchInput } from '../../contracts/inputs/health-watch';
import { leastServing } from '../../domain/batches';
import { badInput } from '../../domain/mistakes';
import type { World } from '../world';
import { hostsOf } from '../world';
import { needsRoutes, serviceNamed } from './common';
import { parsePlanInput } from './input';
import { plannedNotifications } from './notifications';

export function parseHealthWatch(raw: unknown): HealthWatchInput {
  return parsePlanInput(HealthWatchInput, raw);
}

export function planWatch(input: HealthWatchInput, world: World): PlannedWatch {
  const service = serviceNamed(world, input.service);
  const hosts = hostsOf(world.cluster, input.service).map(({ name }) => name);
  const { intervalSeconds, failures, passes, onUnhealthy, rollback } = input;
  const floor = leastServing(input.minServing, hosts.length);
  const unhealthy = rollback ? leastServing(rollback.unhealthy, hosts.length) : 0;
  const mistakes = [
    ...needsRoutes(service, 'onUnhealthy', onUnhealthy !== 'tell' && onUnhealthy),
    ...tooMany('minServing', input.minServing, floor, hosts.length),
    ...(rollback ? tooMany('rollback.unhealthy', rollback.unhealthy, unhealthy, hosts.length) : []),
  ];
  if (mistakes.length > 0) throw badInput(mistakes);
  const notifications = plannedNotifications(world.cluster, input.service);
  const never = onUnhealthy !== 'tell' && floor === hosts.length;
  return {
    cluster: world.cluster.cluster,
    file: input.cluster,
    service: input.service,
    hosts,
    policy: {
      ...{ intervalSeconds, failures, passes, onUnhealthy, floor },
      ...(rollback && { rollback: { ...rollback, unhealthy } }),
    },
    ...(notifications && { notifications }),
    dryRun: input.dryRun,
    notes: never ? [`minServing is all ${hosts.length} hosts: nobody will be taken out`] : [],
  };
}

function tooMany(path: string, asked: Amount, hosts: number, there: number): Mistake[] {
  if (hosts <= there) return [];
  return [{ code: 'outOfRange', path, value: String(asked), rule: `the service has ${there} hosts` }];
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
