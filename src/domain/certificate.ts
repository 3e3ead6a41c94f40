/** What clients lost while a change was at work, from readings of balancers' counters: totals, never increments. */
import type { Account, Certificate, Counts, Looked, LostAt, Mark, Reading } from '../contracts/certificate';
import type { Tally } from '../contracts/gate';
import type { PlannedCertificate } from '../contracts/plan';
import type { HostState } from '../contracts/status';
import { NEVER } from './histogram';
import { total } from './tally';

/** What went on until a look. */
export interface Meanwhile {
  /** milliseconds, of the look */
  at: number;
  /** a host's state until then */
  stateOf(host: string): HostState;
  /** for what a balancer lost by itself: what was done at that time, in words */
  whatWent: string;
}

/** Places that are named; the rest is put together, so that a thousand hosts do not make a thousand lines. */
const MOST_PLACES = 50;
/** Of these in one sentence. */
const MOST_NAMED = 5;

export function newAccount(since: number): Account {
  return {
    since,
    counted: { ended: 0, lost: 0, repeated: 0 },
    marks: {},
    where: [],
    missing: {},
    silent: {},
    probes: { asked: 0, failed: 0 },
  };
}

/** Adds what a look has seen. The same look twice adds nothing. */
export function reckon(account: Account, looks: Looked[], meanwhile: Meanwhile): Account {
  // workflows know no `structuredClone`
  const next = JSON.parse(JSON.stringify(account)) as Account;
  next.silent = {};
  for (const look of looks) {
    const { balancer, backend } = look;
    if (!look.known) next.silent[balancer] = look.why;
    else if (next.marks[`${balancer}/${backend}`]) addLook(next, look, look.is, meanwhile);
    else {
      next.marks[`${balancer}/${backend}`] = { ...look.is, at: meanwhile.at, open: {} };
      if (account.silent[balancer] !== undefined) miss(next, balancer, meanwhile.at - account.since);
    }
  }
  return next;
}

function addLook(
  account: Account,
  { balancer, backend }: { balancer: string; backend: string },
  now: Reading,
  meanwhile: Meanwhile,
): void {
  const before = account.marks[`${balancer}/${backend}`]!;
  const { at } = meanwhile;
  const anew = now.generation !== before.generation || now.came < before.came;
  if (anew) miss(account, balancer, at - before.at);
  const from: Mark = anew ? { ...before, ended: 0, lost: 0, repeated: 0, hosts: {} } : before;
  const gained = (name: keyof Counts) => Math.max(0, now[name] - from[name]);
  const { counted } = account;
  const lost = gained('lost');
  account.counted = {
    ended: counted.ended + gained('ended'),
    lost: counted.lost + lost,
    repeated: counted.repeated + gained('repeated'),
  };
  const open = claims(from, now);
  blame(account, balancer, { lost, open }, meanwhile);
  account.marks[`${balancer}/${backend}`] = { ...highest(from, now), at, open };
}

/** What hosts lost by the word of their servers and clients have not been heard of yet. */
function claims(from: Mark, now: Reading): Record<string, number> {
  const open = { ...from.open };
  for (const [host, lost] of Object.entries(now.hosts)) {
    const gained = lost - (from.hosts[host] ?? 0);
    if (gained > 0) open[host] = (open[host] ?? 0) + gained;
  }
  return open;
}

/** Clients decide how many were lost, servers only where; whatever no server lost, the balancer did. */
function blame(
  account: Account,
  balancer: string,
  { lost, open }: { lost: number; open: Record<string, number> },
  { stateOf, whatWent }: Meanwhile,
): void {
  let left = lost;
  for (const [host, claimed] of Object.entries(open).sort(([, one], [, other]) => other - one)) {
    const here = Math.min(left, claimed);
    if (here === 0) continue;
    left -= here;
    if (here === claimed) delete open[host];
    else open[host] = claimed - here;
    add(account.where, { at: host, while: whileText(stateOf(host)), lost: here });
  }
  if (left > 0) add(account.where, { at: `${balancer} itself`, while: whatWent, lost: left });
}

function add(where: LostAt[], one: LostAt): void {
  const same = (at: string) => where.find((known) => known.at === at && known.while === one.while);
  const found = same(one.at) ?? (where.length < MOST_PLACES ? undefined : same(OTHERS));
  if (found) found.lost += one.lost;
  else where.push(where.length < MOST_PLACES ? one : { ...one, at: OTHERS });
}

const OTHERS = 'other hosts';

function highest(from: Mark, now: Reading): Reading {
  const hosts = { ...from.hosts };
  for (const [host, lost] of Object.entries(now.hosts)) hosts[host] = Math.max(lost, hosts[host] ?? 0);
  return {
    generation: now.generation,
    came: now.came,
    ended: Math.max(now.ended, from.ended),
    lost: Math.max(now.lost, from.lost),
    repeated: Math.max(now.repeated, from.repeated),
    hosts,
  };
}

function miss({ missing }: Account, balancer: string, ms: number): void {
  missing[balancer] = (missing[balancer] ?? 0) + Math.ceil(ms / 1_000);
}

/** Of one gate: where balancers do not count, each is a request; elsewhere only whether there was an answer is known. */
export function probesIn({ asked, probes }: Tally): Certificate['probes'] {
  if (asked) {
    const { answers, serverErrors, failures } = total(Object.values(asked));
    return { asked: answers + failures, failed: serverErrors + failures };
  }
  const all = [probes.changed, probes.others];
  const never = all.flatMap(({ buckets }) => buckets).filter(([, upTo]) => upTo >= NEVER);
  const sum = (counts: number[]) => counts.reduce((left, count) => left + count, 0);
  return { asked: sum(all.map(({ samples }) => samples)), failed: sum(never.map(([, , count]) => count)) };
}

const WAS: Partial<Record<HostState, string>> = {
  pending: 'not changed yet',
  staged: 'not changed yet',
  draining: 'drained',
  out: 'out',
  changing: 'out',
  checking: 'out',
  ramping: 'put back',
  undoing: 'taken back',
  done: 'through with its change',
  undone: 'as before again',
};

/** What was done to a host, as in `12 at n3 while it was put back`. */
export function whileText(state: HostState, who = 'it'): string {
  return `while ${who} was ${WAS[state] ?? state}`;
}

const figure = (value: number) => value.toLocaleString('en-US');

export function certificateOf(account: Account, { counts, blind }: PlannedCertificate): Certificate {
  const { counted, probes } = account;
  const where = [...account.where].sort((one, other) => other.lost - one.lost);
  const uncounted = Object.fromEntries([
    ...blind.map((name) => [name, 'counts no requests']),
    ...counts.flatMap((name) => notIn(account, name).map((why) => [name, why])),
  ]) as Record<string, string>;
  const beside = [
    ...(Object.keys(uncounted).length ? [`not in it: ${inWords(uncounted)}`] : []),
    ...(probes.asked
      ? [`own probes: ${figure(probes.failed)} of ${figure(probes.asked)} without a good answer`]
      : []),
  ];
  // one that never answered has counted nothing that is known
  const known = Object.keys(account.marks).length > 0;
  const head = known ? lostText(counted, where, counts) : 'lost requests were not counted';
  return {
    text: [head, ...beside].join('; '),
    requests: known ? counted.ended : null,
    lost: known ? counted.lost : null,
    repeated: counted.repeated,
    where,
    uncounted,
    probes,
  };
}

/** What a balancer's figures lack. */
function notIn({ missing, silent }: Account, name: string): string[] {
  const seconds = missing[name];
  const all = [
    ...(seconds ? [`began to count anew, up to ${seconds} s are missing`] : []),
    ...(silent[name] === undefined ? [] : [`could not be read at last (${silent[name]})`]),
  ];
  return all.length ? [all.join(', and ')] : [];
}

const inWords = (uncounted: Record<string, string>) =>
  Object.entries(uncounted)
    .map(([name, why]) => `${name} ${why}`)
    .join('; ');

/** `12 of 24,310 requests lost: 12 at n3 while it was put back (counted at edge)` */
function lostText({ ended, lost, repeated }: Counts, where: LostAt[], counts: string[]): string {
  const named = where.slice(0, MOST_NAMED).map((one) => `${figure(one.lost)} at ${one.at} ${one.while}`);
  const rest = where.slice(MOST_NAMED).reduce((sum, one) => sum + one.lost, 0);
  const places = [...named, ...(rest ? [`${figure(rest)} elsewhere`] : [])].join(', ');
  const again = repeated ? `; ${figure(repeated)} were sent again` : '';
  return `${figure(lost)} of ${figure(ended)} requests lost${places && `: ${places}`} (counted at ${counts.join(', ')}${again})`;
}
