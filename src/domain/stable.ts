import type { Release, Stable } from '../contracts/stable';

/**
 * What a service goes back to: the newest release that has proven itself, or the one before where that is what all hosts
 * run already and nothing else is on its way to them.
 *
 * @param stable newest first
 * @param allRun whether all hosts run it, and nothing else is being brought to them
 */
export function lastStable(stable: readonly Stable[], allRun: (one: Release) => boolean): Stable | undefined {
  const [newest, before] = stable;
  return newest !== undefined && allRun(newest) ? before : newest;
}

/** The version that most hosts run, or the configuration that most have; of two the one that comes first. */
export function mostOften(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names.filter(Boolean)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}

/**
 * For how long a release has proven itself.
 *
 * @param now milliseconds
 * @returns hours; 0 for one that has not
 */
export function provenHours(known: Stable | undefined, now: number): number {
  if (!known) return 0;
  // it was there before anybody looked
  if (known.change === null) return Infinity;
  return (now - Date.parse(known.first ?? known.since)) / 3_600_000;
}

/** One word for a release; no version has a slash in it. */
export const releaseKey = ({ version, config }: Release) =>
  config === undefined ? version : `${version}/${config}`;

/** `1.2.0 with configuration 3f2a…`, as people read it. */
export const releaseText = ({ version, config }: Release) =>
  config === undefined ? version : `${version} with configuration ${config}`;
