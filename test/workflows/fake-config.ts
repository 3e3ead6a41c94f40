/** Configuration for a fake cluster: every host gets the state `new`. */
import { syncRunId, type FoundReleases, type Synced } from '../../src/contracts/config-sync';
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

export function configPlan<I extends object>(cluster: Faked<I>, input: I): Plan<ConfigIntent> {
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
    about: `configuration ${'revision' in input ? String(input.revision) : 'web/1'} (more idle)`,
    config: {
      ...newFiles(cluster.hosts),
      inPlace: cluster.inPlace,
      ...(cluster.testHost && { testHost: cluster.testHost }),
    },
  };
  return { ...base, intent, hash: digestOf(intent) };
}

/** What is the newest is new, unless it was started last. */
export function foundReleases(
  { name: cluster, releases: [tag] }: { name: string; releases: readonly string[] },
  { input, before }: { input: unknown; before: Record<string, Synced> },
): FoundReleases {
  const { dryRun = false } = input as { dryRun?: boolean };
  const last = before['web'];
  const service = 'web';
  const says = (text: string) => ({ cluster, dryRun, services: [{ service, says: text }] });
  if (tag === undefined) return says('it has no release with a whole record');
  if (last?.tag === tag) return says(`${tag} was the last one: ${last.run}`);
  const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, gate: { enabled: false } };
  const run = syncRunId(cluster, tag);
  const start = { tag, commit: 'c'.repeat(40), run, input: { ...quick, revision: tag } };
  return { cluster, dryRun, services: [{ service, says: `${tag} is started`, start }] };
}
