/** What the plans of all changes have in common. */
import type { Route, Service } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import type { Check, CommonInput, Drain, HostChange } from '../../contracts/inputs/common';
import type { OutOfService } from '../../contracts/out-of-service';
import type {
  Intent,
  Plan,
  PlannedCertificate,
  PlannedHost,
  PlannedService,
  PlannedStep,
  Settings,
} from '../../contracts/plan';
import { badInput, escaped, unknownName } from '../../domain/mistakes';
import { digestOf } from '../../domain/plan-hash';
import { longestStep, stepSeconds } from '../../domain/step-limits';
import type { Stable } from '../../contracts/stable';
import type { Diffs } from '../../contracts/status';
import type { World } from '../world';
import type { Observation } from './observe';
import { plannedNotifications } from './notifications';

/** The default of progressDeadlineSeconds, where no step may take longer. */
const PROGRESS_SECONDS = 600;

export type NamedService = Service & { name: string };

/** @throws BadInput where the cluster file has no such service */
export function serviceNamed({ cluster }: World, name: string): NamedService {
  const known = Object.keys(cluster.services);
  const service = known.includes(name) ? cluster.services[name] : undefined;
  if (!service) throw badInput([unknownName('service', name, known)]);
  return { ...service, name };
}

/**
 * The hosts of these names, in this order.
 *
 * @param at where each stands in the input
 */
export function chooseHosts(
  names: string[],
  all: PlannedHost[],
  mistakes: Mistake[],
  at = (index: number) => `hosts.${index}`,
): PlannedHost[] {
  const known = all.map(({ name }) => name);
  return names.flatMap((name, index) => {
    const host = all.find((candidate) => candidate.name === name);
    if (!host) mistakes.push(unknownName(at(index), name, known));
    else if (names.indexOf(name) !== index)
      mistakes.push({ code: 'twice', path: at(index), value: name, rule: 'each host once' });
    else return [host];
    return [];
  });
}

/** Whether a change is for all hosts of the service that are not out on purpose: only then it proves anything of all. */
export function isWhole(
  all: PlannedHost[],
  chosen: PlannedHost[],
  marks: Record<string, OutOfService>,
): boolean {
  return all.every((host) => chosen.includes(host) || Object.hasOwn(marks, host.name));
}

/** Where a change works, and whom it tells. */
export function commonIntent(
  input: Pick<CommonInput, 'cluster' | 'service'> & { notify?: boolean },
  world: World,
  service: Service,
): Pick<Intent, 'cluster' | 'service' | 'certificate' | 'notifications'> {
  const notifications =
    input.notify === false ? undefined : plannedNotifications(world.cluster, input.service);
  return {
    cluster: { name: world.cluster.cluster, file: input.cluster, digest: world.digest },
    service: plannedService(input.service, service),
    certificate: plannedCertificate(world, service.routes),
    ...(notifications && { notifications }),
  };
}

/** What steps need to know of a service of the cluster file. */
export function plannedService(name: string, service: Service): PlannedService {
  const { unit, port, release, health, version, limits } = service;
  return { name, unit, port, release, health, version, limits };
}

function plannedCertificate(world: World, routes: Route[]): PlannedCertificate {
  const names = [...new Set(routes.map(({ balancer }) => balancer))];
  const counts = names.filter((name) => world.balancer(name).countsRequests);
  return { counts, blind: names.filter((name) => !counts.includes(name)) };
}

/** Everything that was asked for, and nothing of how far it is: however often it is started, it is the same change. */
export function sameFor(
  input: Omit<CommonInput, 'service'>,
  { cluster, digest }: World,
  more: object = {},
): string {
  const { note: _note, dryRun: _dryRun, planHash: _hash, planned: _planned, ...asked } = input;
  return digestOf({ ...asked, ...more, cluster: [cluster.cluster, digest] });
}

/** What the steps of a change that moves hosts in and out are told. */
export function settingsOf(
  input: Pick<
    HostChange,
    'onFailure' | 'progressDeadlineSeconds' | 'personDeadlineHours' | 'unreachableSeconds'
  > & {
    drain: Drain;
    checks?: Check[];
    approvals: Settings['approvals'];
  },
  { limits }: Service,
  mistakes: Mistake[],
): Settings {
  const { drain, checks = [], approvals, onFailure, personDeadlineHours, unreachableSeconds } = input;
  const longest = longestStep(stepSeconds({ limits, drain, checks, bytes: 0 }), unreachableSeconds);
  return {
    drain,
    approvals,
    onFailure,
    failureBudget: 0,
    progressDeadlineSeconds: progressDeadline(input.progressDeadlineSeconds, longest, mistakes),
    personDeadlineHours,
    unreachableSeconds,
  };
}

/** @param longest seconds that one step may take */
export function progressDeadline(wanted: number | undefined, longest: number, mistakes: Mistake[]): number {
  const deadline = wanted ?? Math.max(PROGRESS_SECONDS, longest);
  if (deadline < longest)
    mistakes.push({
      code: 'outOfRange',
      path: 'progressDeadlineSeconds',
      value: String(deadline),
      rule: `at least ${longest}: one step may take so long (drain, limits and unreachableSeconds)`,
    });
  return deadline;
}

/** @param plan.unready how hosts are now: when another change is at work on them, they are looked at again after it */
export function planOf<I extends Intent>(plan: {
  intent: I;
  same: string;
  unready: Mistake[];
  seen: Observation[];
  notes: string[];
  stable?: Stable[];
  diffs?: Diffs;
}): Plan<I> {
  const { same, unready, seen, notes, stable, diffs } = plan;
  const intent = { ...plan.intent, steps: stepsOf(plan.intent) };
  return {
    format: 2,
    intent,
    hash: digestOf(intent),
    same,
    ...(unready.length && { unready }),
    observed: {
      at: new Date().toISOString(),
      hosts: Object.fromEntries(seen.map(({ host, facts }) => [host.name, facts])),
      ...(stable && { stable }),
    },
    notes,
    ...(diffs && { diffs }),
  };
}

/** Where no balancer sends requests, nobody takes hosts out of rotation. */
function stepsOf({ steps, hosts }: Intent): PlannedStep[] {
  const atBalancers = hosts.length === 0 || hosts.some(({ places }) => places.length > 0);
  return steps.filter(({ id }) => atBalancers || !['takeOut', 'putBack'].includes(id));
}

export function notDrained({ routes }: Service): string[] {
  const text =
    'no balancer sends it requests, so nothing is drained: whoever is connected sees each host change';
  return routes.length > 0 ? [] : [text];
}

/** What only balancers can do, asked for a service that none of them knows. */
export function needsRoutes({ routes }: Service, path: string, asked: unknown): Mistake[] {
  if (routes.length > 0 || !asked) return [];
  const rule = 'no balancer sends requests to this service: its routes in the cluster file are empty';
  return [{ code: 'noRoutes', path, value: escaped(asked), rule }];
}
