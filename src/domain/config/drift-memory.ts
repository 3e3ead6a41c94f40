/** What one run of a schedule knows from the one before. */
import type { DriftMemory, Keys } from '../../contracts/config-drift';

/** @param result of the run before, of whatever release */
export function remembered(result: unknown): DriftMemory {
  const memory = (result as { drift?: { memory?: Partial<DriftMemory> } } | null | undefined)?.drift?.memory;
  return { told: memory?.told ?? {}, correcting: memory?.correcting ?? {} };
}

/**
 * What was not there before.
 *
 * @param now as `bounded` gives it
 */
export function newKeys(now: Keys, before: Keys): Keys {
  const fresh = Object.entries(now).map(([host, list]): [string, string[]] => [
    host,
    list.filter((key) => !before[host]?.includes(key)),
  ]);
  return Object.fromEntries(fresh.filter(([, list]) => list.length > 0));
}

/** Of a host that nobody could look at, what was known of it before is neither over nor new. */
export function carriedOn(now: Keys, before: Keys, unseen: readonly string[]): Keys {
  const kept = unseen.map((host): [string, string[]] => [
    host,
    [...new Set([...(now[host] ?? []), ...(before[host] ?? [])])],
  ]);
  return { ...now, ...Object.fromEntries(kept.filter(([, list]) => list.length > 0)) };
}

export const isEmpty = (keys: Keys) => Object.keys(keys).length === 0;
