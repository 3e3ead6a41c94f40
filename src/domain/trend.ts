/**
 * Does a value rise with time? Kendall's rank test, which in this use is Mann and Kendall's, and the slope of Theil and Sen:
 * neither asks for a shape of the noise, and a few wild values move nothing (H. Mann, "Nonparametric Tests Against
 * Trend", 1945; P. K. Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", 1968).
 */
import { normalTail } from './rank-test';

/** Values at times that ascend. */
export type Samples = readonly (readonly [at: number, value: number])[];

export interface Trend {
  /** the median over all pairs, for each unit of time */
  slope: number;
  /** tau-b: 1 when every later value is larger, -1 when every one is smaller */
  tau: number;
  /** how likely values that rise like this or more are when there is no trend */
  rising: number;
}

/**
 * With the normal approximation and the correction for ties: `theilslopes` and `kendalltau(…, alternative="greater",
 * method="asymptotic")` of SciPy.
 *
 * @returns no trend where there are fewer than three samples, or all are the same
 */
export function trend(samples: Samples): Trend {
  const n = samples.length;
  const slopes: number[] = [];
  let more = 0;
  for (const [later, [to, value]] of samples.entries())
    for (const [from, before] of samples.slice(0, later)) {
      slopes.push((value - before) / (to - from));
      more += Math.sign(value - before);
    }
  const ties = tied(samples);
  const pairs = (n * (n - 1)) / 2;
  const variance = (n * (n - 1) * (2 * n + 5) - sum(ties, (t) => t * (t - 1) * (2 * t + 5))) / 18;
  if (n < 3 || !(variance > 0)) return { slope: 0, tau: 0, rising: 1 };
  return {
    slope: median(slopes),
    tau: more / Math.sqrt(pairs * (pairs - sum(ties, (t) => (t * (t - 1)) / 2))),
    rising: normalTail(more / Math.sqrt(variance)),
  };
}

/** How many samples share a value, for each value. */
function tied(samples: Samples): number[] {
  const counts = new Map<number, number>();
  for (const [, value] of samples) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()];
}

const sum = (counts: number[], of: (count: number) => number) =>
  counts.reduce((all, count) => all + of(count), 0);

function median(values: number[]): number {
  const sorted = values.sort((one, other) => one - other);
  const [low, high] = [Math.floor((sorted.length - 1) / 2), Math.ceil((sorted.length - 1) / 2)];
  return (sorted[low]! + sorted[high]!) / 2;
}
