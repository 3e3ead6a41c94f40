/** Which of the things that are seen at balancers are news: decisions from plain data. */
import type { BalancerFinding, BalancerLook, KeptPlace } from '../contracts/balancer-truth';
import type { Outbox } from './outbox';
import { newOutbox } from './outbox';

/** What a lease knows of its balancers. Plain JSON, as all of its state. */
export interface BalancerTruth {
  /** as of the last news, and of the moment when the last change ended */
  kept: KeptPlace[];
  /** `since`: ISO time */
  findings: (BalancerFinding & { since: string })[];
  /** the newest ones, oldest first */
  repairs: { at: string; what: string }[];
  outbox: Outbox;
}

export function newTruth(): BalancerTruth {
  return { kept: [], findings: [], repairs: [], outbox: newOutbox() };
}

/**
 * Writes news down.
 *
 * @returns what is new, and what is over
 */
export function takeNews(truth: BalancerTruth, { kept, findings, repaired }: BalancerLook, at: string) {
  const before = truth.findings;
  truth.kept = kept ?? truth.kept;
  truth.findings = findings.map(
    (finding) => before.find(({ key }) => key === finding.key) ?? { ...finding, since: at },
  );
  truth.repairs = [...truth.repairs, ...repaired.map((what) => ({ at, what }))].slice(-MOST_REPAIRS);
  return {
    begun: truth.findings.filter(({ key }) => !before.some((known) => known.key === key)),
    over: before.filter(({ key }) => !findings.some((finding) => finding.key === key)),
  };
}

/**
 * Milliseconds. What is shorter is no finding: a server that is on its way back, a balancer that is restarted. What is
 * gone for less is not over.
 */
export const STEADY = 10_000;
/** Milliseconds between two pieces of news at least: whoever edits again and again does not fill a history. */
export const NEWS_EVERY = 10_000;
const MOST_REPAIRS = 20;

/** What was seen since somebody was told last. */
export interface Watch {
  begun: number;
  /** keys of findings that were told */
  told: string[];
  seen: Record<string, { finding: BalancerFinding; first: number; last: number }>;
  repaired: string[];
}

/** What those who look on tell each other. */
export type News = Pick<BalancerLook, 'findings' | 'repaired'>;

/** @param known findings that were told already */
export function newWatch(known: readonly BalancerFinding[], now: number): Watch {
  const seen = known.map((finding) => [finding.key, { finding, first: now, last: now }] as const);
  return {
    begun: now,
    told: known.map(({ key }) => key),
    seen: Object.fromEntries(seen),
    repaired: [],
  };
}

/**
 * Takes in one look.
 *
 * @returns all findings that stand now, and the repairs, when one of them is news
 */
export function newsOf(watch: Watch, look: News, now: number): News | null {
  const { told, seen } = watch;
  watch.repaired = [...watch.repaired, ...look.repaired].slice(-MOST_REPAIRS);
  for (const finding of look.findings) {
    const before = seen[finding.key];
    seen[finding.key] = { finding: before?.finding ?? finding, first: before?.first ?? now, last: now };
  }
  for (const [key, { last }] of Object.entries(seen))
    if (last !== now && (!told.includes(key) || now - last >= STEADY)) delete seen[key];
  const standing = Object.values(seen).filter(
    ({ finding, first }) => told.includes(finding.key) || now - first >= STEADY,
  );
  const same = standing.length === told.length && standing.every(({ finding }) => told.includes(finding.key));
  if ((same && watch.repaired.length === 0) || now - watch.begun < NEWS_EVERY) return null;
  return { findings: standing.map(({ finding }) => finding), repaired: watch.repaired };
}
