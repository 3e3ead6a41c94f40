/** Why hosts are out of service: kept on the hosts of their balancers, for the host itself may be off. */
import { PawlError } from '../contracts/failures';
import { OutOfService } from '../contracts/out-of-service';
import type { RemoteHost } from '../contracts/world';
import { attempt } from './attempt';
import type { TrafficInput } from './traffic';
import type { World, Worlds } from './world';

export function outOfServiceActivities(worlds: Worlds) {
  return {
    /**
     * Writes down why a host is out of service, or that it is no more.
     *
     * @param input.mark null: it serves again
     */
    async markHost(input: TrafficInput & { mark: OutOfService | null }): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const { fence, signal } = attempt(input.change);
      const { service, host, mark } = input;
      const text = mark ? JSON.stringify(mark) : '';
      const args = [String(fence.epoch), String(fence.attempt), service.name, host.name, text];
      for (const remote of keepers(world, service.name)) {
        const { code, stderr } = await remote.run('mark-out', args, { signal });
        if (code !== 0)
          throw new PawlError(
            'CommandFailed',
            `${remote.name}: why ${host.name} is out cannot be kept: ${stderr.trim().slice(0, 300)}`,
          );
      }
    },
  };
}

/** Hosts of a service that are out of service on purpose, with the newest word of any of its balancers. */
export async function marksOf(
  world: World,
  service: string,
  signal: AbortSignal,
): Promise<Record<string, OutOfService>> {
  const found: Record<string, OutOfService> = {};
  const answers = await Promise.all(
    keepers(world, service).map((remote) =>
      // one that gives no answer is told by whoever asks it about its servers
      remote.run('read-marks', [service], { signal }).then(
        ({ stdout }) => stdout,
        (error: unknown) => {
          if (signal.aborted || !(error instanceof PawlError)) throw error;
          return '';
        },
      ),
    ),
  );
  for (const line of answers.flatMap((text) => text.split('\n'))) {
    const at = line.indexOf(' ');
    const mark = at > 0 ? readMark(line.slice(at + 1)) : undefined;
    const known = found[line.slice(0, at)];
    if (mark && !(known && known.since > mark.since)) found[line.slice(0, at)] = mark;
  }
  return found;
}

/** A line that somebody else wrote there is none of ours. */
function readMark(text: string): OutOfService | undefined {
  try {
    return OutOfService.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The machines of all balancers of a service, each once. */
function keepers(world: World, service: string): RemoteHost[] {
  const { cluster } = world;
  const balancers = new Set((cluster.services[service]?.routes ?? []).map(({ balancer }) => balancer));
  const hosts = [...balancers].flatMap((name) => cluster.balancers[name]?.host ?? []);
  return [...new Set(hosts)].map((name) => world.hosts.on(name));
}
