/** What a gate asks the metrics server. */
import type { Latency, OwnMetric } from '../../contracts/cluster';
import type { Histogram, Tally, Usual } from '../../contracts/gate';
import { PawlError } from '../../contracts/failures';
import type { PlannedHost } from '../../contracts/plan';
import type { Metrics } from '../../contracts/world';
import { samplesNeeded } from '../../domain/evidence';
import { emptyHistogram, percentile } from '../../domain/histogram';
import type { Seen } from '../../domain/judge';
import { outsideOf } from '../../domain/judge';
import { tried } from '../tried';
import type { World } from '../world';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DAYS = 7;
/** Minutes before the change, where nothing is known of other days. */
const BASELINE = 10;

/** @throws MetricsUnavailable when the cluster file names no metrics server any more */
function server(world: World): Metrics {
  if (world.metrics) return world.metrics;
  throw new PawlError('MetricsUnavailable', 'the cluster file names no metrics server');
}

const names = (hosts: PlannedHost[]) => hosts.map(({ name }) => name);

/** Response times since the gate began. The others are for comparison only: without an answer there are none. */
export async function latencyByServer(
  world: World,
  series: Latency,
  { changed, others }: { changed: PlannedHost[]; others: PlannedHost[] },
  tally: Tally,
  signal: AbortSignal,
): Promise<Seen['latency']> {
  const now = Date.now();
  const of = (hosts: PlannedHost[]) =>
    server(world).latency(series, names(hosts), tally.begunAt, now, signal);
  return tried(async () => {
    await server(world).reported(series, names(changed), now, signal);
    const compared = others.length ? await tried(() => of(others), signal) : undefined;
    return { changed: await of(changed), others: compared?.known ? compared.is : emptyHistogram() };
  }, signal);
}

/**
 * How long answers usually take: the median of the past seven days at this hour, or else the ten minutes
 * before the change.
 *
 * @param before milliseconds: when the change began
 */
export async function usualByServer(
  world: World,
  series: Latency,
  hosts: PlannedHost[],
  confidence: number,
  before: number,
  signal: AbortSignal,
): Promise<Usual> {
  const needed = samplesNeeded(0, 0.05, confidence);
  const between = async (from: number, to: number): Promise<Histogram | undefined> => {
    const found = await server(world)
      .latency(series, names(hosts), from, to, signal)
      .catch((error: unknown) => {
        if (signal.aborted || !(error instanceof PawlError)) throw error;
        why = error.message;
        return undefined;
      });
    return found && found.samples >= needed ? found : undefined;
  };
  let why = '';
  const days = await Promise.all(
    Array.from({ length: DAYS }, (_, n) => before - (n + 1) * DAY).map((then) =>
      between(then - 30 * MINUTE, then + 30 * MINUTE),
    ),
  );
  const known = days.flatMap((day) => (day ? [percentile(day, 0.95)] : [])).sort((one, other) => one - other);
  if (known.length)
    return {
      p95Ms: known[Math.floor((known.length - 1) / 2)]!,
      from: `at this hour on ${known.length} of the past ${DAYS} days`,
    };
  const baseline = await between(before - BASELINE * MINUTE, before);
  if (baseline)
    return { p95Ms: percentile(baseline, 0.95), from: `in the ${BASELINE} minutes before the change` };
  return {
    p95Ms: null,
    from: `Prometheus knows fewer than ${needed} answers of the time before the change${why && ` (${why})`}`,
  };
}

/** Asks all own metrics once more. */
export async function askOwn(
  world: World,
  own: OwnMetric[],
  changed: PlannedHost[],
  tally: Tally,
  signal: AbortSignal,
): Promise<Seen['own']> {
  const answers = await Promise.all(
    own.map(async (metric) => {
      const { name, query } = metric;
      const answer = await tried(() => server(world).value(query, names(changed), signal), signal);
      if (!answer.known) return [name, answer] as const;
      const outside = outsideOf(metric, answer.is) ? (tally.outside[name] ?? 0) + 1 : 0;
      tally.outside[name] = outside;
      return [name, { known: true as const, is: { value: answer.is, outside } }] as const;
    }),
  );
  return Object.fromEntries(answers) as Seen['own'];
}
