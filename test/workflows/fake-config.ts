/** Configuration for a fake cluster: every host gets the state `new`. */
import type { ConfigIntent, Plan, PlannedConfig, UpgradeIntent } from '../../src/contracts/plan';
import { digestOf } from '../../src/domain/plan-hash';

interface Faked<I> {
  hosts: readonly string[];
  inPlace: string[];
  testHost: string | undefined;
  plan(input: I): Plan<UpgradeIntent>;
}

export function newFiles(hosts: readonly string[]): PlannedConfig {
  const states = Object.fromEntries(hosts.map((host) => [host, 'new']));
  return { set: 'web', commit: 'c'.repeat(40), revision: 'abc', states };
}

export function configPlan<I>(cluster: Faked<I>, input: I): Plan<ConfigIntent> {
  const base = cluster.plan(input);
  const {
    version: _,
    artifact: _artifact,
    previousArtifact: _previous,
    runOnce: _once,
    ...shared
  } = base.intent;
  const intent: ConfigIntent = {
    ...shared,
    workflow: 'configCanary',
    batches: shared.batches
      .map((batch) => ({ ...batch, adds: batch.adds.filter((name) => name !== cluster.testHost) }))
      .filter(({ adds }) => adds.length > 0),
    about: 'configuration web/1 (more idle)',
    config: {
      ...newFiles(cluster.hosts),
      inPlace: cluster.inPlace,
      ...(cluster.testHost && { testHost: cluster.testHost }),
    },
  };
  return { ...base, intent, hash: digestOf(intent) };
}
