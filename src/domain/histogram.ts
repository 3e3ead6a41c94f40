import type { Histogram } from '../contracts/gate';

/** Each bucket is 2 % wider than the one before; the first ends at 0.1 ms. */
const FINEST_MS = 0.1;
const WIDTH = Math.log(1.02);
/** Longer than can be told apart: there was no answer. JSON knows no Infinity. */
export const NEVER = 1e9;

export function emptyHistogram(): Histogram {
  return { samples: 0, buckets: [] };
}

/** Counts one response time into a histogram; Infinity where there was no answer. */
export function measured(histogram: Histogram, ms: number): void {
  const [above, upTo] = bounds(ms);
  const { buckets } = histogram;
  histogram.samples += 1;
  const at = buckets.findIndex(([, bound]) => bound >= upTo);
  const found = at < 0 ? undefined : buckets[at];
  if (found?.[1] === upTo) found[2] += 1;
  else buckets.splice(at < 0 ? buckets.length : at, 0, [above, upTo, 1]);
}

function bounds(ms: number): [number, number] {
  if (!(ms < NEVER / 2)) return [NEVER / 2, NEVER];
  const bucket = Math.max(0, Math.ceil(Math.log(ms / FINEST_MS) / WIDTH));
  return [bucket === 0 ? 0 : bound(bucket - 1), bound(bucket)];
}

const bound = (bucket: number) => Number((FINEST_MS * Math.exp(bucket * WIDTH)).toPrecision(6));

/** @returns milliseconds, interpolated within a bucket; NaN without samples */
export function percentile({ samples, buckets }: Histogram, share: number): number {
  let below = 0;
  let last = Number.NaN;
  for (const [above, upTo, count] of buckets) {
    const wanted = share * samples - below;
    // how far up the last bucket goes, nobody knows
    if (count >= wanted) return upTo >= NEVER ? above : above + ((upTo - above) * wanted) / count;
    below += count;
    last = upTo;
  }
  return last;
}

/** How many answers took longer; those in the bucket of the limit by its share. */
export function slowerThan({ samples, buckets }: Histogram, limitMs: number): number {
  const slower = buckets.reduce((sum, [above, upTo, count]) => {
    if (upTo <= limitMs) return sum;
    if (above >= limitMs || upTo >= NEVER) return sum + count;
    return sum + (count * (upTo - limitMs)) / (upTo - above);
  }, 0);
  return Math.min(samples, Math.round(slower));
}
