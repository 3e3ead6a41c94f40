import type { Cluster } from '../../contracts/cluster';
import type { Doors } from '../../contracts/doors';
import { PawlError } from '../../contracts/failures';
import { MaintenanceSettings } from '../../contracts/maintenance';
import type { RemoteHosts } from '../../contracts/world';
import { haproxyDoors } from './haproxy/doors';
import { nginxDoors } from './nginx/doors';

/**
 * The doors of the balancer of this name. Opens no connection yet.
 *
 * @throws BadInput when the cluster file has no such balancer
 */
export function openDoors(name: string, cluster: Cluster, hosts: RemoteHosts): Doors {
  const balancer = Object.hasOwn(cluster.balancers, name) ? cluster.balancers[name] : undefined;
  if (!balancer) throw new PawlError('BadInput', `${cluster.cluster} has no balancer "${name}"`);
  const names = cluster.maintenance ?? MaintenanceSettings.parse({});
  const host = hosts.on(balancer.host);
  switch (balancer.kind) {
    case 'haproxy':
      return haproxyDoors({ host, socket: balancer.socket }, names);
    case 'nginx':
      return nginxDoors(
        { host, config: balancer.config, folder: balancer.folder, port: balancer.port },
        names,
      );
  }
}
