import { PawlError } from '../contracts/failures';
import type { PlannedHost } from '../contracts/plan';
import type { Fence } from '../contracts/world';
import { raiseFences } from '../adapters/ssh/fences';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import type { World, Worlds } from './world';

/** A machine that could not be told. */
export interface Unreached {
  name: string;
  why: string;
}

export function fenceActivities(worlds: Worlds) {
  return {
    /**
     * Locks all that came before out of the hosts of a change and of their servers at the balancers: also one
     * whose worker was frozen and wakes up.
     *
     * @param input.holder workflow id
     * @param input.only their hosts are left alone: one that is dead would take its time to give no answer
     * @returns who could not be told; there the fence rises with the first write
     */
    async raiseFences(input: {
      change: ChangeRef;
      service: { name: string };
      hosts: PlannedHost[];
      holder: string;
      only?: 'balancers';
    }): Promise<{ unreached: Unreached[] }> {
      const world = await worlds.of(input.change.cluster);
      const { fence, signal } = attempt(input.change);
      const { holder, hosts, service, only } = input;
      const told = await Promise.all([
        ...(only ? [] : hosts).map(({ name }) =>
          unreached(name, raiseFences(world.hosts.on(name), [service.name], fence, holder, signal)),
        ),
        ...atBalancers(world, hosts, fence, holder, signal),
      ]);
      return { unreached: told.flat() };
    },
  };
}

function atBalancers(
  world: World,
  hosts: readonly PlannedHost[],
  fence: Fence,
  holder: string,
  signal: AbortSignal,
): Promise<Unreached[]>[] {
  const places = hosts.flatMap((host) => host.places);
  return [...new Set(places.map(({ balancer }) => balancer))].map((name) => {
    const own = places.filter(({ balancer }) => balancer === name);
    return unreached(name, world.balancer(name).raise(own, fence, holder, signal));
  });
}

/** A newer fence ends the change; everything else is told. */
async function unreached(name: string, work: Promise<void>): Promise<Unreached[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (!(error instanceof PawlError) || error.type === 'Fenced') throw error;
    return [{ name, why: error.message }];
  }
}
