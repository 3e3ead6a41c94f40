/** What can be said of clocks that are read over a network, where an answer takes its time. */

/** Milliseconds that a clock may be off: logs can still be read side by side. */
export const CLOCK_LIMIT = 2_000;

/**
 * How far a clock is off for certain, milliseconds; positive when it is ahead.
 *
 * @param shown what it said, some time between the two moments of our own clock
 */
export function offBy(shown: number, from: number, to: number): number {
  if (shown < from) return shown - from;
  return shown > to ? shown - to : 0;
}

/**
 * Tells a clock that is wrong from one that is looked at with a wrong one: where more than half of three or
 * more clocks are off to the same side, it is ours.
 *
 * @param offsets by host, milliseconds against our clock
 * @returns `ours` and `theirs` are off by more than the limit
 */
export function judgeClocks(
  offsets: Record<string, number>,
  limit: number,
): { ours: number | null; theirs: Record<string, number> } {
  const sorted = Object.values(offsets).sort((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const ours = sorted.length >= 3 && Math.abs(middle) > limit ? -middle : null;
  const theirs = Object.entries(offsets)
    .map(([host, offset]) => [host, offset - (ours === null ? 0 : middle)] as const)
    .filter(([, offset]) => Math.abs(offset) > limit);
  return { ours, theirs: Object.fromEntries(theirs) };
}

/** e.g. `5 min ahead`, `12 s behind` */
export function offText(ms: number): string {
  return `${farText(ms)} ${ms > 0 ? 'ahead' : 'behind'}`;
}

export function farText(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
