/** What a fake cluster can go back to. */
import type { Aim } from '../../src/activities/plan/emergency-rollback';
import type { EmergencyRollbackInput } from '../../src/contracts/inputs/emergency-rollback';
import type { Plan, RollbackIntent } from '../../src/contracts/plan';
import { digestOf } from '../../src/domain/plan-hash';

interface Faked {
  hosts: readonly string[];
  out: Set<string>;
  unfit: Record<string, string>;
  plan(input: object): Plan;
}

export function rollbackPlan(cluster: Faked, input: EmergencyRollbackInput, aim: Aim): Plan<RollbackIntent> {
  const base = cluster.plan({});
  const { version = aim.version ?? '', reason, by, drain, unreachableSeconds, personDeadlineHours } = input;
  const intent: RollbackIntent = {
    workflow: 'emergencyRollback',
    cluster: base.intent.cluster,
    service: base.intent.service,
    version,
    ...(aim.config && { config: aim.config }),
    about: `back to ${version} at once (${reason})`,
    outFor: { reason, by },
    rank: 'emergency',
    hosts: base.intent.hosts,
    maxUnavailable: Math.floor(cluster.hosts.length / 2),
    atOnce: Math.floor(cluster.hosts.length / 2),
    hostSeconds: 100,
    steps: [],
    ...(aim.closures && { closures: aim.closures, page: aim.page }),
    certificate: base.intent.certificate,
    ...(base.intent.notifications && { notifications: base.intent.notifications }),
    settings: {
      drain,
      approvals: [],
      onFailure: 'freeze',
      failureBudget: 0,
      progressDeadlineSeconds: 600,
      personDeadlineHours,
      unreachableSeconds,
    },
  };
  for (const [name, facts] of Object.entries(base.observed.hosts)) {
    if (cluster.unfit[name]) facts.unfit = cluster.unfit[name];
    if (cluster.out.has(name)) facts.traffic = { edge: { state: 'out', weight: 100, sessions: 0 } };
  }
  return { ...base, intent, hash: digestOf(intent) };
}
