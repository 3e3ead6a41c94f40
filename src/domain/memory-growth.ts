import type { Claim, PlannedGate } from '../contracts/gate';
import type { Samples } from './trend';
import { trend } from './trend';
import type { Usage } from './usage';
import { MEMORY_GROWTH } from './usage';

/** Caches fill at first: so much of the time that a unit was watched is left out. */
const WARMING = 1 / 3;
/** Of what is left: fewer samples, or less time, condemn nobody. */
const LEAST_SAMPLES = 10;
const LEAST_SECONDS = 20;
/** A second half that grows so much less than the first says that the growth comes to an end. */
const STEADY = 0.8;
/** More than the peers use, and than was usual: up to there a unit only gets to where it always was. */
const ABOVE = 1.25;
/** A minute says what ten minutes bring, not what a day does. */
const FORESIGHT = 10;
/** Twice the time decides: so much longer is worth waiting for. */
const WORTH_WAITING = 2;
/** Growth that is likelier by chance is none. */
const SEEN = 0.05;
/** A peer that grows half as fast says that it is not the change. */
const AS_PEERS = 0.5;

interface Growth {
  host: string;
  /** seconds of the whole time */
  watched: number;
  enough: boolean;
  mib: number;
  /** mebibytes a second */
  slope: number;
  /** how likely it is by chance */
  rising: number;
  steady: boolean;
  /** seconds until it has all that it may use */
  fullIn: number;
}

function growthOf(host: string, { memory, memoryMaxMiB }: Usage): Growth {
  const [[from], [to, mib]] = [memory[0] ?? [0], memory.at(-1) ?? [0, 0]];
  const later = memory.filter(([at]) => at >= from + (to - from) * WARMING);
  const { slope, rising } = trend(later);
  const middle = Math.floor(later.length / 2);
  const [first, second] = [later.slice(0, middle + 1), later.slice(middle)].map((half) => trend(half).slope);
  return {
    ...{ host, mib, slope, rising, watched: to - from },
    enough: later.length >= LEAST_SAMPLES && (to - from) * (1 - WARMING) >= LEAST_SECONDS,
    steady: second! >= STEADY * first!,
    fullIn: slope > 0 ? Math.max(0, memoryMaxMiB - mib) / slope : Infinity,
  };
}

const mostOf = (samples: Samples) => Math.max(0, ...samples.map(([, mib]) => mib));

/**
 * Does memory grow at changed hosts, steadily and without end, where it does not at peers? It condemns only what would be
 * full soon beside how long it was watched.
 *
 * @param usual mebibytes that a host used before the change
 * @param condemns how sure one must be to say so, e.g. 0.999
 * @returns null for plans of releases that knew no such limit, and where nobody knows how much memory is usual
 */
export function memoryGrowth(
  { changed, others }: { changed: Record<string, Usage>; others: Record<string, Usage> },
  { memoryHoursLeft }: PlannedGate,
  usual: number | undefined,
  condemns: number,
): Claim | null {
  const known = Math.max(usual ?? 0, ...Object.values(others).map(({ memory }) => mostOf(memory)));
  const all = Object.entries(changed)
    .filter(([, { memory }]) => memory.length > 0)
    .map(([host, usage]) => growthOf(host, usage));
  if (memoryHoursLeft === undefined || known === 0 || all.length === 0) return null;
  const peers = Object.entries(others).map(([host, usage]) => growthOf(host, usage));
  const chance = (1 - condemns) / all.length;
  const judged = all.map((growth) => ({
    growth,
    ...judge(growth, { level: known * ABOVE, peers, chance, soon: memoryHoursLeft * 3_600 }),
  }));
  const worst = judged.sort(
    (one, other) => RANK[one.verdict] - RANK[other.verdict] || one.growth.fullIn - other.growth.fullIn,
  )[0]!;
  return { name: MEMORY_GROWTH, verdict: worst.verdict, text: `${MEMORY_GROWTH}: ${worst.text}` };
}

const RANK = { fail: 0, hold: 1, pass: 2 };

interface Beside {
  /** mebibytes that are nothing to speak of */
  level: number;
  peers: Growth[];
  /** how likely what condemns may be by chance */
  chance: number;
  /** seconds within which being full would matter */
  soon: number;
}

function judge(growth: Growth, { level, peers, chance, soon }: Beside): Omit<Claim, 'name'> {
  const { host, watched, enough, mib, slope, rising, steady, fullIn } = growth;
  const pass = (text: string): Omit<Claim, 'name'> => ({ verdict: 'pass', text });
  const seconds = `${Math.floor(watched)} s`;
  if (rising > SEEN || slope <= 0)
    return pass(enough ? `none in ${seconds}` : `none in ${seconds}, too short to see more`);
  const as = peers.find((peer) => peer.rising <= SEEN && peer.slope >= slope * AS_PEERS);
  const beside = peers.length ? ` (peers ${as ? 'too' : 'not'})` : '';
  const text = `${figure(slope * 60)} MiB a minute at ${host}${beside}, full in ${duration(fullIn)}`;
  if (as) return pass(text);
  if (!steady) return pass(`${text} if it went on, but it levels off`);
  if (mib <= level) return pass(`${text} if it went on, but ${figure(mib)} MiB are usual`);
  const seen = Math.min(soon, FORESIGHT * watched);
  if (enough && fullIn <= seen && rising <= chance) return { verdict: 'fail', text };
  if (fullIn <= Math.min(soon, WORTH_WAITING * FORESIGHT * watched))
    return { verdict: 'hold', text: `${text}, not sure after ${seconds}` };
  return pass(text);
}

const figure = (value: number) => `${Number(value.toPrecision(2))}`;

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
