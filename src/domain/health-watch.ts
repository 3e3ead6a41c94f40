/** Which hosts are to leave or to come back: decisions of a health watch, from plain data. */
import type { TrafficFacts } from '../contracts/world';
import type { Looked, Trouble, WatchMemory, WatchNews, WatchPolicy } from '../contracts/health-watch';

type Known = WatchMemory['hosts'][string];

/**
 * What one look at a host says. One that is well by its own word, and that a balancer holds for down, is not well. One
 * that only this worker cannot reach may be: its balancers know. Where a balancer gives no answer nobody knows who
 * serves, so nothing is decided.
 *
 * @param own what it answers itself; null: it is well, undefined: this worker cannot reach it
 * @param balancers what each of them says; undefined: it gives no answer
 * @returns as in `Looked.fault`
 */
export function faultSeen(
  own: string | null | undefined,
  balancers: Record<string, Pick<TrafficFacts, 'state' | 'says'> | undefined>,
): string | null | undefined {
  const all = Object.entries(balancers);
  if (all.some(([, facts]) => facts === undefined)) return undefined;
  if (own) return own;
  const down = all
    .filter(([, facts]) => facts?.state === 'down')
    .map(([name, facts]) => `${facts!.says} at ${name}`);
  if (own === null) return down.length ? down.join(', ') : null;
  return down.length && down.length === all.length
    ? `out of this worker's reach, and ${down.join(', ')}`
    : undefined;
}

export function newMemory(): WatchMemory {
  return { at: 0, hosts: {} };
}

/**
 * Takes in one look at all hosts.
 *
 * @param now milliseconds
 * @returns what is known now, and what has changed; whoever carries it out says how it went with `settled`
 */
export function judgeLook(
  memory: WatchMemory,
  looked: readonly Looked[],
  policy: WatchPolicy,
  now: number,
): { memory: WatchMemory; news: WatchNews[] } {
  const news: WatchNews[] = [];
  let serving = looked.filter((host) => host.serving).length;
  const round = looked.map((seen) => {
    const before = memory.hosts[seen.host] ?? { fails: 0, passes: 0, trouble: null };
    return { seen, known: counted(before, seen) };
  });
  const back = judgeService(memory, round, policy, now);
  const all = { at: now, ...(back.rolledBack !== undefined && { rolledBack: back.rolledBack }) };
  if (back.news)
    return {
      memory: { ...all, hosts: Object.fromEntries(round.map(({ seen, known }) => [seen.host, known])) },
      news: [back.news],
    };
  const hosts = round.map(({ seen, known }): [string, Known] => {
    const said = judgeHost(known, seen, policy, {
      now,
      left: serving - (seen.serving ? 1 : 0),
      of: looked.length,
    });
    if (said?.news === 'eject' && seen.serving) serving -= 1;
    if (said) news.push(said);
    return [seen.host, known];
  });
  return { memory: { ...all, hosts: Object.fromEntries(hosts) }, news };
}

/** Whether the service is to go back to an earlier release: once, until all of its hosts are well again. */
function judgeService(
  { rolledBack }: WatchMemory,
  round: { seen: Looked; known: Known }[],
  { rollback, failures, passes }: WatchPolicy,
  now: number,
): { rolledBack?: number; news?: WatchNews } {
  const judged = round.filter(({ seen }) => !isOthers(seen));
  const ill = judged.filter(({ known }) => known.fails >= failures || known.trouble);
  if (rolledBack !== undefined) {
    const well = judged.length > 0 && judged.every(({ known }) => !known.trouble && known.passes >= passes);
    return well && judged.length === round.length ? {} : { rolledBack };
  }
  const [first] = ill;
  if (!rollback || !first || ill.length < rollback.unhealthy) return {};
  const why = `${ill.length} of ${round.length} hosts are unhealthy: ${first.seen.host}: ${first.seen.fault ?? first.known.trouble?.why}`;
  return { rolledBack: now, news: { news: 'rollBack', host: first.seen.host, why } };
}

/** Whoever is worked on, or is out until a person brings it back, is not judged. */
function isOthers({ away, busy }: Looked): boolean {
  return busy !== null || (away !== null && (away.own === null || away.own === 'retire'));
}

function counted(before: Known, seen: Looked): Known {
  if (isOthers(seen)) return { ...before, fails: 0, passes: 0 };
  if (seen.fault === undefined) return { ...before };
  return seen.fault === null
    ? { ...before, fails: 0, passes: before.passes + 1 }
    : { ...before, fails: before.fails + 1, passes: 0 };
}

/** @param round.left hosts in rotation without this one */
function judgeHost(
  known: Known,
  seen: Looked,
  policy: WatchPolicy,
  round: { now: number; left: number; of: number },
): WatchNews | null {
  const { host } = seen;
  const why = seen.fault ?? known.trouble?.why ?? '';
  if (isOthers(seen)) {
    const handedOn = known.trouble && seen.away?.own === null;
    return handedOn ? over(known, host, `${seen.away!.by} wants it out`) : null;
  }
  if (seen.away) {
    known.trouble ??= { since: round.now, why: 'taken out by an earlier health watch', state: 'out' };
    return known.passes >= policy.passes ? { news: 'putBack', host, why: known.trouble.why } : null;
  }
  if (known.trouble && known.passes >= policy.passes) return over(known, host, 'it is well again');
  if (known.fails < policy.failures) return null;
  const trouble = (state: Trouble['state']) => {
    known.trouble = { since: known.trouble?.since ?? round.now, why, state };
  };
  if (policy.onUnhealthy !== 'tell' && round.left >= policy.floor) {
    trouble('out');
    return { news: 'eject', host, why };
  }
  const told = known.trouble !== null;
  const tells = policy.onUnhealthy === 'tell';
  trouble(tells ? 'told' : 'floor');
  const because = tells
    ? 'this watch only tells'
    : `that would leave ${round.left} of ${round.of} in rotation, the floor is ${policy.floor}`;
  return told ? null : { news: 'stays', host, why, because };
}

function over(known: Known, host: string, why: string): WatchNews {
  known.trouble = null;
  return { news: 'over', host, why };
}

/** Whether two looks show the same to people; how many requests a host has at work changes all the time. */
export function looksAlike(one: readonly Looked[], other: readonly Looked[]): boolean {
  return JSON.stringify(one.map(shown)) === JSON.stringify(other.map(shown));
}

function shown({ host, fault, serving, away, busy, balancers }: Looked) {
  const at = Object.entries(balancers).map(([name, { state, weight }]) => [name, state, weight]);
  return [host, fault === undefined, serving, away?.by, away?.own, busy, at];
}

/** Writes down how it went to take a host out, or to bring it back; what failed is tried again after as many looks as before. */
export function settled(memory: WatchMemory, { host, news }: WatchNews, done: boolean): void {
  const known = memory.hosts[host];
  if (!known || news === 'rollBack') return;
  Object.assign(known, { fails: 0, passes: 0 });
  if (news === 'eject' && !done && known.trouble) known.trouble.state = 'failed';
  if (news === 'putBack' && done) known.trouble = null;
}
