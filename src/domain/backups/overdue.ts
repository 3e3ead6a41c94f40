/** What people should know of the backups that a source does not have. */
import type { BackupEntry, BackupSource, Catalogue, Proof } from '../../contracts/backups';
import { ageText } from '../amounts';
import { newestFirst } from './chains';
import { servesAt } from './catalogue';
import { DAY } from './periods';
import { reachDays } from './retention';

export interface Overdue {
  host: string;
  kind: 'missing' | 'overdue' | 'unproven';
  /** one sentence */
  text: string;
  /** the same as long as the same silence goes on */
  key: string;
}

export type Limits = Pick<BackupSource, 'overdueHours' | 'provenDays' | 'keep'> & {
  /** that the source is on; others in the catalogue are not looked at */
  hosts: readonly string[];
};

const HOUR = 3_600_000;
/** Clocks of hosts may be so much ahead, in milliseconds. What is dated later says nothing. */
const AHEAD = HOUR;

/**
 * @param now milliseconds
 * @returns in the order of the hosts
 */
export function overdue(catalogue: Catalogue, limits: Limits, now: number): Overdue[] {
  return limits.hosts.flatMap((host) => {
    const entries = catalogue.entries.filter((entry) => entry.host === host);
    const { newest, why } = newestGood(entries, now);
    const of = `${catalogue.source} on ${host}`;
    const say = (kind: Overdue['kind'], text: string, since: string): Overdue => ({
      ...{ host, kind, text, key: [kind, catalogue.source, host, since].join(' ') },
    });
    if (!newest) return [say('missing', missingText(of, why), 'always')];
    const late = overdueText(of, newest, why, limits, now);
    const proof = lastProof(catalogue, host, now);
    const unproven = proof ? unprovenText(of, proof, limits, now) : neverProvenText(of, entries, limits, now);
    return [
      ...(late ? [say('overdue', late, newest.id)] : []),
      ...(unproven ? [say('unproven', unproven, proof?.at ?? 'always')] : []),
    ];
  });
}

/**
 * Of one host, the newest that can be restored.
 *
 * @param now milliseconds
 * @returns `why` a newer one will not do, or nothing that is there
 */
export function newestGood(
  entries: readonly BackupEntry[],
  now: number,
): { newest: BackupEntry | undefined; why: string | undefined } {
  const { entry: newest, notTaken } = servesAt(entries, now + AHEAD);
  const [why] = [...futureTexts(entries, now), ...notTaken];
  return { newest, why };
}

const futureTexts = (entries: readonly BackupEntry[], now: number) =>
  entries.filter(({ at }) => Date.parse(at) > now + AHEAD).map(({ id }) => `${id} is dated in the future`);

/** @param why nothing that is there will do; undefined: nothing is there */
export const missingText = (of: string, why: string | undefined) =>
  why ? `there is no backup of ${of} that can be restored: ${why}` : `there is no backup of ${of}`;

/** @param why a newer one will not do */
function overdueText(
  of: string,
  { at }: BackupEntry,
  why: string | undefined,
  { overdueHours }: Limits,
  now: number,
): string | undefined {
  const age = now - Date.parse(at);
  if (age <= overdueHours * HOUR) return undefined;
  const text = `is ${ageText(age)} old, and another one was due after ${overdueHours} h`;
  return why
    ? `the newest backup of ${of} that can be restored ${text}: ${why}`
    : `the newest backup of ${of} ${text}`;
}

function unprovenText(of: string, { at }: Proof, { provenDays }: Limits, now: number): string | undefined {
  const age = now - Date.parse(at);
  if (age <= provenDays * DAY) return undefined;
  return `a backup of ${of} was last restored as a drill ${ageText(age)} ago, and a drill was due after ${provenDays} d`;
}

/** Whoever began yesterday has nothing to prove yet. Where old ones go before a drill is due, nobody would ever be told by their age. */
function neverProvenText(
  of: string,
  entries: readonly BackupEntry[],
  { provenDays, overdueHours, keep }: Limits,
  now: number,
): string | undefined {
  const oldest = newestFirst(entries).at(-1)!;
  const age = now - Date.parse(oldest.at);
  const text = `no backup of ${of} was ever restored as a drill, and the oldest is ${ageText(age)} old`;
  if (age > provenDays * DAY) return text;
  const kept = reachDays(keep);
  return age > kept * DAY - overdueHours * HOUR ? `${text}, and older ones go` : undefined;
}

/** A drill counts for its host when its backup has gone since: the id says whose it was. */
function lastProof({ source, proofs }: Catalogue, host: string, now: number): Proof | undefined {
  const ofHost = ({ id }: Proof) => id.slice(0, id.lastIndexOf('.')) === `${source}.${host}`;
  const known = Object.values(proofs).filter((proof) => ofHost(proof) && Date.parse(proof.at) <= now + AHEAD);
  return newestFirst(known)[0];
}
