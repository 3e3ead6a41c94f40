import type { Cluster } from '../../contracts/cluster';
import type { Doors } from '../../contracts/doors';
import { PawlError } from '../../contracts/failures';
import type { RemoteHosts } from '../../contracts/world';
import { haproxyDoors } from './haproxy/doors';

/**
 * The doors of the balancer of this name. Opens no connection yet.
 *
 * @throws BadInput when the cluster file has no such balancer
 */
export function openDoors(name: string, cluster: Cluster, hosts: RemoteHosts): Doors {
  const balancer = Object.hasOwn(cluster.balancers, name) ? cluster.balancers[name] : undefined;
  if (!balancer) throw new PawlError('BadInput', `${cluster.cluster} has no balancer "${name}"`);
  switch (balancer.kind) {
    case 'haproxy':
      return haproxyDoors({ host: hosts.on(balancer.host), socket: balancer.socket });
    case 'nginx':
      return noDoors(name);
  }
}

/** A balancer that shows no pages: plans say so before anything is touched. */
function noDoors(name: string): Doors {
  const what = `${name} is an nginx, at which Pawl shows no maintenance pages yet`;
  const refuse = () => Promise.reject(new PawlError('BalancerRefused', what));
  return {
    largestPage: 0,
    close: refuse,
    open: refuse,
    byHand: () => 'true',
    examine: () => Promise.resolve([{ code: 'noDoors', what, mend: 'true' }]),
  };
}
