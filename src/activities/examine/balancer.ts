import type { Finding } from '../../contracts/examination';
import { PawlError } from '../../contracts/failures';
import type { BalancerComplaint } from '../../contracts/world';
import type { World } from '../world';
import { factsAt, hostsOf } from '../world';
import { editCommand, type OnHost } from './commands';

/** Looks at one balancer: can it be used, and does it know the servers that the cluster file names. */
export async function examineBalancer(
  world: World,
  name: string,
  clusterFile: string,
  on: OnHost,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { host, kind } = world.cluster.balancers[name]!;
  try {
    const complaints = await world.balancer(name).examine(signal);
    if (complaints.length === 0) {
      complaints.push(...(await doorComplaints(world, name, signal)));
      complaints.push(...(await steeringComplaints(world, name, signal)));
    }
    if (complaints.length > 0)
      return complaints.map(({ code, what, mend }) => ({
        code,
        where: name,
        what,
        command: on.asRoot(host, mend),
      }));
    return (await unknownServers(world, name, signal)).map((what) => ({
      code: 'BalancerRefused',
      where: name,
      what,
      command: editCommand(clusterFile),
    }));
  } catch (error) {
    // its host was looked at, and has a finding of its own
    if (
      !(error instanceof PawlError) ||
      ['HostUnreachable', 'HostKeyChanged', 'AccessDenied'].includes(error.type)
    )
      return [];
    return [
      {
        code: error.type,
        where: name,
        what: error.message,
        command: on.asRoot(host, `systemctl status ${kind}`),
      },
    ];
  }
}

/** What keeps services from being closed for maintenance, where the cluster file says how that is proven. */
async function doorComplaints(world: World, name: string, signal: AbortSignal): Promise<BalancerComplaint[]> {
  const routes = Object.values(world.cluster.services).flatMap((service) => service.routes);
  const own = routes.filter(({ balancer, entry }) => balancer === name && entry !== undefined);
  const backends = [...new Set(own.map(({ backend }) => backend))];
  const found = await Promise.all(backends.map((backend) => world.doors(name).examine(backend, signal)));
  return found.flat();
}

/** What keeps test users from being told apart, where a service has any. */
async function steeringComplaints(
  world: World,
  name: string,
  signal: AbortSignal,
): Promise<BalancerComplaint[]> {
  const services = Object.values(world.cluster.services).filter(({ testers }) => testers);
  const own = services.flatMap(({ routes }) => routes.filter(({ balancer }) => balancer === name));
  const found = await Promise.all(own.map(({ backend }) => world.steering(name).examine(backend, signal)));
  return found.flat();
}

/** One sentence for each place that the balancer does not have. */
async function unknownServers(world: World, name: string, signal: AbortSignal): Promise<string[]> {
  const services = Object.keys(world.cluster.services);
  const places = services
    .flatMap((service) => hostsOf(world.cluster, service).flatMap((host) => host.places))
    .filter(({ balancer }) => balancer === name);
  const found = new Set<string>();
  for (const place of places)
    await factsAt(world, place, signal).catch((error: unknown) => {
      if (!(error instanceof PawlError) || error.type !== 'BalancerRefused') throw error;
      found.add(error.message);
    });
  return [...found];
}
