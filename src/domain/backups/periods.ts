/** Weeks, months and years by name, in UTC. */
import type { Keep } from '../../contracts/backups';

interface Period {
  word: string;
  /** how many of them are kept */
  of: Exclude<keyof Keep, 'days'>;
  /** @param at milliseconds */
  nameOf: (at: number) => string;
}

export const PERIODS: readonly Period[] = [
  { word: 'week', of: 'weeks', nameOf: isoWeek },
  { word: 'month', of: 'months', nameOf: (at) => new Date(at).toISOString().slice(0, 7) },
  { word: 'year', of: 'years', nameOf: (at) => new Date(at).toISOString().slice(0, 4) },
];

export const DAY = 86_400_000;

/**
 * A week begins on Monday and belongs to the year of its Thursday (ISO 8601).
 *
 * @param at milliseconds, e.g. of 2027-01-01 → `2026-W53`
 */
export function isoWeek(at: number): string {
  const sinceMonday = (new Date(at).getUTCDay() + 6) % 7;
  const thursday = new Date(at + (3 - sinceMonday) * DAY);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY));
  return `${year}-W${String(week).padStart(2, '0')}`;
}
