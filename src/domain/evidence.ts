/**
 * How much a count of rare events proves. Exact binomial tests (Clopper–Pearson), so that few samples are
 * never taken for many: a share is shown to be small only when such a count would be unlikely otherwise.
 */

/** Events among samples: errors among answers, slow ones among probes. */
export interface Count {
  events: number;
  samples: number;
}

/**
 * Is the share at most `limit`? True when so few events would come in at most `1 - confidence` of all cases
 * if the share were `limit`, that is when the upper Clopper–Pearson bound is not above it.
 *
 * @param limit share, 0 to 1
 * @param confidence one-sided, e.g. 0.95
 */
export function provesAtMost({ events, samples }: Count, limit: number, confidence: number): boolean {
  if (limit >= 1) return samples > 0;
  return atMost(events, samples, limit) <= 1 - confidence;
}

/** Is the share above `limit`? True when the lower Clopper–Pearson bound is. */
export function provesAbove({ events, samples }: Count, limit: number, confidence: number): boolean {
  if (limit >= 1 || events === 0) return false;
  return atLeast(events, samples, limit) <= 1 - confidence;
}

/**
 * Do the events come more often here than there? Given all events, those here are binomial with the share of
 * the samples that were taken here, if there is no difference.
 */
export function provesMore(here: Count, there: Count, confidence: number): boolean {
  const samples = here.samples + there.samples;
  if (here.events === 0 || samples === 0) return false;
  if (there.samples === 0) return true;
  return atLeast(here.events, here.events + there.events, here.samples / samples) <= 1 - confidence;
}

/**
 * Samples that show a share of at most `limit` when no more than `events` are among them: 2,995 for 0.1 %
 * without any event, 59 for 5 %, at a confidence of 95 %.
 */
export function samplesNeeded(events: number, limit: number, confidence: number): number {
  if (limit >= 1) return 1;
  if (limit <= 0) return Infinity;
  const enough = (samples: number) => provesAtMost({ events, samples }, limit, confidence);
  let high = Math.max(1, Math.ceil((events + 1) / limit));
  while (!enough(high)) high *= 2;
  let low = Math.floor(high / 2);
  // a smaller one may be enough when the first guess was
  while (low > 0 && enough(low)) low = Math.floor(low / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** P(X ≤ k) of a binomial distribution. */
function atMost(k: number, n: number, p: number): number {
  if (k >= n) return 1;
  return k <= n * p ? tail(k, n, p, -1) : 1 - tail(k + 1, n, p, 1);
}

/** P(X ≥ k). */
function atLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  return k >= n * p ? tail(k, n, p, 1) : 1 - tail(k - 1, n, p, -1);
}

/** Adds probabilities from k outwards, away from the mean, until they no longer count. */
function tail(k: number, n: number, p: number, step: 1 | -1): number {
  const odds = p / (1 - p);
  let term = Math.exp(logProbability(k, n, p));
  let sum = term;
  for (let i = k; (step > 0 ? i < n : i > 0) && term > sum * 1e-17; i += step) {
    term *= step > 0 ? ((n - i) / (i + 1)) * odds : i / (n - i + 1) / odds;
    sum += term;
  }
  return Math.min(1, sum);
}

/** log P(X = k), exact for large n too (C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000). */
function logProbability(k: number, n: number, p: number): number {
  if (k === 0) return n * Math.log1p(-p);
  if (k === n) return n * Math.log(p);
  const rest = n - k;
  return (
    stirlingError(n) -
    stirlingError(k) -
    stirlingError(rest) -
    deviance(k, n * p) -
    deviance(rest, n * (1 - p)) -
    0.5 * Math.log((2 * Math.PI * k * rest) / n)
  );
}

/** log n! less Stirling's approximation of it. */
function stirlingError(n: number): number {
  if (n < 16) {
    let factorial = 1;
    for (let i = 2; i <= n; i += 1) factorial *= i;
    return Math.log(factorial) - (n + 0.5) * Math.log(n) + n - 0.5 * Math.log(2 * Math.PI);
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / square) / square) / square) / n;
}

/** x log(x/mean) + mean - x, without losing digits where the two are close. */
function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) - difference;
  const v = difference / (x + mean);
  let sum = difference * v;
  let term = 2 * x * v;
  for (let i = 3; ; i += 2) {
    term *= v * v;
    const next = sum + term / i;
    if (next === sum) return sum;
    sum = next;
  }
}
