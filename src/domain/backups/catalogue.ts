/** Which backups a moment is restored from. */
import type { BackupEntry } from '../../contracts/backups';
import { byId, chainIn, newestFirst, type Linked } from './chains';

type Dated = Linked & Pick<BackupEntry, 'at'>;

/** @returns the backups to restore in this order, the full one first; or in words what is missing */
export const chainOf = <E extends Linked>(entries: readonly E[], id: string): E[] | string =>
  chainIn(byId(entries), id);

export const newest = <E extends Pick<BackupEntry, 'id' | 'at'>>(entries: readonly E[]): E | undefined =>
  newestFirst(entries)[0];

export interface Serves<E> {
  /** undefined: none does */
  entry: E | undefined;
  /** one sentence for each reason why a newer one was not taken */
  notTaken: string[];
}

/**
 * The newest backup that brings a moment back, or what is nearest before it.
 *
 * @param entries of one source and one host
 * @param moment milliseconds
 */
export function servesAt<E extends Dated>(entries: readonly E[], moment: number): Serves<E> {
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
