import { setTimeout as delay } from 'node:timers/promises';
import { PawlError } from '../contracts/failures';
import type { PlannedHost, PlannedService } from '../contracts/plan';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import { unhealthy } from './probe';
import type { World, Worlds } from './world';
import { trafficOf } from './world';

/** Milliseconds between two looks at a service that should just stay healthy. */
const WATCH = 1_000;
/** A watched host may miss so many looks in a row before it counts as unhealthy. */
const MISSES = 3;

interface WatchInput {
  change: ChangeRef;
  service: PlannedService;
  hosts: PlannedHost[];
  version: string;
  /** how balancers must show them; default: in rotation */
  traffic?: 'in' | 'draining';
}

export function watchActivities(worlds: Worlds) {
  return {
    /**
     * Looks at hosts in rotation each second until cancelled. Fails when one does not stay healthy, and at
     * once when it cannot be told.
     */
    async watchHosts(input: WatchInput) {
      const world = await worlds.of(input.change.cluster);
      const { signal, progress } = attempt(input.change);
      const misses = new Map<string, number>();
      while (!signal.aborted) {
        await look(world, input, misses, signal);
        progress(`${input.hosts.length} hosts watched`);
        await delay(WATCH, undefined, { signal });
      }
    },

    /** Ends a watch: all of its hosts are seen well once more, for it may have ended in the middle of a look. */
    async confirmHealthy(input: WatchInput) {
      const world = await worlds.of(input.change.cluster);
      const { signal } = attempt(input.change);
      const misses = new Map<string, number>();
      for (;;) {
        await look(world, input, misses, signal);
        if ([...misses.values()].every((missed) => missed === 0)) return;
        await delay(WATCH, undefined, { signal });
      }
    },
  };
}

/** One look at each host. Some misses in a row are forgiven; that nobody can tell is none of them. */
async function look(
  world: World,
  { hosts, service, version, traffic = 'in' }: WatchInput,
  misses: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    hosts.map(async (host) => {
      const fault = await faultOf(world, host, { service, version, traffic }, signal);
      const missed = fault ? (misses.get(host.name) ?? 0) + 1 : 0;
      misses.set(host.name, missed);
      if (fault && (missed >= MISSES || fault.type !== 'Unhealthy'))
        throw new PawlError(fault.type, fault.message, { host: host.name });
    }),
  );
}

/** @returns why a host in rotation is not as it should be, or that it cannot be told */
async function faultOf(
  world: World,
  host: PlannedHost,
  { service, version, traffic }: Required<Pick<WatchInput, 'service' | 'version' | 'traffic'>>,
  signal: AbortSignal,
): Promise<PawlError | undefined> {
  const unwell = (why: string) => new PawlError('Unhealthy', `${host.name} did not stay healthy: ${why}`);
  try {
    // the host first: what a balancer says of one that is unreachable is no news of its release
    const fault = await unhealthy(world.hosts.on(host.name), service, version, signal);
    if (fault) return unwell(fault);
    const facts = Object.entries(await trafficOf(world, host, signal));
    const late = facts.find(
      ([, { state, healthy }]) => state !== traffic || (traffic === 'draining' && !healthy),
    );
    return late && unwell(`${late[1].says} at ${late[0]}`);
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    return error;
  }
}
