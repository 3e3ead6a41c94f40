/** What Prometheus answers, or why it is no answer: never a guess, never a zero for what is not there. */
import { z } from 'zod';
import type { Histogram } from '../../contracts/gate';
import { PawlError } from '../../contracts/failures';
import { escaped } from '../../domain/escaped';
import { NEVER } from '../../domain/histogram';

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

const Answer = z.union([
  z.object({ status: z.literal('error'), error: z.string() }),
  z.object({ status: z.literal('success'), data: z.object({ resultType: z.string(), result: z.unknown() }) }),
]);
const Point = z.tuple([z.number(), z.string()]);
const Vector = z.array(z.object({ metric: z.record(z.string(), z.string()), value: Point })).max(100_000);

/** Milliseconds by which an answer may differ from the time that was asked about. */
const OFF = 5_000;

const unavailable = (words: string) => new PawlError('MetricsUnavailable', words);

/**
 * The samples of an instant query.
 *
 * @param at milliseconds that were asked about
 */
export function samplesOf(json: unknown, at: number): Sample[] {
  const answer = Answer.safeParse(json);
  if (!answer.success) throw unavailable('Prometheus answers with something that is none of its answers');
  if (answer.data.status === 'error') throw unavailable(`Prometheus refuses: ${escaped(answer.data.error)}`);
  const { resultType, result } = answer.data.data;
  const points = pointsOf(resultType, result);
  return points.map(({ metric, value: [seconds, text] }) => {
    if (Math.abs(seconds * 1_000 - at) > OFF)
      throw unavailable(`Prometheus answers for ${ago(at - seconds * 1_000)} from now: stale`);
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value))
      throw unavailable(`Prometheus answers ${escaped(text)}`);
    return { labels: metric, value };
  });
}

function pointsOf(resultType: string, result: unknown): z.output<typeof Vector> {
  const parsed =
    resultType === 'scalar'
      ? Point.transform((value) => [{ metric: {}, value }]).safeParse(result)
      : resultType === 'vector'
        ? Vector.safeParse(result)
        : undefined;
  if (!parsed)
    throw unavailable(
      `Prometheus answers with a ${escaped(resultType)}: one number for each series is wanted`,
    );
  if (!parsed.success) throw unavailable(`the ${resultType} that Prometheus answers with cannot be read`);
  return parsed.data;
}

/** One number, of one series. */
export function oneValue(samples: Sample[]): number {
  const [sample] = samples;
  if (!sample) throw unavailable('Prometheus answers with nothing');
  if (samples.length > 1)
    throw unavailable(`Prometheus answers with ${samples.length} series: one is wanted`);
  return sample.value;
}

/** Buckets by `le`, which hold what is faster than their bound, as a histogram. */
export function histogramOf(samples: Sample[], unitMs: number): Histogram {
  if (samples.length === 0) throw unavailable('Prometheus knows no response times in this time');
  const bounds = samples.map(({ labels, value }) => {
    const { le = '', ...more } = labels;
    const bound = le === '+Inf' ? NEVER : Number(le) * unitMs;
    if (le.trim() === '' || !Number.isFinite(bound) || Object.keys(more).length)
      throw unavailable(
        `a bucket of response times is not told apart by "le" alone: ${escaped(JSON.stringify(labels))}`,
      );
    return [bound, value] as const;
  });
  bounds.sort(([one], [other]) => one - other);
  if (bounds.at(-1)?.[0] !== NEVER) throw unavailable('the buckets of response times have no "+Inf"');
  const twice = bounds.find(([bound], index) => index > 0 && bounds[index - 1]![0] === bound);
  if (twice) throw unavailable(`there are two buckets of response times up to ${twice[0]} ms`);
  let above = 0;
  let below = 0;
  const buckets: Histogram['buckets'] = [];
  for (const [upTo, cumulative] of bounds) {
    // increases are extrapolated, each bucket for itself
    const until = Math.max(below, cumulative);
    if (until > below) buckets.push([above, upTo, until - below]);
    [above, below] = [upTo, until];
  }
  return { samples: Math.floor(below), buckets };
}

export function ago(ms: number): string {
  return `${Math.round(Math.abs(ms) / 1_000).toLocaleString('en-US')} s`;
}
