/** What hosts have to carry, and whether they can do without one of them. */
import type { Capacity } from '../contracts/cluster';

/** What comes to one balancer, and by which weights it goes to the hosts that stay. */
export interface Inflow {
  /** requests a second */
  rate: number;
  /** by host */
  weights: Record<string, number>;
}

/** Requests a second. */
export const mostOf = ({ requestsPerSecond, percent }: Capacity) => (requestsPerSecond * percent) / 100;

/** @param rate requests a second */
export function hostsNeeded(rate: number, capacity: Capacity): number {
  return Math.ceil(rate / mostOf(capacity));
}

/** Of all balancers together: they cut what comes to them by weights. */
export function rateOf(inflows: readonly Inflow[]): number {
  return inflows.reduce((sum, { rate }) => sum + rate, 0);
}

/** @returns requests a second, by host */
export function shareOut(inflows: readonly Inflow[]): Record<string, number> {
  const loads: Record<string, number> = {};
  for (const { rate, weights } of inflows) {
    const all = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    for (const [host, weight] of Object.entries(weights))
      loads[host] = (loads[host] ?? 0) + (all > 0 ? (rate * weight) / all : 0);
  }
  return loads;
}

/** A step that changes who serves: who waits for it, and when the load would be as judged. */
export interface Moving {
  /** `n3`, `the switch` */
  who: string;
  /** `without it`, `after it` */
  then: string;
}

/**
 * Judges whether those who would serve carry the present load.
 *
 * @param inflows what comes now, with the weights of those that would serve
 * @returns why they do not, in words; null: they do
 */
export function tooMuchFor(
  { who, then }: Moving,
  inflows: readonly Inflow[],
  capacity: Capacity,
): string | null {
  const rate = rateOf(inflows);
  const most = mostOf(capacity);
  const loads = Object.entries(shareOut(inflows)).sort(([, one], [, other]) => other - one);
  const [busiest] = loads;
  const served = inflows.every((one) => one.rate === 0 || Object.values(one.weights).some(Boolean));
  if (served && (busiest?.[1] ?? 0) <= most) return null;
  const what = busiest && served ? `${busiest[0]} would get ${perSecond(busiest[1])}` : 'nobody would serve';
  return `${who} waits for load: ${perSecond(rate)} come; ${then} ${what}, and ${capacityText(capacity)}; ${hostsNeeded(rate, capacity)} hosts are needed`;
}

export function capacityText(capacity: Capacity): string {
  const { requestsPerSecond, percent } = capacity;
  return `a host takes ${perSecond(mostOf(capacity))} at most (${percent} % of ${requestsPerSecond}/s)`;
}

const perSecond = (rate: number) => `${Math.round(rate)}/s`;
