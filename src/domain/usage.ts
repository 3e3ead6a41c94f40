import type { Claim, PlannedGate, UsageTally } from '../contracts/gate';
import type { Samples } from './trend';

/** Use of a host and of the service's unit, shares of what there is: 0 to 1. */
export interface Usage {
  /** over which the processors were watched */
  seconds: number;
  unitCpu: number;
  unitMemory: number;
  hostCpu: number;
  hostMemory: number;
  /** of the unit over time: seconds, mebibytes */
  memory: Samples;
  memoryMaxMiB: number;
}

/** Seconds until the use of processors says anything good, and anything bad: a start is busy. */
export const WATCHED_CPU_SECONDS = 2;
const FAILS_AFTER = 10;

export const MIB = 1_024 ** 2;
/** What a claim about growth is called. */
export const MEMORY_GROWTH = 'memory growth';

const CLAIMS = [
  { name: 'CPU of the unit', of: 'unitCpu', limit: 'cpuPercent', watched: true },
  { name: 'memory of the unit', of: 'unitMemory', limit: 'memoryPercent', watched: false },
  { name: 'CPU of the host', of: 'hostCpu', limit: 'hostCpuPercent', watched: true },
  { name: 'memory of the host', of: 'hostMemory', limit: 'hostMemoryPercent', watched: false },
] as const;

export const isUsage = ({ name }: Claim) =>
  name === MEMORY_GROWTH || CLAIMS.some((claim) => claim.name === name);

export function usageOf({ from, last, memory = [] }: UsageTally): Usage {
  const seconds = (last.at - from.at) / 1_000;
  const share = (part: number, whole: number) => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0);
  return {
    seconds,
    unitCpu: share(last.unitCpuSeconds - from.unitCpuSeconds, seconds * last.unitCpus),
    unitMemory: share(last.unitMemoryBytes, last.unitMemoryMaxBytes),
    hostCpu: share(
      last.hostBusySeconds - from.hostBusySeconds,
      last.hostTotalSeconds - from.hostTotalSeconds,
    ),
    hostMemory: share(last.hostMemoryBytes, last.hostMemoryMaxBytes),
    memory,
    memoryMaxMiB: last.unitMemoryMaxBytes / MIB,
  };
}

/**
 * The host that uses most decides. Where a host with the old version is over the limit as well, the new version
 * is not to blame: that is neither good nor its fault.
 */
export function usageClaims(
  changed: Record<string, Usage>,
  others: Record<string, Usage>,
  limits: PlannedGate,
): Claim[] {
  return CLAIMS.map(({ name, of, limit, watched }): Claim => {
    const most = top(changed, of);
    if (!most) return { name, verdict: 'hold', text: `${name}: not measured yet` };
    const text = `${name}: ${percent(most.share)} at ${most.host}`;
    // memory is what it is; processors are watched for a while
    const seconds = watched ? Math.min(...Object.values(changed).map((usage) => usage.seconds)) : Infinity;
    if (seconds < WATCHED_CPU_SECONDS)
      return {
        name,
        verdict: 'hold',
        text: `${text}, watched for ${Math.floor(seconds)} of ${WATCHED_CPU_SECONDS} s`,
      };
    if (most.share * 100 <= limits[limit]) return { name, verdict: 'pass', text };
    const over = `${text}, above ${limits[limit]} %`;
    const old = top(others, of);
    if (old && old.share * 100 > limits[limit])
      return {
        name,
        verdict: 'hold',
        text: `${over}, but so is ${old.host} with the old version (${percent(old.share)})`,
      };
    if (seconds < FAILS_AFTER)
      return {
        name,
        verdict: 'hold',
        text: `${over}, watched for ${Math.floor(seconds)} of ${FAILS_AFTER} s`,
      };
    return { name, verdict: 'fail', text: over };
  });
}

function top(hosts: Record<string, Usage>, of: (typeof CLAIMS)[number]['of']) {
  const all = Object.entries(hosts).map(([host, usage]) => ({ host, share: usage[of] }));
  return all.sort((one, other) => other.share - one.share)[0];
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
