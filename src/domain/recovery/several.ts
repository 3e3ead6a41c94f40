/** How a host that is in several services is shown: each by its name. */
import type { PlannedHost } from '../../contracts/plan';
import type { HostTraffic } from '../../contracts/status';

/** Of these, the ones that a host is in. */
export const servicesOf = (members: Record<string, readonly PlannedHost[]>, host: string): string[] =>
  Object.keys(members).filter((service) => members[service]!.some(({ name }) => name === host));

/** `edge` → `edge (web)` */
export const trafficOf = (
  service: string,
  traffic: Record<string, HostTraffic>,
): Record<string, HostTraffic> =>
  Object.fromEntries(Object.entries(traffic).map(([balancer, facts]) => [`${balancer} (${service})`, facts]));

/** `web 1.0.0, api 7` with version 8 of `api` → `web 1.0.0, api 8` */
export function withVersion(shown: string, service: string, version: string): string {
  const known = shown.split(', ').filter((one) => one.includes(' '));
  const text = `${service} ${version || 'unknown'}`;
  const isOwn = (one: string) => one.startsWith(`${service} `);
  return known.some(isOwn)
    ? known.map((one) => (isOwn(one) ? text : one)).join(', ')
    : [...known, text].join(', ');
}
