/** A cluster that a disaster has struck: a database, files and a service are damaged on three hosts. */
import type { Activities } from '../../src/activities';
import type { DisasterIntent, Plan } from '../../src/contracts/plan';
import type { Looked, RecoveryStep } from '../../src/contracts/recovery';
import { DisasterRecoveryInput } from '../../src/contracts/inputs/disaster-recovery';
import { digestOf } from '../../src/domain/plan-hash';
import { recoverySteps, type Restorable } from '../../src/domain/recovery/steps';
import { newFiles } from './fake-config';
import { plannedGate } from './fake-nodes';

/** What it needs of a cluster. */
interface Struck {
  hosts: string[];
  journal: string[];
  trouble: Record<string, (() => void | Promise<void>) | undefined>;
  /** what a look finds, one after the other; the last one again and again */
  damage: Looked[][];
  /** packages that cannot be had */
  nowhere: string[];
  /** of the service, where that is one */
  package?: string;
  plan(input: object): Plan;
  step(name: string, host: string): Promise<void>;
}

export const AT = '2026-01-01T02:00:00.000Z';

export function looked(host: string, subject: Looked['subject'], is: Looked['is'] = 'damaged'): Looked {
  const level = subject.kind === 'source' ? 'database' : 'application';
  return { host, subject, is, level, found: [is === 'well' ? 'as it should be' : 'gone'] };
}

const restorable: Restorable = {
  ...{ source: 'shop-data', host: 'n1', level: 'database', maxSeconds: 3_600 },
  ...{ startFirst: true, trouble: [] },
  candidates: ['new', 'old'].map((id) => ({ id, at: AT, bytes: 1_000 })),
};

export function recoveryPlan(cluster: Struck, raw: object): Plan<DisasterIntent> {
  const input = DisasterRecoveryInput.parse({ cluster: 'fake.yaml', ...raw });
  const { approvals, onFailure, personDeadlineHours, unreachableSeconds } = input;
  const plan = cluster.plan({ personDeadlineHours, unreachableSeconds });
  const damage = cluster.damage[0]!;
  const sources = damage.flatMap(({ subject, is, level }) =>
    subject.kind === 'source' && is === 'damaged'
      ? [{ ...restorable, source: subject.source, level, ownLogs: input.ownLogs }]
      : [],
  );
  const { steps } = recoverySteps(damage, sources, {
    on: () => ['web'],
    serve: (name) =>
      damage.some(({ host, subject, is }) => host === name && subject.kind === 'service' && is === 'well'),
    released: () => false,
  });
  const names = [...new Set(steps.map(({ host }: RecoveryStep) => host))];
  const hosts = plan.intent.hosts.filter(({ name }) => names.includes(name));
  const { service, cluster: where, settings } = plan.intent;
  const intent: DisasterIntent = {
    workflow: 'disasterRecovery',
    ...{ cluster: where, service: { ...service, name: 'fake' }, about: `recovery of ${names.join(', ')}` },
    ...{ since: '2026-01-01T02:30:00Z', claims: 'hosts', hosts, recovery: steps },
    ...{
      services: {
        web:
          cluster.package === undefined
            ? service
            : { ...service, release: { kind: 'deb', package: cluster.package } },
      },
      members: { web: hosts },
      releases: {},
    },
    configs: [newFiles(names)],
    probes: { web: { limits: plannedGate({ enabled: true })!, others: [] } },
    ...{ maxUnavailable: names.length, steps: [] },
    settings: { ...settings, approvals, onFailure, progressDeadlineSeconds: 0 },
  };
  return {
    format: 2,
    intent,
    hash: digestOf(intent),
    observed: { at: '2026-01-01T03:00:00Z', hosts: {}, damage },
    notes: [],
  };
}

export function recoveryActivities(
  cluster: Struck,
): Pick<
  Activities,
  | 'planDisasterRecovery'
  | 'lookForDamage'
  | 'fetchPackages'
  | 'reinstallPackages'
  | 'setAsideRelease'
  | 'startSource'
> {
  return {
    planDisasterRecovery: async (raw) => {
      await cluster.trouble['plan']?.();
      const { dryRun = false } = raw as { dryRun?: boolean };
      return { plan: recoveryPlan(cluster, raw as object), dryRun };
    },
    lookForDamage: async ({ only }) => {
      await cluster.trouble['look']?.();
      if (only) return cluster.damage[0]!;
      if (cluster.damage.length > 1) cluster.damage.shift();
      return cluster.damage[0]!;
    },
    fetchPackages: async ({ host, packages }) => {
      await cluster.step(`fetch ${packages.join('+')}`, host);
      const nowhere = packages.filter((name) => cluster.nowhere.includes(name));
      return {
        there: packages.filter((name) => !nowhere.includes(name)),
        missing: nowhere.map((name) => ({ package: name, version: '1', why: 'no such version' })),
      };
    },
    reinstallPackages: async ({ host, packages }) => {
      await cluster.step(`reinstall ${packages.join('+')}`, host);
      return ['/var/lib/pawl/aside/1'];
    },
    startSource: ({ host, source }) => cluster.step(`start ${source}`, host),
    setAsideRelease: async ({ host, version }) => {
      await cluster.step(`set aside ${version}`, host.name);
      return [`/opt/web/releases/${version}.aside-1`];
    },
  };
}
