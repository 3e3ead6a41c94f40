import type { Cluster } from '../../contracts/cluster';
import { PawlError } from '../../contracts/failures';
import type { Steering } from '../../contracts/steering';
import { Testers } from '../../contracts/testers';
import type { RemoteHosts } from '../../contracts/world';
import { haproxySteering } from './haproxy/steering';
import { nginxSteering } from './nginx/steering';

/**
 * How the balancer of this name sends test users somewhere. Opens no connection yet.
 *
 * @throws BadInput when the cluster file has no such balancer
 */
export function openSteering(name: string, cluster: Cluster, hosts: RemoteHosts): Steering {
  const balancer = Object.hasOwn(cluster.balancers, name) ? cluster.balancers[name] : undefined;
  if (!balancer) throw new PawlError('BadInput', `${cluster.cluster} has no balancer "${name}"`);
  const namesOf = (backend: string) => {
    const behind = Object.values(cluster.services).find(({ routes }) =>
      routes.some((route) => route.balancer === name && route.backend === backend),
    );
    return behind?.testers ?? Testers.parse({});
  };
  const host = hosts.on(balancer.host);
  switch (balancer.kind) {
    case 'haproxy':
      return haproxySteering({ host, socket: balancer.socket }, namesOf);
    case 'nginx':
      return nginxSteering({ ...balancer, host }, namesOf);
  }
}
