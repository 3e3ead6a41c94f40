/** Backups that a change wants before it touches anything. */
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { FreshBackup } from '../../contracts/inputs/rolling-upgrade';
import type { PlannedFreshBackup } from '../../contracts/plan';
import { unknownName } from '../../domain/mistakes';
import { freshnessOf } from '../backups/fresh';
import { noBackups, sourceNamed } from '../backups/source';
import type { World } from '../world';

export interface FreshBackups {
  backups: PlannedFreshBackup[];
  /** how old they are now */
  notes: string[];
  /** what is missing now, and is not to be taken by the change */
  unready: Mistake[];
  mistakes: Mistake[];
}

export async function planFreshBackups(
  wanted: readonly FreshBackup[],
  world: World,
  signal: AbortSignal,
): Promise<FreshBackups> {
  const each = await Promise.all(wanted.map((one, index) => planOne(one, `backups.${index}`, world, signal)));
  return {
    backups: each.flatMap(({ backups }) => backups),
    notes: each.flatMap(({ notes }) => notes),
    unready: each.flatMap(({ unready }) => unready),
    mistakes: each.flatMap(({ mistakes }) => mistakes),
  };
}

async function planOne(
  wanted: FreshBackup,
  path: string,
  world: World,
  signal: AbortSignal,
): Promise<FreshBackups> {
  const none: FreshBackups = { backups: [], notes: [], unready: [], mistakes: [] };
  const { source: name, maxAgeMinutes, take } = wanted;
  const { backups } = world.cluster;
  if (!backups) return { ...none, mistakes: [{ ...noBackups(), path }] };
  if (!Object.hasOwn(backups.sources, name))
    return { ...none, mistakes: [unknownName(`${path}.source`, name, Object.keys(backups.sources))] };
  const source = sourceNamed(world, name);
  const { hosts } = source;
  const wrong = (code: string, rule: string): Mistake => ({
    code,
    path: `${path}.source`,
    value: name,
    rule,
  });
  if (hosts.length === 0)
    return { ...none, mistakes: [wrong('nobody', 'no host has the role of this source')] };
  const planned = { ...none, backups: [{ ...wanted, hosts }] };
  try {
    const found = await freshnessOf(world, source, maxAgeMinutes, signal);
    const old = found.filter(({ fresh }) => !fresh);
    const says = (texts: typeof found) => texts.map(({ text }) => text).join('; ');
    if (old.length > 0 && !take) {
      const rule = `${says(old)}; at most ${maxAgeMinutes} min are allowed: take one first, or let the change do it ("take": true)`;
      return { ...planned, unready: [wrong('tooOld', rule)] };
    }
    const note =
      old.length > 0
        ? `${says(old)}: one is taken before anything is touched`
        : `${says(found)}: none is taken`;
    return { ...planned, notes: [note] };
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    return { ...planned, unready: [wrong(error.type, error.message)] };
  }
}
