import type { Stable } from '../contracts/stable';

/**
 * What a service goes back to: the newest release that has proven itself, or the one before where that is what all hosts
 * run already and nothing else is on its way to them.
 *
 * @param stable newest first
 * @param running versions of the hosts, and those that are being brought to them; empty ones are not known
 */
export function lastStable(stable: readonly Stable[], running: readonly string[]): string | undefined {
  const known = new Set(running.filter(Boolean));
  const [newest, before] = stable.map(({ version }) => version);
  return newest !== undefined && known.size === 1 && known.has(newest) ? before : newest;
}

/** The version that most hosts run; of two the one that comes first. */
export function mostOften(versions: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const version of versions.filter(Boolean)) counts.set(version, (counts.get(version) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}

/**
 * For how long a release has proven itself.
 *
 * @param now milliseconds
 * @returns hours; 0 for one that has not
 */
export function provenHours(stable: readonly Stable[], version: string | undefined, now: number): number {
  const known = stable.find((one) => one.version === version);
  if (!known) return 0;
  // it was there before anybody looked
  if (known.change === null) return Infinity;
  return (now - Date.parse(known.first ?? known.since)) / 3_600_000;
}
