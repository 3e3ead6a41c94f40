/** The way of hosts to their full weight, as plans fix it. */
import type { Mistake } from '../../contracts/failures';
import type { OnWorse, RampStep } from '../../contracts/inputs/ramp';
import type { OutOfService } from '../../contracts/out-of-service';
import type { PlannedRamp } from '../../contracts/plan';
import { cannotRamp, rampMistakes } from '../../domain/ramp';
import type { Observation } from './observe';

/**
 * @param marks where nodeOffline took a host out, they keep its full weights; otherwise its balancers do
 */
export function plannedRamp(
  { ramp: steps, onWorse }: { ramp: RampStep[]; onWorse: OnWorse },
  coming: Observation[],
  marks: Record<string, OutOfService>,
  mistakes: Mistake[],
): PlannedRamp {
  const wrong = rampMistakes(steps);
  mistakes.push(...wrong);
  const weights = Object.fromEntries(
    coming.map(({ host, facts }) => {
      const kept = marks[host.name]?.weights ?? {};
      const full = host.places.map(
        ({ balancer }) => [balancer, kept[balancer] ?? facts.traffic[balancer]?.weight ?? 0] as const,
      );
      if (wrong.length === 0)
        mistakes.push(...full.flatMap((one) => tooSmall(host.name, ...one, facts, steps)));
      return [host.name, Object.fromEntries(full)];
    }),
  );
  return { steps, onWorse, weights };
}

function tooSmall(
  host: string,
  balancer: string,
  full: number,
  { traffic }: Observation['facts'],
  steps: RampStep[],
): Mistake[] {
  // a balancer that did not answer is a mistake of its own
  const why = traffic[balancer] ? cannotRamp(full, steps) : undefined;
  return why
    ? [{ code: 'cannotRamp', path: `hosts.${host}`, value: `weight ${full} at ${balancer}`, rule: why }]
    : [];
}

/** Hosts whose version is not that of those beside which they are to serve. */
export function otherVersions(coming: Observation[], peers: Observation[]): Mistake[] {
  const versions = [...new Set(peers.flatMap(({ facts }) => facts.version || []))];
  return coming.flatMap(({ host, facts }): Mistake[] => {
    const path = `hosts.${host.name}`;
    if (!facts.version)
      return [{ code: 'noRelease', path, value: '', rule: 'no installed version can be read' }];
    if (versions.length === 0 || versions.includes(facts.version)) return [];
    return [
      {
        code: 'otherVersion',
        path,
        value: facts.version,
        rule: `its peers run ${versions.join(' and ')}; upgrade it first, or say "otherVersion": true`,
      },
    ];
  });
}
