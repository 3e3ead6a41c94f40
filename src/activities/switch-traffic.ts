/** The requests of a service go to other hosts, at one balancer, in one step. */
import { PawlError } from '../contracts/failures';
import type { PlannedHost } from '../contracts/plan';
import type { HostTraffic } from '../contracts/status';
import type { TrafficFacts, WantedTraffic } from '../contracts/world';
import type { Attempt, ChangeRef } from './attempt';
import { attempt } from './attempt';
import { asShown, comesUpBy, untilNextLook } from './traffic';
import type { World, Worlds } from './world';

export interface SwitchInput {
  change: ChangeRef;
  service: { name: string };
  balancer: string;
  /** hosts that get the requests, with their weights there */
  to: { host: PlannedHost; weight: number }[];
  /** hosts that get none from now on; those in work go on */
  from: PlannedHost[];
  /** `some`: those that the balancer does not find well keep the others from nothing */
  needs: 'all' | 'some';
}

/** A server that comes in, as its balancer knows it. */
interface Coming {
  name: string;
  backend: string;
  server: string;
  weight: number;
}

/** Milliseconds after which those go on who are well, where some are enough. */
const PATIENCE = 10_000;

export function switchActivities(worlds: Worlds) {
  return {
    /**
     * Sends the requests of one balancer to other hosts in one step, when it finds those well; done when it shows all of
     * them exactly so. Whoever comes in keeps its weight until another one is wanted, whoever leaves stays out.
     *
     * @returns `left`: hosts that were not well, and stay out
     */
    async switchTraffic(
      input: SwitchInput,
    ): Promise<{ traffic: Record<string, HostTraffic>; left: string[] }> {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      const { balancer, to, from } = input;
      const at = ({ places }: PlannedHost) => places.filter((place) => place.balancer === balancer);
      const coming = to.flatMap(({ host, weight }) =>
        at(host).map(({ backend, server }) => ({ name: host.name, backend, server, weight })),
      );
      const leaving = from.flatMap(at);
      const left: string[] = [];
      for (const backend of new Set(coming.map((one) => one.backend))) {
        const own = coming.filter((one) => one.backend === backend);
        const unwell = await standBy(world, input, backend, own, now);
        const wanted: Record<string, WantedTraffic> = {};
        for (const one of leaving) if (one.backend === backend) wanted[one.server] = { state: 'draining' };
        const well = own.filter((one) => !unwell.includes(one));
        for (const { server, weight } of well) wanted[server] = { state: 'in', weight, held: true };
        await world.balancer(balancer).setTogether(backend, wanted, now.fence, now.signal);
        await untilAll(world, input, backend, well, now, ({ state }) => state === 'in');
        left.push(...unwell.map(({ name }) => name));
      }
      const hosts = [...to.map(({ host }) => host), ...from];
      return { traffic: await shown(world, balancer, hosts, now.signal), left };
    },
  };
}

/** The balancer checks them, and sends them nothing. @returns those that it does not find well */
async function standBy(
  world: World,
  input: SwitchInput,
  backend: string,
  coming: Coming[],
  now: Attempt,
): Promise<Coming[]> {
  const facts = await world.balancer(input.balancer).backend(backend, now.signal);
  const out = coming.filter(({ server }) => facts[server]?.state === 'out');
  const wanted = Object.fromEntries(out.map(({ server }) => [server, { state: 'draining' } as const]));
  if (out.length > 0)
    await world.balancer(input.balancer).setTogether(backend, wanted, now.fence, now.signal);
  return untilAll(world, input, backend, coming, now, ({ healthy }) => healthy, input.needs);
}

/**
 * @param needs `some`: where some are as wanted, the others are waited for only so long
 * @returns those that are not
 * @throws Unhealthy when its time is over
 */
async function untilAll(
  world: World,
  { balancer, service }: SwitchInput,
  backend: string,
  coming: Coming[],
  { signal }: Attempt,
  asWanted: (facts: TrafficFacts) => boolean,
  needs: SwitchInput['needs'] = 'all',
): Promise<Coming[]> {
  const deadline = comesUpBy(world, service.name);
  for (const begun = performance.now(); ; await untilNextLook(begun, signal)) {
    const facts = await world.balancer(balancer).backend(backend, signal);
    const late = coming.filter(({ server }) => !facts[server] || !asWanted(facts[server]));
    if (late.length === 0) return late;
    const someAre = late.length < coming.length && needs === 'some';
    if (someAre && performance.now() > Math.min(begun + PATIENCE, deadline)) return late;
    const says = late.map(({ name, server }) => `${name} (${facts[server]?.says ?? 'not there'})`).join(', ');
    if (performance.now() > deadline)
      throw new PawlError('Unhealthy', `${balancer} does not find up: ${says}`);
  }
}

async function shown(
  world: World,
  balancer: string,
  hosts: PlannedHost[],
  signal: AbortSignal,
): Promise<Record<string, HostTraffic>> {
  const places = hosts.flatMap(({ name, places }) =>
    places.filter((place) => place.balancer === balancer).map((place) => ({ name, ...place })),
  );
  const facts: Record<string, TrafficFacts> = {};
  for (const backend of new Set(places.map((place) => place.backend))) {
    const servers = await world.balancer(balancer).backend(backend, signal);
    for (const { name, server } of places.filter((place) => place.backend === backend))
      if (servers[server]) facts[name] = servers[server];
  }
  return asShown(facts);
}
