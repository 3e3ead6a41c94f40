/** Hosts of a fake cluster that go out of service and come back into it. */
import type { Activities } from '../../src/activities';
import { NodeOfflineInput } from '../../src/contracts/inputs/node-offline';
import { NodeOnlineInput } from '../../src/contracts/inputs/node-online';
import type { OutOfService } from '../../src/contracts/out-of-service';
import type { Intent, ObservedHost, OfflineIntent, OnlineIntent, Plan } from '../../src/contracts/plan';
import { digestOf } from '../../src/domain/plan-hash';
import { shareOf } from '../../src/domain/ramp';
import type { FakeCluster } from './harness';
import { plannedGate } from './harness';

export type NodeActivities = Pick<
  Activities,
  'planNodeOffline' | 'planNodeOnline' | 'stopService' | 'startService' | 'markHost' | 'setWeights'
>;

/** What is kept of the hosts of a service. */
export class FakeService {
  readonly stopped = new Set<string>();
  readonly marks: Record<string, OutOfService> = {};
  readonly weights: Record<string, number> = {};
}

export function nodeActivities(cluster: FakeCluster): NodeActivities {
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
        edge: { state: weight ? ('in' as const) : ('draining' as const), weight, sessions: 0 },
      };
      return { traffic, shares: { edge: shareOf(weight, 200) } };
    },
  };
}

function planOf<I extends Intent>(
  cluster: FakeCluster,
  names: string[],
  own: Omit<I, 'cluster' | 'service' | 'steps' | 'hosts'>,
): Plan<I> {
  const base = cluster.plan({});
  const { cluster: place, service, steps, hosts } = base.intent;
  const intent = {
    cluster: place,
    service,
    steps,
    ...(cluster.notifications && { notifications: cluster.notifications }),
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

function offlinePlan(cluster: FakeCluster, input: NodeOfflineInput): Plan<OfflineIntent> {
  const { hosts, reason, by } = input;
  return planOf<OfflineIntent>(cluster, hosts, {
    workflow: 'nodeOffline',
    about: `${hosts.join(', ')} out of service (${reason})`,
    outFor: { reason, by },
    maxUnavailable: Number(input.maxUnavailable),
    settings: settingsOf(input),
  });
}

function onlinePlan(cluster: FakeCluster, input: NodeOnlineInput): Plan<OnlineIntent> {
  const { hosts, checks, ramp, onWorse } = input;
  return planOf<OnlineIntent>(cluster, hosts, {
    workflow: 'nodeOnline',
    about: `${hosts.join(', ')} into service`,
    maxUnavailable: cluster.hosts.length - 1,
    checks,
    gate: plannedGate(input.gate),
    ramp: { steps: ramp, onWorse, weights: Object.fromEntries(hosts.map((name) => [name, { edge: 100 }])) },
    settings: settingsOf(input),
  });
}
