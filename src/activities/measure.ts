import { setTimeout as delay } from 'node:timers/promises';
import type { Judgement, PlannedGate, Tally, Usual } from '../contracts/gate';
import { PawlError } from '../contracts/failures';
import type { PlannedHost, PlannedService } from '../contracts/plan';
import { emptyHistogram } from '../domain/histogram';
import type { Measured, Seen } from '../domain/judge';
import { judge, total } from '../domain/judge';
import { used } from '../domain/tally';
import { usageOf } from '../domain/usage';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import type { Probing } from './gate/probes';
import { startProbing } from './gate/probes';
import { beginCounting, countOn } from './gate/requests';
import { readUsage } from './gate/usage';
import { usualByProbes } from './gate/usual';
import type { World, Worlds } from './world';

/** Milliseconds between two looks. */
const LOOK = 500;
/** Milliseconds between two readings of CPU and memory, at first and later on. */
const FIRST_USAGE = 2_000;
const LATER_USAGE = 15_000;

export interface GateInput {
  change: ChangeRef;
  service: PlannedService;
  limits: PlannedGate;
  /** hosts that run the new version */
  changed: PlannedHost[];
  /** hosts that still run the one before */
  others: PlannedHost[];
  usual: Usual;
  /** what was counted so far; null: nothing, the gate begins */
  tally: Tally | null;
  /** how long to look; a failure ends it at once */
  seconds: number;
  /** so does a pass, when it is waited for */
  endOnPass: boolean;
}

export interface GateSeen {
  tally: Tally | null;
  judgement: Judgement;
}

export function measureActivities(worlds: Worlds) {
  return {
    /** Response times before the change, or how they usually are at this hour. Fails only when it is cancelled. */
    async measureUsual(input: {
      change: ChangeRef;
      service: PlannedService;
      limits: PlannedGate;
      hosts: PlannedHost[];
    }): Promise<Usual> {
      const world = await worlds.of(input.change.cluster);
      const { signal } = attempt(input.change);
      return usualByProbes(world, input.service, input.hosts, input.limits, signal);
    },

    /**
     * Measures and judges until its time is over, or a verdict is there that ends it. Counting goes on where
     * the tally stands; the first call only begins it, so that its beginning is on record.
     */
    async watchGate(input: GateInput): Promise<GateSeen> {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      const until = Date.now() + input.seconds * 1_000;
      if (!input.tally) return begin(world, input, until, now.signal);
      return look(world, input, input.tally, until, now);
    },
  };
}

/** Reads where all counting starts; tries until it can. */
async function begin(world: World, input: GateInput, until: number, signal: AbortSignal): Promise<GateSeen> {
  for (;;) {
    const servers = await tried(
      () => beginCounting(world, [...input.changed, ...input.others], signal),
      signal,
    );
    if (!servers.known && Date.now() < until) {
      await delay(LOOK, undefined, { signal });
      continue;
    }
    const judgement: Judgement = {
      verdict: 'hold',
      text: servers.known ? 'it has just begun' : servers.why,
      claims: [],
    };
    if (!servers.known) return { tally: null, judgement };
    const probes = { changed: emptyHistogram(), others: emptyHistogram() };
    return { tally: { begunAt: Date.now(), servers: servers.is, probes, usage: {} }, judgement };
  }
}

async function look(
  world: World,
  input: GateInput,
  tally: Tally,
  until: number,
  now: { signal: AbortSignal; progress(details: string): void },
): Promise<GateSeen> {
  const { signal } = now;
  const probing = probe(world, input, tally, signal);
  let usage: Seen['usage'] = { known: false, why: 'not measured yet' };
  let usageDue = 0;
  try {
    for (;;) {
      const requests = await countRequests(world, input, tally, signal);
      if (Date.now() >= usageDue) {
        usage = await useOf(world, input, tally, signal);
        const elapsed = Date.now() - tally.begunAt;
        usageDue = Date.now() + Math.min(LATER_USAGE, Math.max(FIRST_USAGE, elapsed / 10));
      }
      const seen: Seen = {
        seconds: (Date.now() - tally.begunAt) / 1_000,
        requests,
        latency: latencyOf(tally, probing),
        usual: input.usual,
        usage,
      };
      const judgement = judge(seen, input.limits);
      now.progress(`${judgement.verdict}: ${judgement.text}`);
      const decided = judgement.verdict === 'fail' || (input.endOnPass && judgement.verdict === 'pass');
      if (decided || Date.now() >= until) return { tally, judgement };
      await delay(Math.min(LOOK, Math.max(1, until - Date.now())), undefined, { signal });
    }
  } finally {
    await Promise.all(probing.map((one) => one.stop()));
  }
}

function probe(world: World, input: GateInput, tally: Tally, signal: AbortSignal): Probing[] {
  const { port } = input.service;
  const paths = input.limits.probePaths;
  return (['changed', 'others'] as const).map((group) =>
    startProbing(world, { port, paths, hosts: input[group] }, tally.probes[group], signal),
  );
}

function latencyOf(tally: Tally, probing: Probing[]): Seen['latency'] {
  // the others are for comparison only
  const why = probing[0]?.trouble();
  return why ? { known: false, why } : { known: true, is: tally.probes };
}

async function countRequests(
  world: World,
  input: GateInput,
  tally: Tally,
  signal: AbortSignal,
): Promise<Seen['requests']> {
  const now = await tried(
    () => countOn(world, [...input.changed, ...input.others], tally.servers, signal),
    signal,
  );
  if (!now.known) return now;
  tally.servers = now.is;
  const of = (name: string) =>
    total(Object.values(tally.servers).flatMap(({ host, sum }) => (host === name ? [sum] : [])));
  return {
    known: true,
    is: {
      changed: Object.fromEntries(input.changed.map(({ name }) => [name, of(name)])),
      others: total(input.others.map(({ name }) => of(name))),
    },
  };
}

async function useOf(
  world: World,
  input: GateInput,
  tally: Tally,
  signal: AbortSignal,
): Promise<Seen['usage']> {
  const read = async ({ name }: PlannedHost) => {
    const reading = await readUsage(world.hosts.on(name), input.service.unit, signal);
    tally.usage[name] = used(tally.usage[name], reading);
    return [name, usageOf(tally.usage[name])] as const;
  };
  return tried(async () => {
    const [changed, others] = await Promise.all([
      Promise.all(input.changed.map(read)),
      // for comparison only: one that cannot be read is none
      Promise.allSettled(input.others.slice(0, 5).map(read)),
    ]);
    const there = others.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    return { changed: Object.fromEntries(changed), others: Object.fromEntries(there) };
  }, signal);
}

/** What cannot be measured is no failure of the change: it is said, and nothing is proven. */
async function tried<T>(measure: () => Promise<T>, signal: AbortSignal): Promise<Measured<T>> {
  try {
    return { known: true, is: await measure() };
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    return { known: false, why: error.message };
  }
}
