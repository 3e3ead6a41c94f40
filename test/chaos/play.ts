/** Plays one case on real hosts, under load. */
import type { WorkflowHandle } from '@temporalio/client';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ended, type Ended, type Ground } from '../lab/ground';
import { underLoad } from '../lab/whole-run';
import { withStore } from './backups';
import { AT_NGINX, AT_STORE, nameOf, type ChaosCase } from './cases';
import { ACTS, strike, type Scene } from './faults';
import { bothBalancers } from './grounds';
import { judge } from './judge';
import { progressOf } from './progress';
import { inputOf, releaseOf, TOLD, wanted } from './stories';
import { mark, sweep, sweepReleases } from './traces';
import { clearTrap, setTrap } from './trap';

/** Requests a second; none is ever sent twice. */
export const RATE = 100;
const RUN_WITHIN_MS = 120_000;
/** Seconds. */
const MOST_SECONDS = 20;
/** gRPC's own number. */
const UNAVAILABLE = 14;

/** What came of a case. */
export interface Outcome {
  case: string;
  ok: boolean;
  /** what is not as it must be, in words */
  faults: string[];
  /** from the fault to a worker (or the server) being back, seconds */
  away: number;
  /** from then (with a long job: from when it could end) to the next completed task, seconds */
  goesOn: number;
  /** of the whole run */
  seconds: number;
  requests: { sent: number; failed: number };
  mostOut: number;
  samples: number;
  /** jobs that an earlier attempt had started */
  reattached: number;
  /** the activity was over before the fault came: it proves less than its name says */
  late: boolean;
}

/** @param now the version that all hosts run; @param next the one to go to */
export async function play(scene: Scene, chaos: ChaosCase, now: string, next: string): Promise<Outcome> {
  const { ground, crew, folder } = scene;
  const { activity, host, nth, when, delayMs, story, fault } = chaos;
  const name = nameOf(chaos);
  const told = TOLD[story];
  await crew.up();
  // first: what a story begins with may need the release of before
  await sweepReleases(ground);
  await told?.before?.(ground);
  await sweep(ground);
  const marks = await mark(ground);
  const more = await told?.sees?.(ground);
  setTrap(folder, { id: name, activity, host, nth, when, delayMs, act: ACTS[fault] });
  try {
    const start = await starting(ground, chaos, next);
    // the shortest runs are over before the balancer was looked at often enough
    const strikeIt = async () => (await Promise.all([struckRun(scene, chaos, start), delay(1_000)]))[0];
    const { result, ...seen } = await underLoad(ground, strikeIt, {
      rate: RATE,
      ...throughOf(ground, story),
    });
    const { end, seconds, away, goesOn, reattached, late } = result;
    const faults = await judge(ground, wanted(chaos, now, next), marks, { end, ...seen }, more);
    if (goesOn > MOST_SECONDS) faults.push(`it went on only after ${goesOn} s`);
    const requests = { sent: seen.requests.sent, failed: seen.requests.failed };
    const { mostOut, samples } = seen;
    const figures = { away, goesOn, seconds, requests, mostOut: mostOut.length, samples, reattached, late };
    clearTrap(folder);
    await told?.after?.(ground);
    return { case: name, ok: faults.length === 0, faults, ...figures };
  } finally {
    clearTrap(folder);
    await crew.dismiss();
  }
}

/** The balancer through which requests come, where it is not the usual one. */
function throughOf(ground: Ground, story: ChaosCase['story']): { url?: string } {
  return AT_NGINX.includes(story) ? { url: `http://${ground.address('lb2')}/` } : {};
}

function clusterOf(ground: Ground, story: ChaosCase['story']): string {
  if (AT_NGINX.includes(story)) return bothBalancers(ground);
  return AT_STORE.includes(story) ? withStore(ground) : ground.cluster;
}

/** @returns starts the run of a story */
async function starting(
  ground: Ground,
  chaos: ChaosCase,
  next: string,
): Promise<() => Promise<WorkflowHandle>> {
  const told = TOLD[chaos.story];
  const cluster = clusterOf(ground, chaos.story);
  if (told?.run) {
    const { type, input } = told.run;
    return () => ground.startAs(type, { ...input(chaos), cluster });
  }
  const artifact = await releaseOf(chaos.story, next);
  return () => ground.start({ ...inputOf(chaos, next, artifact), cluster });
}

/** Starts the run, strikes it, and waits for its end. */
async function struckRun(scene: Scene, chaos: ChaosCase, start: () => Promise<WorkflowHandle>) {
  const { ground } = scene;
  const begun = Date.now();
  const held = chaos.holdMs ? hold(ground.address('n1'), chaos.holdMs) : undefined;
  const handle = await start();
  const run = Promise.all([
    throughRestarts(handle),
    strike(scene, chaos),
    TOLD[chaos.story]?.until?.(handle),
  ]);
  const [end, struck] = await within(RUN_WITHIN_MS, run);
  const seconds = (Date.now() - begun) / 1_000;
  const {
    at = 0,
    late,
    reattached,
  } = await progressOf(ground.client.workflow.getHandle(struck.workflowId), struck);
  const freeAt = Math.max(struck.backAt, (await held) ?? 0);
  return {
    end,
    seconds,
    away: (struck.backAt - struck.faultAt) / 1_000,
    goesOn: Math.max(0, at - freeAt) / 1_000,
    late: struck.late || late,
    reattached,
  };
}

/** Like `ended`; a server that is away for a moment is no end. */
async function throughRestarts(handle: WorkflowHandle): Promise<Ended> {
  for (;;)
    try {
      return await ended(handle);
    } catch (error) {
      if ((error as { cause?: { code?: number } }).cause?.code !== UNAVAILABLE) throw error;
      await delay(250);
    }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = delay(ms, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`not over within ${ms / 1_000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}

/** The old release answers this before it stops. Resolves then, with milliseconds of the clock. */
function hold(address: string, ms: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get(`http://${address}:8080/slow?ms=${ms}`, (response) =>
        response.resume().on('end', () => resolve(Date.now())),
      )
      .on('error', reject);
  });
}
