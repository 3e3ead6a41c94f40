/**
 * Are values larger here than there? The rank test of Mann and Whitney: it asks for no shape of their distribution, and
 * a few wild ones weigh no more than others (H. Mann, D. Whitney, "On a Test of Whether One of Two Random Variables Is
 * Stochastically Larger than the Other", 1947). Values are counted, so that ties cost nothing.
 */

/** Values and how often each was measured. */
export type Counted = readonly (readonly [value: number, count: number])[];

export interface Ranked {
  /** how often a value from here is the larger one of a pair; half of a tie counts. 0.5: neither is larger */
  effect: number;
  /** how likely pairs like these or more telling ones are when neither is larger; `larger`, `smaller`: here than there */
  larger: number;
  smaller: number;
}

/**
 * With the normal approximation, the correction for ties, and the one for continuity: `mannwhitneyu(…,
 * method="asymptotic")` of SciPy. From some twenty values on each side on it is good to two digits.
 *
 * @returns nothing is known when one side has no values, or all are the same
 */
export function rankTest(here: Counted, there: Counted): Ranked {
  const [n, m] = [size(here), size(there)];
  const total = n + m;
  const { rankSum, ties } = ranked(here, there);
  const u = rankSum - (n * (n + 1)) / 2;
  const pairs = n * m;
  const variance = (pairs / 12) * (total + 1 - ties / (total * (total - 1)));
  if (pairs === 0 || !(variance > 0)) return { effect: 0.5, larger: 1, smaller: 1 };
  const beyond = (difference: number) => normalTail((difference - 0.5) / Math.sqrt(variance));
  return { effect: u / pairs, larger: beyond(u - pairs / 2), smaller: beyond(pairs / 2 - u) };
}

const size = (counted: Counted) => counted.reduce((sum, [, count]) => sum + count, 0);

/** The sum of the ranks of `here` among all, those of equal values being the middle of theirs; and Σ(t³ - t) of ties. */
function ranked(here: Counted, there: Counted): { rankSum: number; ties: number } {
  const all = new Map<number, { here: number; all: number }>();
  const add = (counted: Counted, own: 0 | 1) => {
    for (const [value, count] of counted) {
      const known = all.get(value) ?? { here: 0, all: 0 };
      all.set(value, { here: known.here + own * count, all: known.all + count });
    }
  };
  add(here, 1);
  add(there, 0);
  let [below, rankSum, ties] = [0, 0, 0];
  for (const [, tied] of [...all].sort(([one], [other]) => one - other)) {
    rankSum += tied.here * (below + (tied.all + 1) / 2);
    ties += tied.all ** 3 - tied.all;
    below += tied.all;
  }
  return { rankSum, ties };
}

/** Far enough out for the continued fraction to be quick. */
const FAR = 3;

/** P(Z > z) of the normal distribution, with all digits far out too (Abramowitz & Stegun 26.2.11 and 26.2.14). */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (z < FAR) {
    let term = z;
    let sum = z;
    for (let odd = 3; term > sum * 1e-17; odd += 2) sum += term *= (z * z) / odd;
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 100; k >= 1; k -= 1) fraction = z + k / fraction;
  return density / fraction;
}
