import type { Mistake } from '../../contracts/failures';
import { NodeOnlineInput } from '../../contracts/inputs/node-online';
import type { OnlineIntent, Plan, PlannedStep } from '../../contracts/plan';
import { outText } from '../../domain/about';
import { badInput } from '../../domain/mistakes';
import { shortenedRamp, weakerGate } from '../../domain/shortened';
import { longestStep, stepSeconds } from '../../domain/step-limits';
import { servingWeights } from '../ramp';
import type { World } from '../world';
import { hostsOf } from '../world';
import { chooseHosts, commonIntent, planOf, progressDeadline, sameFor, serviceNamed } from './common';
import { plannedGate, uncounted } from './gate';
import { parsePlanInput } from './input';
import { mustHaveUnit } from './observe';
import { otherVersions, plannedRamp } from './ramp';
import { lookAtService } from './service-hosts';

const STEPS: PlannedStep[] = [
  { id: 'startService', does: 'start the unit where it is down', undo: 'stop it where it was down' },
  { id: 'proveHealthy', does: 'unit, port, health, version, own checks', undo: 'none needed: it only looks' },
  {
    id: 'setWeights',
    does: 'weight after weight, judged against its peers at each',
    undo: 'drain, then out of rotation',
  },
  { id: 'markHost', does: 'forget why it was out', undo: 'none needed: it comes last' },
];

/** Checks the shape of an input; every mistake at once. */
export function parseNodeOnline(raw: unknown): NodeOnlineInput {
  return parsePlanInput(NodeOnlineInput, raw);
}

/** Plans how hosts come into service. Changes nothing, tells all mistakes at once. */
export async function planOnline(
  input: NodeOnlineInput,
  world: World,
  signal: AbortSignal,
): Promise<Plan<OnlineIntent>> {
  const service = serviceNamed(world, input.service);
  const mistakes: Mistake[] = [];
  const all = hostsOf(world.cluster, input.service);
  const chosen = chooseHosts(input.hosts, all, mistakes);
  const others = all.filter(({ name }) => !chosen.some((host) => host.name === name));
  const named = { ...service, name: input.service };
  const look = await lookAtService(world, named, [...chosen, ...others], { signal, judge: mustHaveUnit });
  const { serving, marks } = look;
  const seen = look.seen.slice(0, chosen.length);
  const peers = look.seen.slice(chosen.length).filter(({ host }) => serving.includes(host.name));
  const isIn = (name: string) => serving.includes(name) && !Object.hasOwn(marks, name);
  const coming = seen.filter(({ host }) => !isIn(host.name));
  const ramp = plannedRamp(input, coming, marks, mistakes);
  const unready = [
    ...coming.flatMap((observation) => observation.mistakes),
    ...(input.otherVersion ? [] : otherVersions(coming, peers)),
  ];
  const longest = longestStep(
    stepSeconds({ limits: service.limits, drain: input.drain, checks: input.checks, bytes: 0 }),
    input.unreachableSeconds,
  );
  const deadline = progressDeadline(input.progressDeadlineSeconds, longest, mistakes);
  if (mistakes.length) throw badInput([...unready, ...mistakes]);
  const { checks, drain, approvals, onFailure, personDeadlineHours, unreachableSeconds } = input;
  const names = coming.map(({ host }) => host.name);
  const intent: OnlineIntent = {
    workflow: 'nodeOnline',
    ...commonIntent(input, world, service),
    about: `${names.join(', ') || 'nobody'} into service`,
    hosts: coming.map(({ host }) => host),
    // whoever does well enough to come in may also go out again, as long as somebody else serves
    maxUnavailable: Math.max(1, all.length - 1),
    steps: STEPS,
    checks,
    gate: plannedGate(input, service),
    ramp,
    settings: {
      drain,
      approvals,
      onFailure,
      failureBudget: 0,
      progressDeadlineSeconds: deadline,
      personDeadlineHours,
      unreachableSeconds,
    },
  };
  const notes = [
    ...Object.entries(marks).map(([name, mark]) => outText(name, mark)),
    ...seen
      .filter(({ host }) => isIn(host.name))
      .map(({ host }) => `${host.name} serves already and is left alone`),
    ...(peers.length ? [] : ['nobody else serves: there are no peers to judge by']),
    ...uncounted(world, input.gate, service),
    ...shortenedRamp(input.ramp),
    ...weakerGate(input.gate),
  ];
  const plan = planOf({ intent, same: sameFor(input, world), unready, seen: coming, notes });
  // a balancer that gives no answer is among what keeps the change from beginning
  const weights = unready.length ? {} : await servingWeights(world, input.service, names, signal);
  return {
    ...plan,
    observed: { ...plan.observed, peers: { hosts: peers.map(({ host }) => host), weights } },
  };
}
