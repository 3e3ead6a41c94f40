import type { Requests, ServerTally, UsageReading, UsageTally } from '../contracts/gate';

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
export function counted(before: ServerTally, now: { generation: string; requests: Requests }): ServerTally {
  const { last } = before;
  const { generation, requests } = now;
  const names = ['answers', 'serverErrors', 'failures'] as const;
  const anew = generation !== before.generation || names.some((name) => requests[name] < last[name]);
  const gained = (name: (typeof names)[number]) => requests[name] - (anew ? 0 : last[name]);
  const added = {
    answers: gained('answers'),
    serverErrors: gained('serverErrors'),
    failures: gained('failures'),
  };
  return { host: before.host, generation, last: requests, sum: plus(before.sum, added) };
}

/** Milliseconds after which the use of processors is watched from a later reading on. */
const WINDOW = 30_000;

/** Adds a reading; a unit that was started anew is watched anew. */
export function used(before: UsageTally | undefined, now: UsageReading): UsageTally {
  if (!before || before.last.invocation !== now.invocation || now.unitCpuSeconds < before.last.unitCpuSeconds)
    return { from: now, next: now, last: now };
  if (now.at - before.next.at < WINDOW) return { ...before, last: now };
  return { from: before.next, next: now, last: now };
}
