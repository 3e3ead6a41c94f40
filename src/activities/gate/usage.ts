import type { Tally, UsageReading } from '../../contracts/gate';
import { PawlError } from '../../contracts/failures';
import type { PlannedHost } from '../../contracts/plan';
import type { RemoteHost } from '../../contracts/world';
import type { Seen } from '../../domain/judge';
import { used } from '../../domain/tally';
import { MIB, usageOf } from '../../domain/usage';
import { keyValues } from '../key-values';
import { tried } from '../tried';
import type { World } from '../world';

/** Hosts with the old version that are enough to compare with. */
const COMPARED = 5;
/** Changed hosts whose memory is kept over time: what leaks at one leaks at all. */
const SAMPLED = 20;

/** How busy the hosts are, by readings that the tally keeps. */
export async function useOf(
  world: World,
  { service, changed, others }: { service: { unit: string }; changed: PlannedHost[]; others: PlannedHost[] },
  tally: Tally,
  signal: AbortSignal,
): Promise<Seen['usage']> {
  const read = async ({ name }: PlannedHost, nth: number) => {
    const reading = await readUsage(world.hosts.on(name), service.unit, signal);
    const use = used(tally.usage[name], reading);
    if (nth >= SAMPLED) delete use.memory;
    tally.usage[name] = use;
    return [name, usageOf(use)] as const;
  };
  return tried(async () => {
    const [all, compared] = await Promise.all([
      Promise.all(changed.map(read)),
      // for comparison only: one that cannot be read is none
      Promise.allSettled(others.slice(0, COMPARED).map(read)),
    ]);
    const there = compared.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    return { changed: Object.fromEntries(all), others: Object.fromEntries(there) };
  }, signal);
}

/** The most that a unit uses on any of these hosts, in mebibytes. One that cannot be read says nothing. */
export async function mostMemory(
  world: World,
  { unit }: { unit: string },
  hosts: PlannedHost[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const read = ({ name }: PlannedHost) => readUsage(world.hosts.on(name), unit, signal);
  const answers = await Promise.allSettled(hosts.slice(0, SAMPLED).map(read));
  signal.throwIfAborted();
  const known = answers.flatMap((one) =>
    one.status === 'fulfilled' ? [one.value.unitMemoryBytes / MIB] : [],
  );
  return known.length ? Math.round(Math.max(...known) * 100) / 100 : undefined;
}

/** What a unit and its host have used up to now. */
async function readUsage(remote: RemoteHost, unit: string, signal: AbortSignal): Promise<UsageReading> {
  const { code, stdout, stderr } = await remote.run('unit-usage', [unit], { signal });
  if (code !== 0)
    throw new PawlError(
      'CommandFailed',
      `${remote.name}: the use of ${unit} cannot be read: ${stderr.trim().slice(0, 200)}`,
    );
  return usageReading(remote.name, stdout);
}

/** Reads what `src/host/unit-usage.sh` prints. */
export function usageReading(host: string, text: string): UsageReading {
  const said = keyValues(text);
  const number = (key: string) => {
    const value = said[key] ?? '';
    if (!/^\d+(\.\d+)?$/.test(value))
      throw new PawlError(
        'CommandFailed',
        `${host}: no ${key} of the unit is known (${JSON.stringify(value.slice(0, 40))})`,
      );
    return Number(value);
  };
  const numbers = (key: string) => (said[key] ?? '').split(' ').filter(Boolean).map(Number);
  const hostMemoryMaxBytes = number('hostMemoryMaxKiB') * 1_024;
  const memoryMax = said['memoryMax'] === 'infinity' ? [] : [number('memoryMax')];
  return {
    // of the host's own clock that never jumps
    at: number('uptime') * 1_000,
    invocation: said['invocation'] ?? '',
    unitCpuSeconds: number('cpuMicros') / 1e6,
    unitCpus: Math.min(number('cpus'), timespanSeconds(said['cpuQuota'] ?? ''), ...numbers('groupQuotas')),
    unitMemoryBytes: number('memoryBytes'),
    unitMemoryMaxBytes: Math.min(hostMemoryMaxBytes, ...memoryMax, ...numbers('groupMaxima')),
    hostBusySeconds: number('hostBusy') / 100,
    hostTotalSeconds: number('hostTotal') / 100,
    hostMemoryBytes: hostMemoryMaxBytes - number('hostMemoryFreeKiB') * 1_024,
    hostMemoryMaxBytes,
  };
}

const UNITS: Record<string, number> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3_600 };

/** Processor time for each second, as systemd writes it: `infinity`, `1s 500ms`. */
function timespanSeconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|min|h)\b/g)];
  if (parts.length === 0) return Infinity;
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * UNITS[unit!]!, 0);
}
