/** When a maintenance is announced, begins and ends. Times are milliseconds since 1970. */
import type { Mistake } from '../contracts/failures';
import type { MaintenanceTimes, PlannedClosure, PlannedDoor } from '../contracts/maintenance';
import type { Claim } from '../contracts/lease';
import type { StepStatus } from '../contracts/status';

export interface Window {
  from: number;
  to: number;
}

export interface Notice {
  /** as the input names it: `48h` */
  ahead: string;
  at: number;
}

const UNIT: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MINUTE = 60_000;
/** Nobody plans further ahead, and timers end somewhere. */
const FARTHEST = 366 * 86_400_000;
/** Seconds; a page that says "in a moment" needs no more to be true. */
export const SHORTEST_RETRY = 30;
/** Seconds after which to ask again when the expected end has passed. */
export const ASK_AGAIN = 120;

/** @param ahead such as `48h`, `2d`, `90m` */
export function durationOf(ahead: string): number {
  const [, count = '0', unit = 'm'] = /^(\d+)([mhd])$/.exec(ahead) ?? [];
  return Number(count) * UNIT[unit]!;
}

/**
 * Which announcements are still to come, the earliest first, and which would come too late.
 *
 * @param from when the maintenance begins
 */
export function noticesBefore(
  ahead: readonly string[],
  from: number,
  now: number,
): { due: Notice[]; past: string[] } {
  const all = ahead
    .map((label): Notice => ({ ahead: label, at: from - durationOf(label) }))
    .sort((one, other) => one.at - other.at);
  return {
    due: all.filter(({ at }) => at > now),
    past: all.filter(({ at }) => at <= now).map(({ ahead: label }) => label),
  };
}

/** The end after extensions, never later than the plan allows. */
export function extendedEnd({ from, to }: Window, minutes: number, maxMinutes: number): number {
  return Math.min(to + minutes * MINUTE, Math.max(to, from + maxMinutes * MINUTE));
}

/** Whole minutes by which the end may still be moved. */
export function minutesToSpare({ from }: Window, end: number, maxMinutes: number): number {
  return Math.max(0, Math.floor((from + maxMinutes * MINUTE - end) / MINUTE));
}

export const isoTimes = ({ from, to }: Window): MaintenanceTimes => ({
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});

export const windowIn = ({ from, to }: MaintenanceTimes): Window => ({
  from: Date.parse(from),
  to: Date.parse(to),
});

export const minutesOf = ({ from, to }: Window) => Math.round((to - from) / MINUTE);

interface Wanted {
  start: string;
  end?: string;
  durationMinutes?: number;
  maxMinutes: number;
}

/** @param begins what `now` is */
export function windowOf({ start, end, durationMinutes = 0 }: Wanted, begins: number): Window {
  const from = start === 'now' ? begins : Date.parse(start);
  return { from, to: end === undefined ? from + durationMinutes * MINUTE : Date.parse(end) };
}

/**
 * What is wrong with the times of an input.
 *
 * @param asked when the maintenance was asked for
 */
export function windowMistakes(wanted: Wanted, asked: number): Mistake[] {
  const { from, to } = windowOf(wanted, asked);
  const { start, end, maxMinutes } = wanted;
  const mistake = (path: string, value: string, rule: string): Mistake => ({
    code: 'outOfRange',
    path,
    value,
    rule,
  });
  const asText = new Date(asked).toISOString();
  if (start !== 'now' && from < asked)
    return [mistake('start', start, `is past: it is ${asText}; "now" begins at once`)];
  const far = from > asked + FARTHEST ? [mistake('start', start, 'is more than a year ahead')] : [];
  if (to <= from) return [...far, mistake('end', end ?? '', 'is not after the start')];
  const minutes = Math.ceil((to - from) / MINUTE);
  if (minutes <= maxMinutes) return far;
  const at = end === undefined ? 'durationMinutes' : 'end';
  return [...far, mistake(at, `${minutes} min`, `at most maxMinutes, which is ${maxMinutes}`)];
}

/** People answer with these names, so they are made as names are. A service may have several backends of one balancer. */
export const doorStep = (service: string, { balancer, backend }: PlannedDoor) =>
  `${service}-at-${balancer}${backend === service ? '' : `-${backend}`}`;
export const flagStep = (service: string) => `flag-of-${service}`;

/** What is done to close services, as people see it: first what is done first. */
export function closureSteps(closures: readonly PlannedClosure[]): StepStatus[] {
  return closures.flatMap(({ name, flagFile, hosts, doors }): StepStatus[] => [
    ...(flagFile ? [{ name: flagStep(name), host: hosts.join(', '), state: 'pending' as const }] : []),
    ...doors.map((door) => ({ name: doorStep(name, door), host: door.host, state: 'pending' as const })),
  ]);
}

/**
 * One maintenance of a service at a time. Hosts and balancers are not claimed, so that upgrades go on behind a closed door.
 *
 * @param from ISO time: where given, only others that begin at the same time are kept out
 */
export function closureClaims(closures: readonly Pick<PlannedClosure, 'name'>[], from?: string): Claim[] {
  return closures.map(({ name }) => ({
    name: `maintenance ${name}${from === undefined ? '' : ` from ${from}`}`,
    mode: 'exclusive',
  }));
}
