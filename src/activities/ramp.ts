import { PawlError } from '../contracts/failures';
import type { HostTraffic } from '../contracts/status';
import { shareOf } from '../domain/ramp';
import { attempt } from './attempt';
import type { TrafficInput } from './traffic';
import { asShown, comeIn, standBy } from './traffic';
import type { World, Worlds } from './world';
import { hostsOf } from './world';

export function rampActivities(worlds: Worlds) {
  return {
    /**
     * Brings a host to a weight and waits until every balancer shows it so. Without any weight balancers check it,
     * and send nothing.
     *
     * @param input.weights by balancer
     * @param input.held on the way: balancers are kept at these weights until others are wanted
     * @returns the share of the requests that its weight brings it now, by balancer, 0 to 1
     */
    async setWeights(
      input: TrafficInput & { weights: Record<string, number>; held: boolean },
    ): Promise<{ traffic: Record<string, HostTraffic>; shares: Record<string, number> }> {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      const idle = Object.values(input.weights).every((weight) => weight === 0);
      const facts = idle ? await standBy(world, input, now) : await comeIn(world, input, now);
      return { traffic: asShown(facts), shares: await sharesOf(world, input, now.signal) };
    },
  };
}

async function sharesOf(
  world: World,
  { service, host, weights }: TrafficInput & { weights: Record<string, number> },
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const others = await servingWeights(world, service.name, [host.name], signal);
  return Object.fromEntries(
    host.places.map(({ balancer }) => [balancer, shareOf(weights[balancer] ?? 0, others[balancer] ?? 0)]),
  );
}

/** By balancer, the weights of all hosts of a service that get requests there, but for some. */
export async function servingWeights(
  world: World,
  service: string,
  without: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const routes = world.cluster.services[service]?.routes ?? [];
  const others = hostsOf(world.cluster, service).filter(({ name }) => !without.includes(name));
  const sums = await Promise.all(
    routes.map(async ({ balancer, backend }) => {
      const servers = await world.balancer(balancer).backend(backend, signal);
      const places = others.flatMap(({ places }) => places.filter((place) => place.balancer === balancer));
      const serving = places.flatMap(({ server }) => {
        const facts = servers[server];
        return facts?.state === 'in' ? [facts.weight] : [];
      });
      return [balancer, serving.reduce((sum, weight) => sum + weight, 0)] as const;
    }),
  );
  if (routes.length === 0) throw new PawlError('BadInput', `${service} has no routes any more`);
  return Object.fromEntries(sums);
}
