import type { Cluster } from '../contracts/cluster';
import type { Doors } from '../contracts/doors';
import type { Place, PlannedHost } from '../contracts/plan';
import type { Steering } from '../contracts/steering';
import type { LoadBalancer, Metrics, Notifier, RemoteHosts, TrafficFacts } from '../contracts/world';
import { loadCluster } from '../adapters/cluster-file';
import { openBalancer } from '../adapters/load-balancers';
import { openDoors } from '../adapters/load-balancers/doors';
import { openSteering } from '../adapters/load-balancers/steering';
import { openMetrics } from '../adapters/metrics';
import { openNotifier } from '../adapters/notifications';
import { openHosts } from '../adapters/ssh';

/** One cluster as the activities reach it. */
export interface World {
  cluster: Cluster;
  /** of the cluster file; paths in it begin there */
  folder: string;
  digest: string;
  hosts: RemoteHosts;
  balancer(name: string): LoadBalancer;
  /** how the balancer of this name closes services for maintenance */
  doors(name: string): Doors;
  /** how it sends test users somewhere */
  steering(name: string): Steering;
  /** null where the cluster file names no metrics server */
  metrics: Metrics | null;
  notifier: Notifier;
}

export interface Worlds {
  /** The cluster as its file says now. Connections are kept as long as it stays the same. */
  read(clusterFile: string): Promise<World>;
  /** With connections of its own, that the caller closes: keys and logins are tried, and not remembered. */
  anew(clusterFile: string): Promise<World>;
  /** For steps of a change that has begun: when the file has been broken meanwhile, the last good one counts. */
  of(clusterFile: string): Promise<World>;
  close(): Promise<void>;
}

/** @param onSsh told of SSH connections: `connected`, `lost` */
export function openWorlds(onSsh?: (event: string) => void): Worlds {
  const open = new Map<string, World>();

  async function read(clusterFile: string): Promise<World> {
    const { cluster, folder, digest } = await loadCluster(clusterFile);
    const known = open.get(clusterFile);
    if (known?.digest === digest) return known;
    const world = openWorld(cluster, folder, digest, onSsh);
    open.set(clusterFile, world);
    // activities that still use the old connections finish on their own
    void known?.hosts.close();
    return world;
  }

  return {
    read,
    async anew(clusterFile) {
      const { cluster, folder, digest } = await loadCluster(clusterFile);
      return openWorld(cluster, folder, digest);
    },
    of: (clusterFile) =>
      read(clusterFile).catch((error: unknown) => {
        const known = open.get(clusterFile);
        if (known) return known;
        throw error;
      }),
    async close() {
      await Promise.all([...open.values()].map(({ hosts }) => hosts.close()));
    },
  };
}

function openWorld(cluster: Cluster, folder: string, digest: string, onSsh?: (event: string) => void): World {
  const hosts = openHosts(cluster, { folder }, onSsh);
  const balancers = new Map<string, LoadBalancer>();
  return {
    cluster,
    folder,
    digest,
    hosts,
    doors: (name) => openDoors(name, cluster, hosts),
    steering: (name) => openSteering(name, cluster, hosts),
    metrics: openMetrics(cluster, folder),
    notifier: openNotifier(cluster, folder),
    balancer(name) {
      const found = balancers.get(name) ?? openBalancer(name, cluster, hosts);
      balancers.set(name, found);
      return found;
    },
  };
}

/** The places of a host of a service, from the cluster file. */
export function placesOf(cluster: Cluster, service: string, host: string): Place[] {
  const routes = cluster.services[service]?.routes ?? [];
  return routes.map(({ balancer, backend, servers }) => ({
    balancer,
    backend,
    server: Object.hasOwn(servers, host) ? servers[host]! : host,
  }));
}

/** All hosts of a service, in the order of the cluster file. */
export function hostsOf(cluster: Cluster, service: string): PlannedHost[] {
  const role = cluster.services[service]?.role;
  return Object.entries(cluster.hosts)
    .filter(([, { roles }]) => role !== undefined && roles.includes(role))
    .map(([name]) => ({ name, places: placesOf(cluster, service, name) }));
}

/** What all balancers say of a host's places, by balancer name. */
export async function trafficOf(
  world: World,
  host: PlannedHost,
  signal: AbortSignal,
): Promise<Record<string, TrafficFacts>> {
  const facts = await Promise.all(
    host.places.map(async (place) => [place.balancer, await factsAt(world, place, signal)] as const),
  );
  return Object.fromEntries(facts);
}

export function factsAt(world: World, place: Place, signal: AbortSignal): Promise<TrafficFacts> {
  return world.balancer(place.balancer).server(place.backend, place.server, signal);
}
