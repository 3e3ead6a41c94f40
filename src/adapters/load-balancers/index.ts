import type { Cluster } from '../../contracts/cluster';
import { PawlError } from '../../contracts/failures';
import type { LoadBalancer, RemoteHosts } from '../../contracts/world';
import { haproxy } from './haproxy';

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
  }
}
