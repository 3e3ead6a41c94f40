/** Which backups may go, and why each other one stays. */
import type { BackupEntry, Keep } from '../../contracts/backups';
import { count } from '../amounts';
import { byId, childrenFirst, newestFirst, wholeOf, type Linked } from './chains';
import { DAY, PERIODS } from './periods';

export type Dated = Linked & Pick<BackupEntry, 'at'>;

export interface Asked<E extends Dated> {
  /** all of one source and one host */
  entries: readonly E[];
  keep: Keep;
  /** milliseconds */
  now: number;
  /** default: all are; what is in the catalogue has been read back */
  isGood?: (entry: E) => boolean;
}

export interface Retention {
  /** ids; none before one that builds on it, and else the oldest first */
  goes: string[];
  /** newest first; `why` as people read it: `7 days, week 2026-W48` */
  stays: { id: string; why: string }[];
}

/**
 * Every backup of some days, the newest of each of the last weeks, months and years that have one (the current ones
 * count), and all that these build on. Where no clock can be believed nothing goes: what is dated in the future stays, and
 * takes the place of nothing else.
 *
 * One that cannot be restored, because some of its chain is missing or not good, stays as long as if it could: the missing
 * part may turn up. But where it is the newest, the newest that can be restored stays beside it, and it uses up none
 * of the weeks, months and years of those.
 */
export function retentionOf<E extends Dated>(asked: Asked<E>): Retention {
  const entries = newestFirst(asked.entries);
  const ordered = childrenFirst([...entries].reverse());
  const why = withChains(entries, reasonsOf(entries, wholeOf(ordered, asked.isGood), asked));
  return {
    goes: ordered.filter(({ id }) => !why.has(id)).map(({ id }) => id),
    stays: entries.filter(({ id }) => why.has(id)).map(({ id }) => ({ id, why: why.get(id)! })),
  };
}

/** So many days old the oldest one is at least that is kept, where one is taken every day: a week or a month may just have begun. */
export const reachDays = ({ days, weeks, months, years }: Keep): number =>
  Math.max(days, 7 * (weeks - 2), 28 * (months - 2), 365 * (years - 2));

type Reason = readonly [entry: Dated, text: string];

/** Of each that stays for its own sake, by id. */
function reasonsOf(
  entries: readonly Dated[],
  whole: ReadonlySet<string>,
  { keep, now }: Pick<Asked<Dated>, 'keep' | 'now'>,
): Map<string, string> {
  const past = entries.filter(({ at }) => Date.parse(at) <= now);
  const good = past.filter(({ id }) => whole.has(id));
  const young = past.filter(({ at }) => now - Date.parse(at) < keep.days * DAY);
  const because = (of: readonly Dated[], text: string) => of.map((entry): Reason => [entry, text]);
  const all = [
    ...because(entries.slice(0, 1), 'newest'),
    ...because(good[0] === entries[0] ? [] : good.slice(0, 1), 'newest that can be restored'),
    ...because(
      entries.filter(({ at }) => !(Date.parse(at) <= now)),
      'dated in the future',
    ),
    ...because(young, count(keep.days, 'day')),
    ...newestOfEach(good, keep),
    ...newestOfEach(past, keep),
  ];
  const texts = new Map<string, Set<string>>();
  for (const [{ id }, text] of all) texts.set(id, (texts.get(id) ?? new Set()).add(text));
  return new Map([...texts].map(([id, some]) => [id, [...some].join(', ')]));
}

/** @param entries newest first */
function newestOfEach(entries: readonly Dated[], keep: Keep): Reason[] {
  return PERIODS.flatMap(({ word, of, nameOf }) => {
    const newest = new Map<string, Dated>();
    for (const entry of entries) {
      if (newest.size >= keep[of]) break;
      const name = nameOf(Date.parse(entry.at));
      if (!newest.has(name)) newest.set(name, entry);
    }
    return [...newest].map(([name, entry]): Reason => [entry, `${word} ${name}`]);
  });
}

/** @returns the reasons, and one for each that only others need: the newest of those is named */
function withChains(
  entries: readonly Dated[],
  reasons: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const known = byId(entries);
  const why = new Map(reasons);
  const on = ({ parent }: Dated) => (parent === null ? undefined : known.get(parent));
  for (const entry of entries.filter(({ id }) => reasons.has(id))) {
    // where one has a reason, its own chain is looked after already, or will be
    for (let next = on(entry); next && !why.has(next.id); next = on(next))
      why.set(next.id, `what ${entry.id} builds on`);
  }
  return why;
}
