import type { Service } from '../../contracts/cluster';
import type { PlannedGate } from '../../contracts/gate';
import type { Check } from '../../contracts/inputs/common';
import type { Gate } from '../../contracts/inputs/gate';

/** The gate of a plan: its limits, and where response times come from. */
export function plannedGate(
  input: { gate: Gate; checks: readonly Check[] },
  service: Service,
): PlannedGate | null {
  const { enabled, ...limits } = input.gate;
  if (!enabled) return null;
  const paths = input.checks.flatMap((check) => ('http' in check ? [check.http.path] : []));
  return {
    ...limits,
    latency: service.metrics?.latency ?? null,
    probePaths: paths.length ? [...new Set(paths)] : [service.health.path],
    own: service.metrics?.own ?? [],
  };
}
