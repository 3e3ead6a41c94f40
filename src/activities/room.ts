/** Whether those who would serve can carry the load, and whether enough would. */
import type { Capacity } from '../contracts/cluster';
import { PawlError } from '../contracts/failures';
import type { PlannedHost } from '../contracts/plan';
import type { Inflow, Moving } from '../domain/load';
import { tooMuchFor } from '../domain/load';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import type { World, Worlds } from './world';
import { hostsOf, trafficOf } from './world';

/** A host that is to leave. */
interface Leaving {
  service: { name: string };
  host: PlannedHost;
  /** others that this change takes out right now, whatever balancers say of them yet */
  away: string[];
}

/** Hosts that are to leave at once, and those that come in for them. */
export interface Exchange extends Moving {
  service: { name: string };
  leaving: PlannedHost[];
  /** names; they stand by */
  coming: string[];
  /** others that this change takes out right now, whatever balancers say of them yet */
  away: string[];
}

export function roomActivities(worlds: Worlds) {
  return {
    /**
     * Looks whether those who would serve then carry the present load. Changes nothing.
     *
     * @returns why they do not; null: they do
     */
    async roomForLoad(input: Exchange & { change: ChangeRef; capacity: Capacity }): Promise<string | null> {
      const world = await worlds.of(input.change.cluster);
      const { signal } = attempt(input.change);
      const { service, leaving, coming, away } = input;
      const nobody = await Promise.all(leaving.map((host) => servesNobody(world, host, signal)));
      if (nobody.every(Boolean)) return null;
      const seen = await othersOf(world, service, leaving, signal);
      const gone = seen.flatMap(({ host, state }) => (state === 'in' || coming.includes(host) ? [] : [host]));
      const inflows = await inflowsOf(world, service.name, seen, [...away, ...gone], signal);
      return tooMuchFor(input, inflows, input.capacity);
    },
  };
}

/** @throws BalancerNotAsWanted while as many others are out as may be; who went down by itself counts too */
export async function roomUnderCap(
  world: World,
  input: Leaving & { cap: number },
  signal: AbortSignal,
): Promise<void> {
  // who serves nobody takes nobody's place: it has begun to leave already, or it is down
  if (await servesNobody(world, input.host, signal)) return;
  const missing = new Map(input.away.map((name) => [name, 'leaving']));
  for (const { host, state, says } of await othersOf(world, input.service, [input.host], signal))
    if (state !== 'in') missing.set(host, says);
  if (missing.size < input.cap) return;
  const list = [...missing].map(([name, says]) => `${name} (${says})`).join(', ');
  throw new PawlError(
    'BalancerNotAsWanted',
    `${input.host.name} cannot leave: out of rotation already: ${list}; at most ${input.cap} may be out`,
  );
}

async function servesNobody(world: World, host: PlannedHost, signal: AbortSignal): Promise<boolean> {
  return Object.values(await trafficOf(world, host, signal)).every(({ state }) => state !== 'in');
}

interface Seen {
  host: string;
  balancer: string;
  state: string;
  says: string;
  weight: number;
}

/** The other hosts of the service, at each of its balancers. */
async function othersOf(
  world: World,
  service: { name: string },
  leaving: PlannedHost[],
  signal: AbortSignal,
): Promise<Seen[]> {
  const others = hostsOf(world.cluster, service.name).filter(
    ({ name }) => !leaving.some((host) => host.name === name),
  );
  const seen: Seen[] = [];
  for (const { balancer, backend } of world.cluster.services[service.name]?.routes ?? []) {
    const servers = await world.balancer(balancer).backend(backend, signal);
    for (const { name, places } of others)
      for (const { server } of places.filter((place) => place.balancer === balancer)) {
        const { state = 'unknown', says = 'not there', weight = 0 } = servers[server] ?? {};
        seen.push({ host: name, balancer, state, says, weight });
      }
  }
  return seen;
}

/** Who is gone at one balancer is gone. */
async function inflowsOf(
  world: World,
  service: string,
  seen: Seen[],
  gone: string[],
  signal: AbortSignal,
): Promise<Inflow[]> {
  const routes = world.cluster.services[service]?.routes ?? [];
  return Promise.all(
    routes.map(async ({ balancer, backend }) => {
      const { rate } = await world.balancer(balancer).counts(backend, signal);
      const stay = seen.filter((one) => one.balancer === balancer && !gone.includes(one.host));
      return { rate, weights: Object.fromEntries(stay.map(({ host, weight }) => [host, weight])) };
    }),
  );
}

/** Requests a second that come to a service now; null: a balancer does not say. */
export async function presentRate(
  world: World,
  service: string,
  signal: AbortSignal,
): Promise<number | null> {
  const routes = world.cluster.services[service]?.routes ?? [];
  try {
    const all = await Promise.all(
      routes.map(({ balancer, backend }) => world.balancer(balancer).counts(backend, signal)),
    );
    return all.reduce((sum, { rate }) => sum + rate, 0);
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    return null;
  }
}
