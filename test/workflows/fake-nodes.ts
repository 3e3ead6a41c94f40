/** Hosts of a fake cluster that go out of service and come back into it. */
import type { Activities } from '../../src/activities';
import type { PlannedGate } from '../../src/contracts/gate';
import { Gate } from '../../src/contracts/inputs/gate';
import type { HostChange } from '../../src/contracts/inputs/common';
import { NodeOfflineInput } from '../../src/contracts/inputs/node-offline';
import { NodeOnlineInput } from '../../src/contracts/inputs/node-online';
import type { PlannedNotifications } from '../../src/contracts/notifications';
import { NodeReplacementInput } from '../../src/contracts/inputs/node-replacement';
import type { OutOfService } from '../../src/contracts/out-of-service';
import type {
  Intent,
  ObservedHost,
  OfflineIntent,
  OnlineIntent,
  Plan,
  PlannedConfig,
  ReplacementIntent,
} from '../../src/contracts/plan';
import { digestOf } from '../../src/domain/plan-hash';
import { shareOf } from '../../src/domain/ramp';

export type NodeActivities = Pick<
  Activities,
  | 'planNodeOffline'
  | 'planNodeOnline'
  | 'planNodeReplacement'
  | 'proveEqual'
  | 'stopService'
  | 'startService'
  | 'markHost'
  | 'setWeights'
>;

/** What is kept of the hosts of a service. */
export class FakeService {
  readonly stopped = new Set<string>();
  readonly marks: Record<string, OutOfService> = {};
  readonly weights: Record<string, number> = {};
}

/** What is needed of a fake cluster. */
export interface Faked {
  hosts: readonly string[];
  journal: string[];
  out: Set<string>;
  versions: Record<string, string>;
  trouble: Record<string, (() => Promise<void> | void) | undefined>;
  notifications: PlannedNotifications | undefined;
  service: FakeService;
  filesFirst: PlannedConfig | undefined;
  step(name: string, host: string): Promise<void>;
  plan(input: object): Plan;
}

/** Where a test asks for a gate; the others have none. */
export function plannedGate(gate: Partial<Gate> | undefined): PlannedGate | null {
  const { enabled, ...limits } = Gate.parse(gate ?? { enabled: false });
  return enabled ? { ...limits, latency: null, probePaths: ['/'], own: [] } : null;
}

export function nodeActivities(cluster: Faked): NodeActivities {
  const { service } = cluster;
  return {
    planNodeOffline: async (raw) => {
      await cluster.trouble['plan']?.();
      const input = NodeOfflineInput.parse(raw);
      return { plan: offlinePlan(cluster, input), dryRun: input.dryRun };
    },
    planNodeOnline: async (raw) => {
      await cluster.trouble['plan']?.();
      const input = NodeOnlineInput.parse(raw);
      return { plan: onlinePlan(cluster, input), dryRun: input.dryRun };
    },
    planNodeReplacement: async (raw) => {
      await cluster.trouble['plan']?.();
      const input = NodeReplacementInput.parse(raw);
      return { plan: replacementPlan(cluster, input), dryRun: input.dryRun };
    },
    proveEqual: ({ host }) => cluster.step('proveEqual', host),
    stopService: async ({ host, round }) => {
      await cluster.step('stopService', host.name);
      cluster.journal.push(`${host.name} stopped round ${round}`);
      service.stopped.add(host.name);
    },
    startService: async ({ host }) => {
      await cluster.step('startService', host.name);
      service.stopped.delete(host.name);
    },
    markHost: async ({ host, mark }) => {
      await cluster.step(mark ? 'mark' : 'unmark', host.name);
      if (mark) service.marks[host.name] = mark;
      else delete service.marks[host.name];
    },
    setWeights: async ({ host, weights }) => {
      const weight = weights['edge']!;
      await cluster.step(`weight ${weight}`, host.name);
      service.weights[host.name] = weight;
      cluster.out.delete(host.name);
      const traffic = {
        // as HAProxy shows it: who drains keeps its weight
        edge: weight
          ? { state: 'in' as const, weight, sessions: 0 }
          : { state: 'draining' as const, weight: 100, sessions: 0 },
      };
      return { traffic, shares: { edge: shareOf(weight, 200) } };
    },
  };
}

function planOf<I extends Intent>(
  cluster: Faked,
  names: string[],
  { notify }: Pick<HostChange, 'notify'>,
  own: Omit<I, 'cluster' | 'service' | 'steps' | 'hosts'>,
): Plan<I> {
  const base = cluster.plan({});
  const { cluster: place, service, steps, hosts, certificate, capacity } = base.intent;
  const intent = {
    cluster: place,
    service,
    steps,
    certificate,
    ...(capacity && { capacity }),
    ...(cluster.filesFirst && { config: cluster.filesFirst }),
    ...(notify && cluster.notifications && { notifications: cluster.notifications }),
    hosts: names.map((name) => hosts.find((host) => host.name === name)!),
    ...own,
  } as unknown as I;
  const observed = names.map((name): [string, ObservedHost] => {
    const state = cluster.out.has(name) ? 'out' : 'in';
    const active = cluster.service.stopped.has(name) ? 'inactive' : 'active';
    const out = cluster.service.marks[name];
    const traffic = { edge: { state, weight: 100, sessions: 0 } } as const;
    return [
      name,
      { version: cluster.versions[name] ?? '', active, traffic, freeMiB: 1_000, ...(out && { out }) },
    ];
  });
  const peers = hosts.filter(({ name }) => !names.includes(name));
  return {
    ...base,
    intent,
    hash: digestOf(intent),
    observed: {
      ...base.observed,
      hosts: Object.fromEntries(observed),
      peers: { hosts: peers, weights: { edge: 200 } },
    },
  };
}

type Common = Pick<
  NodeOfflineInput,
  'drain' | 'approvals' | 'onFailure' | 'personDeadlineHours' | 'unreachableSeconds'
>;

function settingsOf({ drain, approvals, onFailure, personDeadlineHours, unreachableSeconds }: Common) {
  return {
    drain,
    approvals,
    onFailure,
    personDeadlineHours,
    unreachableSeconds,
    failureBudget: 0,
    progressDeadlineSeconds: 600,
  };
}

function offlinePlan(cluster: Faked, input: NodeOfflineInput): Plan<OfflineIntent> {
  const { hosts, reason, by } = input;
  return planOf<OfflineIntent>(cluster, hosts, input, {
    workflow: 'nodeOffline',
    about: `${hosts.join(', ')} out of service (${reason})`,
    outFor: { reason, by },
    maxUnavailable: Number(input.maxUnavailable),
    settings: settingsOf(input),
  });
}

function onlinePlan(cluster: Faked, input: NodeOnlineInput): Plan<OnlineIntent> {
  const { hosts, checks, ramp, onWorse } = input;
  return planOf<OnlineIntent>(cluster, hosts, input, {
    workflow: 'nodeOnline',
    about: `${hosts.join(', ')} into service`,
    ...(input.gate.enabled ? {} : { claims: 'hosts' as const }),
    maxUnavailable: cluster.hosts.length - 1,
    checks,
    gate: plannedGate(input.gate),
    ramp: { steps: ramp, onWorse, weights: Object.fromEntries(hosts.map((name) => [name, { edge: 100 }])) },
    settings: settingsOf(input),
  });
}

function replacementPlan(cluster: Faked, input: NodeReplacementInput): Plan<ReplacementIntent> {
  const { reason, by } = input;
  const common = { workflow: 'nodeReplacement', outFor: { reason, by }, maxUnavailable: 1 } as const;
  if (input.mode === 'emergency') {
    const settings = settingsOf({
      ...input,
      drain: { deadlineSeconds: 0, onDeadline: 'force' },
      approvals: [],
      onFailure: 'freeze',
    });
    return planOf<ReplacementIntent>(cluster, [input.host], input, {
      ...common,
      about: `${input.host} out at once (${reason})`,
      replaces: { mode: 'emergency' },
      rank: 'emergency',
      claims: 'hosts',
      actsAt: 'balancers',
      settings,
    });
  }
  const { checks, ramp, onWorse, watchSeconds } = input;
  return planOf<ReplacementIntent>(cluster, [input.new, input.old], input, {
    ...common,
    about: `${input.new} for ${input.old} (${reason})`,
    replaces: { mode: 'planned', sums: { release: 'r', unit: 'u' } },
    checks,
    gate: plannedGate(input.gate),
    ramp: { steps: ramp, onWorse, weights: { [input.new]: { edge: 100 } } },
    settings: { ...settingsOf(input), watchSeconds },
  });
}
