import type { MemorySample, Requests, ServerTally, UsageReading, UsageTally } from '../contracts/gate';
import { thinned } from './thinned';
import { MIB } from './usage';

export const noRequests = (): Requests => ({ answers: 0, serverErrors: 0, failures: 0 });

/** Of several servers, or several hosts. */
export const total = (all: Requests[]): Requests => all.reduce(plus, noRequests());

export function plus(one: Requests, other: Requests): Requests {
  return {
    answers: one.answers + other.answers,
    serverErrors: one.serverErrors + other.serverErrors,
    failures: one.failures + other.failures,
  };
}

/**
 * Adds what a balancer counted since the last look. One that was reloaded, or whose counters somebody
 * cleared, began at zero: all it shows came since then, and no sum ever falls.
 */
export function counted(
  before: ServerTally,
  now: Pick<ServerTally, 'generation' | 'weight'> & { requests: Requests },
): ServerTally {
  const { last } = before;
  const { generation, requests, ...more } = now;
  const names = ['answers', 'serverErrors', 'failures'] as const;
  const anew = generation !== before.generation || names.some((name) => requests[name] < last[name]);
  const gained = (name: (typeof names)[number]) => requests[name] - (anew ? 0 : last[name]);
  const added = {
    answers: gained('answers'),
    serverErrors: gained('serverErrors'),
    failures: gained('failures'),
  };
  return { host: before.host, generation, ...more, last: requests, sum: plus(before.sum, added) };
}

/** Milliseconds after which the use of processors is watched from a later reading on. */
const WINDOW = 30_000;

/** Samples of memory that are kept of a host: two thirds of the time have at least 12 of them. */
const MEMORY_SAMPLES = 40;

/** Adds a reading; a unit that was started anew is watched anew. */
export function used(before: UsageTally | undefined, now: UsageReading): UsageTally {
  if (!before || before.last.invocation !== now.invocation || now.unitCpuSeconds < before.last.unitCpuSeconds)
    return { from: now, next: now, last: now, memory: withSample([], now) };
  const { next, memory = [] } = before;
  const then = { last: now, memory: withSample(memory, now) };
  if (now.at - next.at < WINDOW) return { ...before, ...then };
  return { from: next, next: now, ...then };
}

function withSample(memory: MemorySample[], { at, unitMemoryBytes }: UsageReading): MemorySample[] {
  const sample: MemorySample = [hundredths(at / 1_000), hundredths(unitMemoryBytes / MIB)];
  // asked twice within a hundredth of a second it has nothing new to say
  return sample[0] === memory.at(-1)?.[0] ? memory : thinned([...memory, sample], MEMORY_SAMPLES);
}

const hundredths = (value: number) => Number(value.toFixed(2));
