import type { Cluster } from '../../contracts/cluster';
import { PawlError } from '../../contracts/failures';
import type { LoadBalancer, RemoteHosts } from '../../contracts/world';
import { haproxy } from './haproxy';
import { nginx, type NginxSettings } from './nginx';

/**
 * The balancer of this name. Opens no connection yet.
 *
 * @throws BadInput when the cluster file has no such balancer
 */
export function openBalancer(name: string, cluster: Cluster, hosts: RemoteHosts): LoadBalancer {
  const balancer = Object.hasOwn(cluster.balancers, name) ? cluster.balancers[name] : undefined;
  if (!balancer) {
    const known = Object.keys(cluster.balancers).join(', ') || 'none';
    throw new PawlError('BadInput', `${cluster.cluster} has no balancer "${name}"; it has ${known}`);
  }
  switch (balancer.kind) {
    case 'haproxy':
      return haproxy({
        host: hosts.on(balancer.host),
        socket: balancer.socket,
        stateFile: balancer.stateFile,
      });
    case 'nginx':
      return nginx({ ...balancer, host: hosts.on(balancer.host), health: healthBehind(name, cluster) });
  }
}

/** How servers are asked for their health, by backend of this balancer; the cluster file must name a path for each. */
function healthBehind(name: string, { services }: Cluster): NginxSettings['health'] {
  const routes = Object.values(services).flatMap(({ routes, health: { path = '/', timeoutSeconds } }) =>
    routes.flatMap(({ balancer, backend }) =>
      balancer === name ? [[backend, { path, timeoutSeconds }] as const] : [],
    ),
  );
  return Object.fromEntries(routes);
}
