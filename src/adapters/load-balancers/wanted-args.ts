/** What is wanted of servers, as `src/host/{haproxy,nginx}-set*.sh` take it. */
import type { WantedTraffic } from '../../contracts/world';

/** State, and weight where there is one. @param checkWeight the balancer's own limits */
export function wantedArgs(wanted: WantedTraffic, checkWeight: (weight: number) => string): string[] {
  if (wanted.state !== 'in') return [wanted.state];
  return [wanted.held ? 'held' : 'in', checkWeight(wanted.weight)];
}

/** `SERVER STATE WEIGHT|-` of each, in the order in which everybody takes their locks. */
export function togetherArgs(
  wanted: Record<string, WantedTraffic>,
  checkName: (name: string) => string,
  checkWeight: (weight: number) => string,
): string[] {
  return Object.entries(wanted)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([server, one]) => {
      const [state, weight = '-'] = wantedArgs(one, checkWeight);
      return [checkName(server), state!, weight];
    });
}
