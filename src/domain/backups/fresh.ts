/** Whether backups are young enough for a change to begin. */
import type { Catalogue } from '../../contracts/backups';
import type { PlannedFreshBackup } from '../../contracts/plan';
import { ageText } from '../amounts';
import { missingText, newestGood } from './overdue';

const MINUTE = 60_000;

export interface Freshness {
  fresh: boolean;
  /** one sentence */
  text: string;
}

/**
 * One that can be restored counts, whoever took it.
 *
 * @param now milliseconds
 * @returns in the order of the hosts
 */
export function freshness(
  { source, entries }: Pick<Catalogue, 'source' | 'entries'>,
  { hosts, maxAgeMinutes }: Pick<PlannedFreshBackup, 'hosts' | 'maxAgeMinutes'>,
  now: number,
): Freshness[] {
  return hosts.map((host) => {
    const of = `${source} on ${host}`;
    const own = entries.filter((entry) => entry.host === host);
    const { newest, why } = newestGood(own, now);
    if (!newest) return { fresh: false, text: missingText(of, why) };
    const age = now - Date.parse(newest.at);
    const fresh = age <= maxAgeMinutes * MINUTE;
    const text = `the newest backup of ${of}${why ? ' that can be restored' : ''} is ${ageText(age)} old`;
    return { fresh, text: why && !fresh ? `${text}: ${why}` : text };
  });
}

/** What the step is called; no host, and no step of people's own, can have this name. */
export const backupStep = (source: string) => `backup ${source}`;
