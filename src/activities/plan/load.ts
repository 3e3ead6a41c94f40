import { capacityText, hostsNeeded } from '../../domain/load';
import { presentRate } from '../room';
import type { World } from '../world';
import { hostsOf } from '../world';

/** What hosts have to carry just now, in words, where the cluster file says what one can. */
export async function loadNotes(world: World, service: string, signal: AbortSignal): Promise<string[]> {
  const capacity = world.cluster.services[service]?.capacity;
  if (!capacity) return [];
  const rate = await presentRate(world, service, signal);
  if (rate === null) return [];
  const all = hostsOf(world.cluster, service).length;
  return [
    `${capacityText(capacity)}; ${rate}/s come now, which ${hostsNeeded(rate, capacity)} of ${all} hosts can carry: nobody leaves while the others could not`,
  ];
}
