/** What is kept of a service lies on the hosts of its balancers, for its own may be off, and come and go; without balancers on its own. */
import { PawlError } from '../contracts/failures';
import type { RemoteHost } from '../contracts/world';
import type { World } from './world';
import { hostsOf } from './world';

/** The machines that know of a service, each once. */
export function keepers(world: World, service: string): RemoteHost[] {
  const { cluster } = world;
  const balancers = new Set((cluster.services[service]?.routes ?? []).map(({ balancer }) => balancer));
  const hosts =
    balancers.size > 0
      ? [...balancers].flatMap((name) => cluster.balancers[name]?.host ?? [])
      : hostsOf(cluster, service).map(({ name }) => name);
  return [...new Set(hosts)].map((name) => world.hosts.on(name));
}

/**
 * Lines `NAME JSON` that a program prints on all of them. A machine that gives no answer has none: whoever asks it about
 * its servers tells that. A line that somebody else wrote there is none of ours.
 */
export async function keptLines(
  world: World,
  service: string,
  program: 'read-marks' | 'read-stable',
  signal: AbortSignal,
): Promise<[name: string, value: unknown][]> {
  const answers = await Promise.all(
    keepers(world, service).map((remote) =>
      remote.run(program, [service], { signal }).then(
        ({ stdout }) => stdout,
        (error: unknown) => {
          if (signal.aborted || !(error instanceof PawlError)) throw error;
          return '';
        },
      ),
    ),
  );
  return answers
    .flatMap((text) => text.split('\n'))
    .flatMap((line): [string, unknown][] => {
      const at = line.indexOf(' ');
      try {
        return at > 0 ? [[line.slice(0, at), JSON.parse(line.slice(at + 1))]] : [];
      } catch {
        return [];
      }
    });
}
