/** Blue/green: two sets of hosts, one of which serves. */
import type { Mistake } from '../contracts/failures';
import type { RollingUpgradeInput } from '../contracts/inputs/rolling-upgrade';
import type { Intent, ObservedHost, PlannedHost } from '../contracts/plan';
import type { StepStatus } from '../contracts/status';
import { escaped } from './mistakes';

/** What the step is called that switches all balancers. */
export const SWITCH = 'switch';

/** Names, in the order of the cluster file. */
export function balancersOf({ hosts }: Intent): string[] {
  return [...new Set(hosts.flatMap(({ places }) => places.map(({ balancer }) => balancer)))];
}

export function switchStep(intent: Intent): StepStatus {
  return { name: SWITCH, host: balancersOf(intent).join(', '), state: 'pending' };
}

/** Hosts of a plan that get its release, and those that serve until the switch. */
export function setsOf({ hosts, batches = [], blueGreen }: Intent): {
  coming: PlannedHost[];
  leaving: PlannedHost[];
} {
  if (!blueGreen) return { coming: hosts, leaving: [] };
  const names = new Set(batches.flatMap(({ adds }) => adds));
  return {
    coming: hosts.filter(({ name }) => names.has(name)),
    leaving: hosts.filter(({ name }) => !names.has(name)),
  };
}

/** `live`: it serves at every balancer; `idle`: it is out at all of them. undefined: between the two, or not known */
export function setOf(traffic: Record<string, { state: string }>): 'live' | 'idle' | undefined {
  const states = Object.values(traffic).map(({ state }) => state);
  if (states.length === 0) return undefined;
  if (states.every((state) => state === 'in')) return 'live';
  return states.every((state) => state === 'out') ? 'idle' : undefined;
}

/** Fields that mean nothing where all hosts of a set are changed at once. */
const NOT_BESIDE = ['hosts', 'batches', 'maxUnavailable', 'maintenance', 'consent'] as const;

/** Fields that belong to another strategy than the one that was chosen. */
export function strayFields(input: RollingUpgradeInput): Mistake[] {
  return input.strategy === 'blueGreen' ? strayBesideBlueGreen(input) : strayBesideBatches(input);
}

function strayBesideBlueGreen(input: RollingUpgradeInput): Mistake[] {
  const stray = (path: string, value: unknown, rule: string): Mistake => ({
    code: 'notWithStrategy',
    path,
    value: escaped(value),
    rule,
  });
  const none = 'not with blueGreen: the whole idle set is changed, and all balancers switch to it';
  const approval = input.approvals.indexOf('afterFirstBatch');
  return [
    ...NOT_BESIDE.filter((field) => input[field] !== undefined).map((field) =>
      stray(field, input[field], none),
    ),
    ...(input.testers ? [stray('testers', true, none)] : []),
    ...(input.failureBudget === 0 ? [] : [stray('failureBudget', input.failureBudget, none)]),
    ...(approval < 0
      ? []
      : [stray(`approvals.${approval}`, 'afterFirstBatch', 'blueGreen asks beforeSwitch')]),
  ];
}

function strayBesideBatches({ blueGreen, approvals, runOnce }: RollingUpgradeInput): Mistake[] {
  const stray = (path: string, value: string): Mistake => ({
    code: 'notWithStrategy',
    path,
    value,
    rule: 'only with "strategy": "blueGreen"',
  });
  return [
    ...(blueGreen ? [stray('blueGreen', 'a map')] : []),
    ...approvals.flatMap((when, index) =>
      when === 'beforeSwitch' ? [stray(`approvals.${index}`, when)] : [],
    ),
    ...runOnce.flatMap(({ when }, index) =>
      when === 'beforeSwitch' ? [stray(`runOnce.${index}.when`, when)] : [],
    ),
  ];
}

/** Weights by balancer, of all these hosts together. */
export function weightsTogether(hosts: Pick<ObservedHost, 'traffic'>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { traffic } of hosts)
    for (const [balancer, { weight }] of Object.entries(traffic))
      sums[balancer] = (sums[balancer] ?? 0) + weight;
  return sums;
}
