/** Who may work on what: decisions of a lease, from plain data. The lease workflow carries them out. */
import type { BalancerTruth } from './balancer-truth';
import type { Claim, Held, LeaseAsk, Leftover, Line, Named, RunEnd } from '../contracts/lease';

/** A line that grows beyond this is a mistake of somebody's. */
export const LONGEST_LINE = 50;
/** How long a holder has to give way to an emergency, milliseconds: a switch and its proof fit in. */
export const YIELD_WITHIN = 60_000;
const MOST_LEFTOVERS = 20;

export interface Waiting extends LeaseAsk {
  since: string;
  /** what it was told last */
  told: Line | null;
}

/** Everything a lease knows. Plain JSON: continue-as-new carries it whole. */
export interface LeaseState {
  cluster: string;
  file: string;
  /** of the newest grant, milliseconds; only rises */
  epoch: number;
  held: Held[];
  /** in order of arrival */
  queue: Waiting[];
  leftovers: Leftover[];
  startedAt: string;
  /** absent in leases that an older release started */
  truth?: BalancerTruth;
}

export type LeaseMessage =
  | { name: 'ask'; ask: LeaseAsk }
  | { name: 'withdraw'; change: string }
  | { name: 'ended'; change: string; end: RunEnd };

/** What the lease is to do. */
export type Act =
  | { act: 'grant'; to: Held; leftovers: string[] }
  | { act: 'tell'; to: Waiting; line: Line }
  | { act: 'refuse'; to: LeaseAsk; why: 'alreadyRunning' | 'tooMany'; by: string }
  | { act: 'yield'; from: Held; by: string; until: number; takesAll: boolean }
  | { act: 'evict'; from: Held; by: string }
  | { act: 'repair'; after: Held; by: Held; end: RunEnd };

export function newLease(start: {
  cluster: string;
  file: string;
  epoch: number;
  leftovers: Leftover[];
  startedAt: string;
}): LeaseState {
  return { ...start, held: [], queue: [] };
}

/** Takes one message in. The same one twice is as good as once. */
export function take(state: LeaseState, message: LeaseMessage, now: number): Act[] {
  switch (message.name) {
    case 'ask':
      return asked(state, message.ask, now);
    case 'withdraw':
      state.queue = state.queue.filter(({ change }) => change !== message.change);
      return [];
    case 'ended':
      return ended(state, message.change, message.end, now);
  }
}

function asked(state: LeaseState, ask: LeaseAsk, now: number): Act[] {
  const held = state.held.find(({ change }) => change === ask.change);
  if (held && covers(held.claims, ask.claims)) return [{ act: 'grant', to: held, leftovers: [] }];
  const waiting = state.queue.find(({ change }) => change === ask.change);
  if (waiting) {
    Object.assign(waiting, ask, { told: null });
    return [];
  }
  const others = [...state.held, ...state.queue].filter(({ change }) => change !== ask.change);
  const first = others.find(({ same }) => same.some((digest) => ask.same.includes(digest)));
  if (first) return [{ act: 'refuse', to: ask, why: 'alreadyRunning', by: first.id }];
  if (state.queue.length >= LONGEST_LINE)
    return [{ act: 'refuse', to: ask, why: 'tooMany', by: String(state.queue.length) }];
  // who asks for something else gives back what it has: nobody holds one thing while it waits for another
  state.held = state.held.filter(({ change }) => change !== ask.change);
  state.queue.push({ ...ask, since: new Date(now).toISOString(), told: null });
  return [];
}

/**
 * Takes in who was found at work when the lease before this one was lost. What was cut off is repaired, but
 * for hosts that somebody has taken since.
 */
export function adopt(state: LeaseState, found: { running: Held[]; cut: Held[] }): LeaseMessage[] {
  const { running } = found;
  const taken = new Set(running.flatMap(({ claims }) => claims.map(({ name }) => name)));
  const cut = found.cut.flatMap((held) => {
    const claims = held.claims.filter(({ name }) => !name.startsWith('host ') || !taken.has(name));
    return claims.some(({ name }) => name.startsWith('host ')) ? [{ ...held, claims }] : [];
  });
  state.held.push(...running, ...cut);
  state.epoch = Math.max(state.epoch, ...state.held.map(({ epoch }) => epoch));
  const end: RunEnd = { how: 'cut', why: 'ended from outside while no lease saw it', leftToDo: [] };
  return cut.map(({ change }) => ({ name: 'ended', change, end }));
}

function ended(state: LeaseState, change: string, end: RunEnd, now: number): Act[] {
  const held = state.held.find((holder) => holder.change === change);
  state.held = state.held.filter((holder) => holder !== held);
  state.queue = state.queue.filter((waiting) => waiting.change !== change);
  if (!held) return [];
  if (end.how === 'cut' && held.kind === 'change') return [repairAfter(state, held, end, now)];
  const left =
    end.how === 'cut' ? [`${held.id} was cut off itself (${end.why}); look at its hosts`] : end.leftToDo;
  if (left.length) state.leftovers.push({ id: held.id, claims: held.claims, what: left });
  state.leftovers.splice(0, state.leftovers.length - MOST_LEFTOVERS);
  return [];
}

/** It takes the place of the one that was cut off, with a newer epoch: nobody comes in between. */
function repairAfter(state: LeaseState, after: Held, end: RunEnd, now: number): Act {
  const epoch = nextEpoch(state, now);
  const id = `repair-${after.id}-${epoch}`;
  const by: Held = {
    ...after,
    id,
    change: id,
    kind: 'repair',
    what: `repairs what ${after.id} left`,
    same: [],
    epoch,
    since: new Date(now).toISOString(),
    yielding: null,
  };
  state.held.push(by);
  return { act: 'repair', after, by, end };
}

/** Acts on deadlines, grants what can be granted, tells the others how they wait. */
export function settle(state: LeaseState, now: number): Act[] {
  return [...overdue(state, now), ...grants(state, now), ...news(state)];
}

function overdue(state: LeaseState, now: number): Act[] {
  const late = state.held.filter(({ yielding }) => yielding && yielding.until <= now);
  state.held = state.held.filter((holder) => !late.includes(holder));
  return late.map((from): Act => ({ act: 'evict', from, by: from.yielding!.by }));
}

function grants(state: LeaseState, now: number): Act[] {
  const acts: Act[] = [];
  const ahead: Claim[] = [];
  for (const waiting of inOrder(state)) {
    const inTheWay = state.held.filter(({ claims }) => clash(claims, waiting.claims));
    if (inTheWay.length || clash(ahead, waiting.claims)) {
      ahead.push(...waiting.claims);
      if (waiting.rank === 'emergency') acts.push(...pressed(inTheWay, waiting, now));
      continue;
    }
    acts.push(grant(state, waiting, now));
  }
  return acts;
}

function grant(state: LeaseState, waiting: Waiting, now: number): Act {
  const { told: _told, ...ask } = waiting;
  const to: Held = {
    ...ask,
    kind: 'change',
    epoch: nextEpoch(state, now),
    since: new Date(now).toISOString(),
    yielding: null,
  };
  state.queue = state.queue.filter((other) => other !== waiting);
  state.held.push(to);
  const left = state.leftovers.filter(({ claims }) => clash(claims, to.claims));
  state.leftovers = state.leftovers.filter((one) => !left.includes(one));
  return {
    act: 'grant',
    to,
    leftovers: left.flatMap(({ id, what }) => what.map((one) => `${id} left: ${one}`)),
  };
}

/** An emergency does not wait for others to finish. */
function pressed(holders: Held[], { id: by, claims }: Waiting, now: number): Act[] {
  return holders.flatMap((from): Act[] => {
    if (from.yielding || from.rank === 'emergency') return [];
    from.yielding = { by, until: now + YIELD_WITHIN };
    const takesAll = covers(claims, from.claims);
    return [{ act: 'yield', from, by, until: from.yielding.until, takesAll }];
  });
}

/** Rises after the lease was terminated, too, as long as clocks do. */
function nextEpoch(state: LeaseState, now: number): number {
  return (state.epoch = Math.max(state.epoch + 1, now));
}

function news(state: LeaseState): Act[] {
  return inOrder(state).flatMap((waiting): Act[] => {
    const line = lineOf(state, waiting);
    if (JSON.stringify(line) === JSON.stringify(waiting.told)) return [];
    waiting.told = line;
    return [{ act: 'tell', to: waiting, line }];
  });
}

/** Emergencies first; among equals whoever came first. */
export function inOrder(state: LeaseState): Waiting[] {
  const of = (rank: Waiting['rank']) => state.queue.filter((waiting) => waiting.rank === rank);
  return [...of('emergency'), ...of('usual')];
}

function lineOf(state: LeaseState, waiting: Waiting): Line {
  const order = inOrder(state);
  const place = order.indexOf(waiting) + 1;
  const inTheWay = ({ claims }: LeaseAsk) => clash(claims, waiting.claims);
  const named = ({ id, what }: LeaseAsk): Named => ({ id, what });
  return {
    place,
    of: order.length,
    holders: state.held.filter(inTheWay).map(named),
    ahead: order
      .slice(0, place - 1)
      .filter(inTheWay)
      .map(named),
  };
}

/** Milliseconds of the clock at which something is due by itself. */
export function nextDeadline({ held }: LeaseState): number | null {
  const times = held.flatMap(({ yielding }) => (yielding ? [yielding.until] : []));
  return times.length ? Math.min(...times) : null;
}

export function isIdle({ held, queue }: LeaseState): boolean {
  return held.length === 0 && queue.length === 0;
}

/** Whether two want something that they cannot use side by side. */
export function clash(some: readonly Claim[], others: readonly Claim[]): boolean {
  const modes = strictest(some);
  return others.some(({ name, mode }) => {
    const other = modes.get(name);
    return other !== undefined && (mode === 'exclusive' || other === 'exclusive');
  });
}

/** Whether who has these claims needs no others. */
export function covers(has: readonly Claim[], wants: readonly Claim[]): boolean {
  const modes = strictest(has);
  return wants.every(({ name, mode }) => modes.get(name) === 'exclusive' || modes.get(name) === mode);
}

function strictest(claims: readonly Claim[]): Map<string, Claim['mode']> {
  const modes = new Map<string, Claim['mode']>();
  for (const { name, mode } of claims) if (modes.get(name) !== 'exclusive') modes.set(name, mode);
  return modes;
}
