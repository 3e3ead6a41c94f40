/** What balancers have counted of the requests to a service. */
import type { Looked, Reading } from '../contracts/certificate';
import type { BackendCounts } from '../contracts/world';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import { tried } from './tried';
import type { World, Worlds } from './world';
import { hostsOf, placesOf } from './world';

export function counterActivities(worlds: Worlds) {
  return {
    /**
     * Reads the counters of every balancer of a service that counts. Changes nothing, and a balancer that gives no
     * answer is said to have given none.
     *
     * @param input.also hosts of the change that the service may not have yet
     */
    async readCounters(input: {
      change: ChangeRef;
      service: { name: string };
      also: string[];
    }): Promise<Looked[]> {
      const world = await worlds.of(input.change.cluster);
      const { signal } = attempt(input.change);
      const routes = world.cluster.services[input.service.name]?.routes ?? [];
      const counting = routes.filter(({ balancer }) => world.balancer(balancer).countsRequests);
      return Promise.all(
        counting.map(async ({ balancer, backend }): Promise<Looked> => {
          const seen = await tried(() => world.balancer(balancer).counts(backend, signal), signal);
          if (!seen.known) return { balancer, backend, ...seen };
          return { balancer, backend, known: true, is: reading(seen.is, serversAt(world, input, balancer)) };
        }),
      );
    },
  };
}

/** By server name, the host that it stands for. */
function serversAt(
  { cluster }: World,
  { service, also }: { service: { name: string }; also: string[] },
  balancer: string,
): Map<string, string> {
  const names = [...hostsOf(cluster, service.name).map(({ name }) => name), ...also];
  const places = names.flatMap((host) =>
    placesOf(cluster, service.name, host).map((place) => ({ host, ...place })),
  );
  const here = places.filter((place) => place.balancer === balancer);
  return new Map(here.map(({ server, host }) => [server, host]));
}

/** Servers that are none of this service's may share its backend: what they answered and lost is taken off. */
function reading({ generation, came, clients, servers }: BackendCounts, hosts: Map<string, string>): Reading {
  const own = Object.entries(servers).filter(([server]) => hosts.has(server));
  const others = Object.entries(servers).filter(([server]) => !hosts.has(server));
  const without = (name: 'ended' | 'lost' | 'repeated') =>
    others.reduce((left, [, counts]) => left - counts[name], clients[name]);
  const losing = own.filter(([, { lost }]) => lost > 0);
  return {
    generation,
    came,
    ended: without('ended'),
    lost: without('lost'),
    repeated: without('repeated'),
    hosts: Object.fromEntries(losing.map(([server, { lost }]) => [hosts.get(server)!, lost])),
  };
}
