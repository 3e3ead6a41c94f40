/** What plans that move hosts in and out know of a service as a whole. */
import type { Mistake } from '../../contracts/failures';
import type { OutOfService } from '../../contracts/out-of-service';
import { PawlError } from '../../contracts/failures';
import type { PlannedHost, PlannedService } from '../../contracts/plan';
import { marksOf } from '../out-of-service';
import type { World } from '../world';
import { hostsOf, trafficOf } from '../world';
import type { NamedService } from './common';
import { serviceNamed } from './common';
import type { Judge, Observation } from './observe';
import { again, mustHaveUnit, observeHost } from './observe';

export interface ServiceHosts {
  /** the chosen hosts, in order */
  seen: Observation[];
  /** names of those that get requests on every balancer */
  serving: string[];
  /** why hosts are out of service */
  marks: Record<string, OutOfService>;
}

/** Where the plan of a change that moves hosts in and out begins. */
export interface Opened extends ServiceHosts {
  service: NamedService;
  /** all hosts of the service */
  all: PlannedHost[];
  /** the others, where they were to be looked at too */
  others: Observation[];
  mistakes: Mistake[];
}

/**
 * Looks at the hosts that a change is to move, and at what they are part of.
 *
 * @param choose the hosts that are to move, from all of the service, with what is wrong with their names
 * @param look.others true: at the others as well, beside which they are judged
 */
export async function openPlan(
  world: World,
  name: string,
  choose: (all: PlannedHost[], mistakes: Mistake[]) => PlannedHost[],
  { signal, others = false }: { signal: AbortSignal; others?: boolean },
): Promise<Opened> {
  const service = serviceNamed(world, name);
  const mistakes: Mistake[] = [];
  const all = hostsOf(world.cluster, name);
  const chosen = choose(all, mistakes);
  const rest = all.filter((host) => others && !chosen.some((one) => one.name === host.name));
  const wanted = [...chosen, ...rest];
  const look = await lookAtService(world, service, wanted, { signal, judge: mustHaveUnit });
  const seen = look.seen.slice(0, chosen.length);
  return { ...look, service, all, seen, others: look.seen.slice(chosen.length), mistakes };
}

/** @param judge what keeps a chosen host from being worked on */
export async function lookAtService(
  world: World,
  service: PlannedService,
  chosen: PlannedHost[],
  { signal, judge }: { signal: AbortSignal; judge: Judge },
): Promise<ServiceHosts> {
  const all = hostsOf(world.cluster, service.name);
  const [seen, states, marks] = await Promise.all([
    Promise.all(chosen.map((host) => observeHost(world, service, host, signal, judge))),
    Promise.all(all.map(async (host) => [host.name, await serves(world, host, signal)] as const)),
    marksOf(world, service.name, signal),
  ]);
  for (const { host, facts } of seen) if (Object.hasOwn(marks, host.name)) facts.out = marks[host.name];
  return { seen, serving: states.flatMap(([name, is]) => (is ? [name] : [])), marks };
}

/** Where a balancer does not tell, nobody serves: the mistake of whoever needs it says why. */
async function serves(world: World, host: PlannedHost, signal: AbortSignal): Promise<boolean> {
  try {
    return Object.values(await again(() => trafficOf(world, host, signal), signal)).every(
      ({ state }) => state === 'in',
    );
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    return false;
  }
}
