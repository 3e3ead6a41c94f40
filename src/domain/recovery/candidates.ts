/** Which backups a recovery restores. */
import type { BackupEntry } from '../../contracts/backups';
import type { Candidate } from '../../contracts/recovery';
import { coveringAt } from '../backups/catalogue';
import { byId, chainIn, newestFirst } from '../backups/chains';
import { bytesOf } from '../backups/restore';

/** So many are tried, one after the other, where one turns out to be bad. */
const MOST = 3;

/** A backup of its own, or the newest that is not younger than a moment (milliseconds). */
export type Wanted = { id: string } | { until: number };

type Known = Pick<BackupEntry, 'id' | 'at' | 'kind' | 'parent' | 'bytes'> &
  Partial<Pick<BackupEntry, 'content'>>;

/**
 * The best first: one whose binary logs cover the moment, then the newest that can be restored as far as the catalogue knows.
 *
 * @param entries of one source and one host
 */
export function candidates(entries: readonly Known[], wanted: Wanted): Candidate[] {
  const known = byId(entries);
  const fits = (entry: { id: string; at: string }) =>
    'id' in wanted ? entry.id === wanted.id : Date.parse(entry.at) <= wanted.until;
  const whole = newestFirst(entries.filter(fits)).flatMap(({ id, at }): Candidate[] => {
    const chain = chainIn(known, id);
    if (typeof chain === 'string') return [];
    return [{ id, at, bytes: bytesOf(chain) }];
  });
  const covering = 'until' in wanted ? coveringAt(entries, wanted.until) : undefined;
  if (!covering) return whole.slice(0, MOST);
  const { entry, until } = covering;
  const bytes = bytesOf(chainIn(known, entry.id) as Known[]);
  return [{ id: entry.id, at: until, bytes, until }, ...whole].slice(0, MOST);
}
