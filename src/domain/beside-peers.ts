import type { Claim, Histogram, PlannedGate } from '../contracts/gate';
import { NEVER, percentile } from './histogram';
import type { Counted } from './rank-test';
import { rankTest } from './rank-test';

/** Two of which one is the larger in so many pairs differ noticeably (A. Vargha, H. Delaney, 2000: small from 0.56 on). */
const NOTICEABLE = 0.56;

/** Of each side; the test is an approximation that needs so many. */
const LEAST = 20;

/**
 * Are answers slower than those of the peers in the same minutes? By all of them, not by the slowest: a dependency that
 * slows both down condemns nobody.
 *
 * @param condemns how sure one must be to say that they are, e.g. 0.999
 * @returns null without peers, and for plans of releases that knew no such limit
 */
export function besidePeers(
  { changed, others }: { changed: Histogram; others: Histogram },
  limits: PlannedGate,
  condemns: number,
): Claim | null {
  const { timePercentOfPeers: limit, latency, p95ToleranceMs, confidencePercent } = limits;
  if (limit === undefined || others.samples === 0 || changed.samples === 0) return null;
  const tolerance = latency ? 0 : p95ToleranceMs;
  const allowed = (ms: number) => Math.min(NEVER, Math.max((ms * limit) / 100, ms + tolerance));
  // what is within one bucket is not held against the changed hosts
  const here: Counted = changed.buckets.map(([above, upTo, count]) => [upTo >= NEVER ? upTo : above, count]);
  const there: Counted = others.buckets.map(([, upTo, count]) => [allowed(upTo), count]);
  const { effect, larger, smaller } = rankTest(here, there);
  const figures = `${ms(percentile(changed, 0.5))}, peers ${ms(percentile(others, 0.5))}`;
  const pairs = `${Math.round(effect * 100)} % of pairs above what peers allow`;
  const say = (verdict: Claim['verdict'], text: string): Claim => ({
    name: 'beside peers',
    verdict,
    text: `beside peers: median ${figures}; ${text}`,
  });
  if (Math.min(changed.samples, others.samples) < LEAST)
    return say('hold', `${LEAST} answers of each are needed`);
  if (larger <= 1 - condemns && effect >= NOTICEABLE) return say('fail', pairs);
  if (smaller <= 1 - confidencePercent / 100) return say('pass', `not slower than ${limit} % of theirs`);
  return say('hold', `too little is known to tell it from ${limit} % of theirs`);
}

const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
