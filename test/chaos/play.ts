/** Plays one case on real hosts and judges it by traces that Pawl does not write. */
import type { WorkflowHandle } from '@temporalio/client';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { startLoad } from '../../lab/load';
import { ended, sampleServers, type Ended } from '../lab/ground';
import type { ChaosCase } from './cases';
import { nameOf } from './cases';
import { ACTS, strike, type Scene, type Struck } from './faults';
import { progressOf } from './progress';
import { inputOf, releaseOf, wanted, type Wanted } from './stories';
import { rotation, sweep, tracesOf } from './traces';
import { clearTrap, setTrap } from './trap';

/** Requests a second; none is ever sent twice. */
const RATE = 100;
const RUN_WITHIN_MS = 120_000;
const HOSTS = ['n1', 'n2'];
/** Seconds. */
export const MOST_SECONDS = 20;

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
  reattached: number;
  /** the body was over before its moment came */
  late: boolean;
}

/** @param now the version that all hosts run; @param next the one to go to */
export async function play(scene: Scene, chaos: ChaosCase, now: string, next: string): Promise<Outcome> {
  const { ground, crew, folder } = scene;
  const name = nameOf(chaos);
  const { activity, host, nth, when, delayMs, story } = chaos;
  await Promise.all(HOSTS.map((each) => sweep(ground, each)));
  const before = await starts(scene);
  const artifact = await releaseOf(story, next);
  setTrap(folder, { id: name, activity, host, nth, when, delayMs, act: ACTS[chaos.fault] });
  await crew.up();
  const load = await startLoad({ url: `http://${ground.address('lb1')}/`, rate: RATE });
  const sampler = sampleServers(ground);
  const held = chaos.holdMs ? hold(ground.address('n1'), chaos.holdMs) : undefined;
  const begun = Date.now();
  try {
    const handle = await ground.start(inputOf(chaos, next, artifact));
    const [end, struck] = await within(
      RUN_WITHIN_MS,
      Promise.all([untilEnded(handle), strike(scene, chaos)]),
    );
    const seconds = (Date.now() - begun) / 1_000;
    const freeAt = Math.max(struck.backAt, (await held) ?? 0);
    const progress = await progressOf(handle, struck.faultAt);
    const { mostOut, samples } = await sampler.stop();
    const { sent, failed, failures } = await load.stop();
    const seen = {
      end,
      struck,
      mostOut,
      samples,
      failures: failures.map(({ kind, detail, at }) => `${at} ${kind} ${detail}`),
    };
    const faults = await judge(scene, wanted(story, now, next), before, seen);
    const goesOn = Math.max(0, progress.at - freeAt) / 1_000;
    if (goesOn > MOST_SECONDS) faults.push(`it went on only after ${goesOn} s`);
    return {
      case: name,
      ok: faults.length === 0,
      faults,
      away: (struck.backAt - struck.faultAt) / 1_000,
      goesOn,
      seconds,
      requests: { sent, failed },
      mostOut: mostOut.length,
      samples,
      reattached: progress.reattached,
      late: struck.late,
    };
  } finally {
    clearTrap(folder);
    await Promise.all([sampler.stop(), load.stop(), crew.dismiss()]);
  }
}

interface Seen {
  end: Ended;
  struck: Struck;
  mostOut: string[];
  samples: number;
  failures: string[];
}

/** @returns what is not as it must be */
async function judge(
  scene: Scene,
  want: Wanted,
  before: Record<string, number>,
  seen: Seen,
): Promise<string[]> {
  const { ground } = scene;
  const faults: string[] = [];
  const expect = (what: string, found: unknown, wish: unknown) => {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wish)];
    if (a !== b) faults.push(`${what}: ${a} instead of ${b}`);
  };
  expect('end', seen.end.end, want.end);
  if (seen.end.end !== want.end) faults.push(seen.end.message);
  expect('rotation', await rotation(ground), Object.fromEntries(HOSTS.map((host) => [host, 'UP 100'])));
  for (const host of HOSTS) {
    const { starts, jobs, units } = await tracesOf(ground, host);
    const versions = want.starts[host] ?? [];
    expect(`starts of ${host}`, starts.slice(before[host]), versions);
    expect(
      `jobs of ${host}`,
      jobs,
      versions.map(() => ({ end: 'success exited 0', begun: 1 })),
    );
    expect(`units of jobs on ${host}`, units, []);
    const shown = seen.end.report.hosts.find((each) => each.name === host);
    expect(`reported version of ${host}`, shown?.version, want.version);
    const edge = shown?.balancers['edge'];
    expect(`reported place of ${host}`, [edge?.state, edge?.weight], ['in', 100]);
  }
  expect('left to do', seen.end.report.leftToDo, []);
  expect('failed requests', seen.failures.slice(0, 5), []);
  if (seen.mostOut.length > 1) faults.push(`out at once: ${seen.mostOut.join(', ')}`);
  if (seen.samples < 10) faults.push(`only ${seen.samples} samples of the balancer`);
  return faults;
}

async function starts({ ground }: Scene): Promise<Record<string, number>> {
  const counts = HOSTS.map(async (host) => [host, (await ground.starts(host)).length] as const);
  return Object.fromEntries(await Promise.all(counts));
}

/** Like `ended`, through a restart of the server. */
async function untilEnded(handle: WorkflowHandle): Promise<Ended> {
  for (;;)
    try {
      return await ended(handle);
    } catch (error) {
      if ((error as { code?: number; cause?: { code?: number } }).cause?.code !== UNAVAILABLE) throw error;
      await delay(250);
    }
}

/** gRPC's own number. */
const UNAVAILABLE = 14;

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
