import type { Service } from '../../contracts/cluster';
import type { PlannedGate } from '../../contracts/gate';
import type { Check } from '../../contracts/inputs/common';
import type { Gate } from '../../contracts/inputs/gate';
import type { World } from '../world';

/** The gate of a plan: its limits, and where response times come from. */
export function plannedGate(
  input: { gate: Gate; checks: readonly Check[] },
  service: Service,
): PlannedGate | null {
  const { enabled, ...limits } = input.gate;
  if (!enabled) return null;
  const { path } = service.health;
  const checked = input.checks.flatMap((check) => ('http' in check ? [check.http.path] : []));
  const paths = checked.length > 0 || path === undefined ? checked : [path];
  return {
    ...limits,
    latency: service.metrics?.latency ?? null,
    probePaths: [...new Set(paths)],
    own: service.metrics?.own ?? [],
  };
}

/** Balancers that count no requests, in words: who approves a plan shall know what its gate goes by. */
export function uncounted(world: World, gate: Gate, { routes }: Service): string[] {
  const names = [...new Set(routes.map(({ balancer }) => balancer))];
  if (names.length === 0 && gate.enabled)
    return ['no balancer sends it requests: the gate judges availability and errors by own probes'];
  const blind = names.filter((name) => !world.balancer(name).countsRequests);
  if (blind.length === 0 || !gate.enabled) return [];
  const seeing = names.filter((name) => !blind.includes(name));
  const instead = seeing.length > 0 ? `by what ${seeing.join(', ')} counts` : 'by own probes';
  return [`${blind.join(', ')} cannot count requests: the gate judges availability and errors ${instead}`];
}
