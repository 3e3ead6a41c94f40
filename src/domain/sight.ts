import type { Figures, Histogram, Look, PlannedGate, Requests, Sight } from '../contracts/gate';
import { percentile } from './histogram';
import type { Seen } from './judge';
import { p95LimitMs } from './judge';
import { total } from './tally';
import { thinned } from './thinned';
import type { Usage } from './usage';
import { WATCHED_CPU_SECONDS } from './usage';

/** Looks that are kept of a gate: some three kilobytes. */
const MOST_LOOKS = 48;

/** What a gate saw in one look; without one where its requests are not known. */
export function sightOf(seen: Seen, limits: PlannedGate, hosts: Sight['hosts']): Sight {
  const { requests, latency, usage, seconds, usual } = seen;
  const of = (group: 'changed' | 'others', counted: Requests): Figures => [
    counted.answers,
    counted.serverErrors,
    counted.failures,
    latency.known ? p95Of(latency.is[group]) : null,
    ...mostUsed(usage.known ? Object.values(usage.is[group]) : []),
  ];
  const memoryMiB = usage.known ? Object.values(usage.is.changed).map((one) => one.memoryMaxMiB) : [];
  const p95Ms = p95LimitMs(usual, limits);
  const looks: Look[] = requests.known
    ? [
        [
          Number(seconds.toFixed(1)),
          of('changed', total(Object.values(requests.is.changed))),
          of('others', requests.is.others),
        ],
      ]
    : [];
  const weights = requests.known ? requests.is.weights : undefined;
  return {
    hosts,
    ...(weights && { weights }),
    limits: {
      errorPercent: limits.errorRatePercent,
      p95Ms: p95Ms === null ? null : short(p95Ms),
      memoryMiB: memoryMiB.length ? short((Math.min(...memoryMiB) * limits.memoryPercent) / 100) : null,
      cpuPercent: limits.cpuPercent,
    },
    looks,
  };
}

/** @param before what was seen so far, if anything */
export function together(before: Sight | undefined, now: Sight): Sight {
  return { ...now, looks: thinned([...(before?.looks ?? []), ...now.looks], MOST_LOOKS) };
}

const short = (value: number) => Number(value.toPrecision(4));

function p95Of(histogram: Histogram): number | null {
  return histogram.samples > 0 ? short(percentile(histogram, 0.95)) : null;
}

function mostUsed(all: Usage[]): [memoryMiB: number | null, cpuPercent: number | null] {
  const memory = all.map((one) => one.unitMemory * one.memoryMaxMiB);
  const cpu = all.filter(({ seconds }) => seconds >= WATCHED_CPU_SECONDS).map((one) => one.unitCpu * 100);
  const most = (values: number[]) => (values.length ? short(Math.max(...values)) : null);
  return [most(memory), most(cpu)];
}
