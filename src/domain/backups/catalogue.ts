/** Which backups a moment is restored from. */
import type { BackupEntry } from '../../contracts/backups';
import { byId, chainIn, newestFirst, type Linked } from './chains';
import { hasLogs } from './parents';

type Dated = Linked & Pick<BackupEntry, 'at'> & Partial<Pick<BackupEntry, 'content'>>;

/** @returns the backups to restore in this order, the full one first; or in words what is missing */
export const chainOf = <E extends Linked>(entries: readonly E[], id: string): E[] | string =>
  chainIn(byId(entries), id);

export const newest = <E extends Pick<BackupEntry, 'id' | 'at'>>(entries: readonly E[]): E | undefined =>
  newestFirst(entries)[0];

export interface Serves<E> {
  /** undefined: none does */
  entry: E | undefined;
  /** ISO time up to which its binary logs are replayed; absent: all of it is restored */
  until?: string;
  /** one sentence for each reason why a newer one was not taken */
  notTaken: string[];
}

/**
 * A backup whose binary logs cover a moment that none holds by itself brings exactly that one back.
 *
 * @param moment milliseconds; logs know whole seconds, and end before the one that it lies in
 */
export function coveringAt<E extends Dated>(
  entries: readonly E[],
  moment: number,
): { entry: E; until: string } | undefined {
  const known = byId(entries);
  const second = Math.floor(moment / 1_000) * 1_000;
  const isWhole = ({ id }: E) => typeof chainIn(known, id) !== 'string';
  if (entries.some((entry) => Date.parse(entry.at) === second && isWhole(entry))) return undefined;
  const covers = (entry: E) => {
    const parent = entry.parent === null ? undefined : known.get(entry.parent);
    if (!parent || !hasLogs(entry)) return false;
    return Date.parse(parent.at) < second && second < Date.parse(entry.at);
  };
  const whole = newestFirst(entries.filter(covers)).filter(isWhole);
  // of several the one that has the fewest logs beyond
  const entry = whole.at(-1);
  return entry && { entry, until: new Date(second).toISOString() };
}

/**
 * The newest backup that brings a moment back, or what is nearest before it.
 *
 * @param entries of one source and one host
 * @param moment milliseconds
 */
export function servesAt<E extends Dated>(entries: readonly E[], moment: number): Serves<E> {
  const covering = coveringAt(entries, moment);
  if (covering) return { ...covering, notTaken: [] };
  const known = byId(entries);
  const sorted = newestFirst(entries);
  const first = sorted.findIndex(({ at }) => Date.parse(at) <= moment);
  const [tooNew, others] = first < 0 ? [sorted, []] : [sorted.slice(0, first), sorted.slice(first)];
  const notTaken = tooNewText(tooNew);
  for (const entry of others) {
    const chain = chainIn(known, entry.id);
    if (typeof chain !== 'string') return { entry, notTaken };
    notTaken.push(`${entry.id} cannot be restored: ${chain}`);
  }
  return { entry: undefined, notTaken };
}

/** @param tooNew newest first */
function tooNewText(tooNew: readonly Dated[]): string[] {
  const oldest = tooNew.at(-1);
  if (!oldest) return [];
  if (tooNew.length === 1) return [`${oldest.id} is too new`];
  return [
    `${oldest.id} is too new, and so ${tooNew.length === 2 ? 'is' : 'are'} ${tooNew.length - 1} after it`,
  ];
}
