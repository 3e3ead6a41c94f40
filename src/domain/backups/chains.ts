/** What backups build on. Of what is asked here, ids are unique. */
import type { BackupEntry } from '../../contracts/backups';

/** As much of a backup as its place in a chain needs. */
export type Linked = Pick<BackupEntry, 'id' | 'parent' | 'kind'>;

/** Of those that hold the same moment, in the order of their ids: the order of the input never matters. */
export function newestFirst<E extends Pick<BackupEntry, 'id' | 'at'>>(entries: readonly E[]): E[] {
  const dated = entries.map((entry) => ({ entry, at: Date.parse(entry.at) }));
  dated.sort((one, other) => other.at - one.at || (one.entry.id < other.entry.id ? 1 : -1));
  return dated.map(({ entry }) => entry);
}

export const byId = <E extends Linked>(entries: readonly E[]): ReadonlyMap<string, E> =>
  new Map(entries.map((entry) => [entry.id, entry]));

/** @returns the backup and all that it builds on, the full one first; or in words why it cannot be restored */
export function chainIn<E extends Linked>(known: ReadonlyMap<string, E>, id: string): E[] | string {
  const chain = new Set<E>();
  let last: E | undefined;
  for (let next: string | null = id; next !== null; next = last.parent) {
    const entry = known.get(next);
    if (!entry)
      return last
        ? `${next}, which ${last.id} builds on, is not in the catalogue`
        : `${id} is not in the catalogue`;
    if (chain.has(entry)) return `${entry.id} builds on itself`;
    chain.add((last = entry));
  }
  if (last && last.kind !== 'full')
    return `${last.id} is ${last.kind}, and says nothing of what it builds on`;
  return [...chain].reverse();
}

/**
 * In this order they may go one by one, and none is ever left without what it builds on. Those that build on each other
 * in a circle come last.
 */
export function childrenFirst<E extends Linked>(entries: readonly E[]): E[] {
  const known = byId(entries);
  const waitsFor = new Map<string, number>();
  for (const { parent } of entries)
    if (parent !== null) waitsFor.set(parent, (waitsFor.get(parent) ?? 0) + 1);
  const ordered = entries.filter(({ id }) => !waitsFor.has(id));
  // what is added here is walked over, too
  for (const { parent } of ordered) {
    const entry = parent === null ? undefined : known.get(parent);
    if (!entry) continue;
    const left = waitsFor.get(entry.id)! - 1;
    waitsFor.set(entry.id, left);
    if (left === 0) ordered.push(entry);
  }
  const placed = new Set(ordered);
  return [...ordered, ...entries.filter((entry) => !placed.has(entry))];
}

/**
 * Ids of those that can be restored: of which the whole chain is there, and good. `chainIn` for all at once.
 *
 * @param ordered as `childrenFirst` gives them
 */
export function wholeOf<E extends Linked>(
  ordered: readonly E[],
  isGood: (entry: E) => boolean = () => true,
): ReadonlySet<string> {
  const whole = new Set<string>();
  for (const entry of [...ordered].reverse()) {
    const { id, parent, kind } = entry;
    if (isGood(entry) && (parent === null ? kind === 'full' : whole.has(parent))) whole.add(id);
  }
  return whole;
}
