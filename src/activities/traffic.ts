import { setTimeout as delay } from 'node:timers/promises';
import { onAbort } from '../adapters/abort';
import { PawlError } from '../contracts/failures';
import type { Place, PlannedHost } from '../contracts/plan';
import type { HostTraffic } from '../contracts/status';
import type { Fence, TrafficFacts, WantedTraffic } from '../contracts/world';
import type { Attempt, ChangeRef } from './attempt';
import { attempt } from './attempt';
import { roomUnderCap } from './room';
import type { World, Worlds } from './world';
import { factsAt, trafficOf } from './world';

export interface TrafficInput {
  change: ChangeRef;
  service: { name: string };
  host: PlannedHost;
}

/** Milliseconds between two looks at first: one look costs about 1 ms on a warm connection. */
const LOOK = 10;
/** Milliseconds between two looks at most. */
const LONGEST_LOOK = 500;
/** A reload makes a balancer forget; this is how long it may go unnoticed while a host is out. */
const GUARD = 100;
/** Milliseconds for requests that came in because a balancer forgot. */
const FORGOTTEN = 10_000;

export function trafficActivities(worlds: Worlds) {
  return {
    /**
     * Drains a host and takes it out of rotation, proven on every balancer. Fails with BalancerNotAsWanted
     * while the other hosts of the service leave no room for it under the cap.
     *
     * @param input.away other hosts that this change takes out right now, whatever balancers say of them yet
     * @param input.deadlineSeconds counted from the first attempt; 0 means do not wait for sessions
     * @param input.force cut the sessions that are left at the deadline
     * @returns `out: false` with the sessions that are left, when they may not be cut
     */
    async takeOut(
      input: TrafficInput & { cap: number; away: string[]; deadlineSeconds: number; force: boolean },
    ) {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      await roomUnderCap(world, input, now.signal);
      const sessions = await drained(world, input.host, now, input.deadlineSeconds * 1_000);
      const out = sessions === 0 || input.force;
      if (sessions > 0 && out) await setAll(world, input.host.places, { state: 'out' }, now);
      return { out, sessions, traffic: asShown(await trafficOf(world, input.host, now.signal)) };
    },

    /**
     * Puts a host back into rotation and waits until every balancer reports it exactly up.
     *
     * @param input.weights by balancer
     */
    async putBack(input: TrafficInput & { weights: Record<string, number> }) {
      const world = await worlds.of(input.change.cluster);
      return { traffic: asShown(await comeIn(world, input, attempt(input.change))) };
    },
  };
}

/**
 * Into rotation at these weights, by way of drain; done when every balancer reports the host exactly up.
 *
 * @param held these weights are kept so; otherwise balancers are handed the host back
 */
export async function comeIn(
  world: World,
  {
    service,
    host,
    weights,
    held = false,
  }: TrafficInput & { weights: Record<string, number>; held?: boolean },
  now: Attempt,
): Promise<Record<string, TrafficFacts>> {
  const deadline = comesUpBy(world, service.name);
  await checkedByBalancers(world, host, now, deadline);
  for (const place of host.places) {
    const weight = weights[place.balancer];
    if (weight === undefined) throw new PawlError('Failed', `no weight is known for ${place.balancer}`);
    await world
      .balancer(place.balancer)
      .set(place.backend, place.server, { state: 'in', weight, held }, now.fence, now.signal);
  }
  return exactlyIn(world, host, deadline, now.signal);
}

/** Balancers check the host and send it nothing new; done when every check passes. */
export async function standBy(
  world: World,
  { service, host }: TrafficInput,
  now: Attempt,
): Promise<Record<string, TrafficFacts>> {
  await setAll(world, host.places, { state: 'draining' }, now);
  const checked = ({ state, healthy }: TrafficFacts) => state === 'draining' && healthy;
  return untilAll(world, host, checked, comesUpBy(world, service.name), now.signal);
}

export function comesUpBy(world: World, service: string): number {
  const limit = world.cluster.services[service]?.limits.healthySeconds ?? 60;
  return performance.now() + limit * 1_000;
}

/**
 * Drains a host everywhere until no request is left, those of replaced balancer processes included, and takes it
 * out. The state is asserted at every look, because a reload forgets it.
 *
 * @returns sessions left at the deadline; 0: it is out everywhere
 */
async function drained(world: World, host: PlannedHost, now: Attempt, limitMs: number): Promise<number> {
  let left = await drainAll(world, host.places, now);
  for (const begun = performance.now(); left > 0 && now.elapsed() < limitMs;) {
    now.progress(`${host.name}: ${left} sessions left`);
    await untilNextLook(begun, now.signal);
    const facts = await assertAll(world, host.places, 'draining', now);
    left = facts.reduce((sum, { sessions }) => sum + sessions, 0);
    if (left === 0) left = await drainAll(world, host.places, now);
  }
  return left;
}

/**
 * Several balancers: none takes the host out before it is empty on all. One balancer needs one round trip.
 *
 * @returns sessions left; 0: it is out everywhere
 */
async function drainAll(
  world: World,
  places: Place[],
  now: { fence: Fence; signal: AbortSignal },
): Promise<number> {
  const pass = async (thenOut: boolean) => {
    const left = await Promise.all(
      places.map(async (place) => {
        const wanted = { seen: await factsAt(world, place, now.signal), thenOut };
        const { balancer, backend, server } = place;
        return world.balancer(balancer).drain(backend, server, wanted, now.fence, now.signal);
      }),
    );
    return left.reduce((sum, count) => sum + count, 0);
  };
  const left = places.length > 1 ? await pass(false) : 0;
  return left || pass(true);
}

/** Makes it so where it is not; a host that is out already stays out when draining is wanted. */
async function assertAll(
  world: World,
  places: Place[],
  wanted: 'draining' | 'out',
  now: { fence: Fence; signal: AbortSignal },
): Promise<TrafficFacts[]> {
  return Promise.all(
    places.map(async (place) => {
      const facts = await factsAt(world, place, now.signal);
      if (facts.state === wanted || facts.state === 'out') return facts;
      await world
        .balancer(place.balancer)
        .set(place.backend, place.server, { state: wanted }, now.fence, now.signal);
      return factsAt(world, place, now.signal);
    }),
  );
}

async function setAll(
  world: World,
  places: Place[],
  wanted: WantedTraffic,
  now: { fence: Fence; signal: AbortSignal },
): Promise<void> {
  await Promise.all(
    places.map(({ balancer, backend, server }) =>
      world.balancer(balancer).set(backend, server, wanted, now.fence, now.signal),
    ),
  );
}

/** A balancer that forgot may have sent requests meanwhile: they get some time to end. */
async function provenOut(
  world: World,
  host: PlannedHost,
  now: { fence: Fence; signal: AbortSignal },
): Promise<void> {
  const before = Object.values(await trafficOf(world, host, now.signal));
  if (before.every(({ state }) => state === 'out')) return;
  for (
    const begun = performance.now();
    performance.now() < begun + FORGOTTEN;
    await untilNextLook(begun, now.signal)
  ) {
    const facts = await assertAll(world, host.places, 'out', now);
    if (facts.every(({ sessions }) => sessions === 0)) return;
  }
}

/**
 * A host may be well by its own word and out of a balancer's reach. While it drains, a balancer checks it and sends
 * it nothing; it goes on when every check passes.
 */
async function checkedByBalancers(
  world: World,
  host: PlannedHost,
  now: Attempt,
  deadline: number,
): Promise<void> {
  const before = await trafficOf(world, host, now.signal);
  const out = host.places.filter(({ balancer }) => before[balancer]?.state === 'out');
  await setAll(world, out, { state: 'draining' }, now);
  await untilAll(world, host, ({ state, healthy }) => state !== 'draining' || healthy, deadline, now.signal);
}

/** `UP 1/2` is not up: the next host would leave before this one answers. */
function exactlyIn(
  world: World,
  host: PlannedHost,
  deadline: number,
  signal: AbortSignal,
): Promise<Record<string, TrafficFacts>> {
  return untilAll(world, host, ({ state }) => state === 'in', deadline, signal);
}

/** @throws Unhealthy when a balancer does not come to say so by the deadline */
async function untilAll(
  world: World,
  host: PlannedHost,
  asWanted: (facts: TrafficFacts) => boolean,
  deadline: number,
  signal: AbortSignal,
): Promise<Record<string, TrafficFacts>> {
  for (const begun = performance.now(); ; await untilNextLook(begun, signal)) {
    const facts = await trafficOf(world, host, signal);
    const late = Object.entries(facts).filter(([, one]) => !asWanted(one));
    if (late.length === 0) return facts;
    const says = late.map(([balancer, { says }]) => `${says} at ${balancer}`).join(', ');
    if (performance.now() > deadline)
      throw new PawlError('Unhealthy', `${host.name} does not come up: ${says}`);
  }
}

/** A tenth of the time that was waited: a long wait costs little, and a short one ends at once. */
export async function untilNextLook(begun: number, signal: AbortSignal): Promise<void> {
  const pause = Math.max(LOOK, (performance.now() - begun) / 10);
  await delay(Math.min(pause, LONGEST_LOOK), undefined, { signal });
}

export function asShown(facts: Record<string, TrafficFacts>): Record<string, HostTraffic> {
  return Object.fromEntries(
    Object.entries(facts).map(([balancer, { state, weight, sessions }]) => [
      balancer,
      { state, weight, sessions },
    ]),
  );
}

/**
 * Proves that a host is out on every balancer, then keeps it out while the work goes on: a balancer that is
 * reloaded meanwhile forgets, and would send requests to a stopped service.
 */
export async function keepingOut<T>(
  world: World,
  host: PlannedHost,
  now: { fence: Fence; signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  await provenOut(world, host, now);
  const guard = new AbortController();
  const { signal } = guard;
  const unfollow = onAbort(now.signal, (reason) => guard.abort(reason));
  const guarding = (async () => {
    while (!signal.aborted) {
      await delay(GUARD, undefined, { signal });
      // a balancer that gives no answer now is asked again at the next look
      await assertAll(world, host.places, 'out', { fence: now.fence, signal }).catch(() => undefined);
    }
  })().catch(() => undefined);
  try {
    return await work();
  } finally {
    unfollow();
    guard.abort();
    await guarding;
  }
}
