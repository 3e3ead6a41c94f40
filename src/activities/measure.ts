import { setTimeout as delay } from 'node:timers/promises';
import type { Judgement, PlannedGate, Sight, Tally, Usual } from '../contracts/gate';
import type { PlannedHost, PlannedService } from '../contracts/plan';
import { emptyHistogram } from '../domain/histogram';
import type { Seen } from '../domain/judge';
import { judge } from '../domain/judge';
import { sightOf, together } from '../domain/sight';
import type { Attempt, ChangeRef } from './attempt';
import { attempt } from './attempt';
import { askOwn, latencyByServer, usualByServer } from './gate/metrics';
import type { Probing } from './gate/probes';
import { startProbing } from './gate/probes';
import { areCounted, beginCounting, countRequests, probedRequests } from './gate/requests';
import { mostMemory, useOf } from './gate/usage';
import { usualByProbes } from './gate/usual';
import { tried } from './tried';
import type { World, Worlds } from './world';

/** Milliseconds between two looks. */
const LOOK = 500;
/** Milliseconds between two questions to hosts and to the metrics server, at first and later on. */
const FIRST_QUESTION = 2_000;
const LATER_QUESTION = 15_000;

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
  /** as it was given, or learnt since */
  usual: Usual;
  /** in this look; activities of earlier releases do not say */
  saw?: Sight;
}

export function measureActivities(worlds: Worlds) {
  return {
    /** Response times before the change, or how they usually are at this hour; and memory before it. */
    async measureUsual(input: {
      change: ChangeRef;
      service: PlannedService;
      limits: PlannedGate;
      hosts: PlannedHost[];
    }): Promise<Usual> {
      const world = await worlds.of(input.change.cluster);
      const { signal } = attempt(input.change);
      const { latency, confidencePercent } = input.limits;
      const [usual, memoryMiB] = await Promise.all([
        latency
          ? usualByServer(world, latency, input.hosts, confidencePercent / 100, Date.now(), signal)
          : usualByProbes(world, input.service, input.hosts, input.limits, signal),
        mostMemory(world, input.service, input.hosts, signal),
      ]);
      return { ...usual, ...(memoryMiB !== undefined && { memoryMiB }) };
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
  const hold = (text: string): Judgement => ({ verdict: 'hold', text, claims: [] });
  const { usual } = input;
  for (;;) {
    const servers = await tried(
      () => beginCounting(world, [...input.changed, ...input.others], signal),
      signal,
    );
    if (servers.known) {
      const probes = { changed: emptyHistogram(), others: emptyHistogram() };
      const tally = { begunAt: Date.now(), servers: servers.is, probes, usage: {}, outside: {} };
      return { tally, usual, judgement: hold('it has just begun') };
    }
    if (Date.now() >= until) return { tally: null, usual, judgement: hold(servers.why) };
    await delay(LOOK, undefined, { signal });
  }
}

async function look(
  world: World,
  input: GateInput,
  tally: Tally,
  until: number,
  now: Attempt,
): Promise<GateSeen> {
  const { signal } = now;
  const counted = areCounted(world, input.changed);
  if (!counted) tally.asked ??= {};
  const probing = input.limits.latency && counted ? [] : probe(world, input, tally, signal);
  const hosts = { changed: input.changed.length, peers: input.others.length };
  let answers: Answers | undefined;
  let saw: Sight | undefined;
  let due = 0;
  try {
    for (;;) {
      const asks = Date.now() >= due;
      if (!answers || asks) {
        answers = await ask(world, input, tally, answers?.usual ?? input.usual, signal);
        const elapsed = Date.now() - tally.begunAt;
        due = Date.now() + Math.min(LATER_QUESTION, Math.max(FIRST_QUESTION, elapsed / 10));
      }
      const seen: Seen = {
        ...answers,
        seconds: (Date.now() - tally.begunAt) / 1_000,
        requests: counted
          ? await countRequests(world, input, tally, signal)
          : probedRequests(input, tally, probing[0]?.trouble()),
        latency: answers.latency ?? probed(tally, probing),
      };
      const judgement = judge(seen, input.limits);
      now.progress(`${judgement.verdict}: ${judgement.text}`);
      const decided = judgement.verdict === 'fail' || (input.endOnPass && judgement.verdict === 'pass');
      const over = decided || Date.now() >= until;
      if (asks || over) saw = together(saw, sightOf(seen, input.limits, hosts));
      if (over) return { tally, judgement, usual: answers.usual, saw };
      await delay(Math.min(LOOK, Math.max(1, until - Date.now())), undefined, { signal });
    }
  } finally {
    await Promise.all(probing.map((one) => one.stop()));
  }
}

type Answers = Pick<Seen, 'usage' | 'own' | 'usual'> & { latency?: Seen['latency'] };

/** What takes a while to find out, all at the same time. */
async function ask(
  world: World,
  input: GateInput,
  tally: Tally,
  usual: Usual,
  signal: AbortSignal,
): Promise<Answers> {
  const { limits, changed, others } = input;
  const { latency: series } = limits;
  const [usage, own, latency, learnt] = await Promise.all([
    useOf(world, input, tally, signal),
    askOwn(world, limits.own, changed, tally, signal),
    series ? latencyByServer(world, series, input, tally, signal) : undefined,
    // a metrics server that was away remembers the time before the change
    series && usual.p95Ms === null
      ? usualByServer(
          world,
          series,
          [...changed, ...others],
          limits.confidencePercent / 100,
          input.change.epoch,
          signal,
        ).then((found) => ({ ...usual, ...found }))
      : usual,
  ]);
  return { usage, own, usual: learnt, ...(latency && { latency }) };
}

function probe(world: World, input: GateInput, tally: Tally, signal: AbortSignal): Probing[] {
  const { service } = input;
  const paths = input.limits.probePaths;
  return (['changed', 'others'] as const).map((group) =>
    startProbing(world, { service, paths, hosts: input[group] }, tally.probes[group], signal, tally.asked),
  );
}

/** The others are for comparison only: trouble with them is none. */
function probed(tally: Tally, [changed]: Probing[]): Seen['latency'] {
  const why = changed?.trouble();
  return why ? { known: false, why } : { known: true, is: tally.probes };
}
