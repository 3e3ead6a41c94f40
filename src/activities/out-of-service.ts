/** Why hosts are out of service: kept on the hosts of their balancers, for the host itself may be off. */
import { PawlError } from '../contracts/failures';
import { OutOfService } from '../contracts/out-of-service';
import { attempt } from './attempt';
import { keepers, keptLines } from './keepers';
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
  for (const [host, value] of await keptLines(world, service, 'read-marks', signal)) {
    const { data: mark } = OutOfService.safeParse(value);
    const known = found[host];
    if (mark && !(known && known.since > mark.since)) found[host] = mark;
  }
  return found;
}
