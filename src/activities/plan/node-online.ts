import type { Mistake } from '../../contracts/failures';
import { NodeOnlineInput } from '../../contracts/inputs/node-online';
import type { OnlineIntent, Plan, PlannedHost, PlannedStep } from '../../contracts/plan';
import { outText } from '../../domain/about';
import { badInput } from '../../domain/mistakes';
import { shortenedRamp, weakerGate } from '../../domain/shortened';
import { servingWeights } from '../ramp';
import type { World } from '../world';
import { chooseHosts, commonIntent, planOf, sameFor, settingsOf } from './common';
import { plannedGate, uncounted } from './gate';
import { parsePlanInput } from './input';
import { otherVersions, plannedRamp } from './ramp';
import { FILES_FIRST, sameConfig } from './same-config';
import { openPlan } from './service-hosts';

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
  const choose = (all: PlannedHost[], mistakes: Mistake[]) => chooseHosts(input.hosts, all, mistakes);
  const look = await openPlan(world, input.service, choose, { signal, others: true });
  const { service, all, seen, serving, marks, mistakes } = look;
  const peers = look.others.filter(({ host }) => serving.includes(host.name));
  const isIn = (name: string) => serving.includes(name) && !Object.hasOwn(marks, name);
  const coming = seen.filter(({ host }) => !isIn(host.name));
  const ramp = plannedRamp(input, coming, marks, mistakes);
  const same = await sameConfig(world, input.service, peers, coming, signal);
  const unready = [
    ...coming.flatMap((observation) => observation.mistakes),
    ...(input.otherVersion ? [] : otherVersions(coming, peers)),
    ...same.unready,
  ];
  const settings = settingsOf(input, service, mistakes);
  if (mistakes.length) throw badInput([...unready, ...mistakes]);
  const names = coming.map(({ host }) => host.name);
  const intent: OnlineIntent = {
    workflow: 'nodeOnline',
    ...commonIntent(input, world, service),
    about: `${names.join(', ') || 'nobody'} into service`,
    ...(same.config && { config: same.config }),
    // whoever is judged by its peers has them to itself
    ...(input.gate.enabled ? {} : { claims: 'hosts' as const }),
    hosts: coming.map(({ host }) => host),
    // whoever does well enough to come in may also go out again, as long as somebody else serves
    maxUnavailable: Math.max(1, all.length - 1),
    steps: same.config ? [...FILES_FIRST, ...STEPS] : STEPS,
    checks: input.checks,
    gate: plannedGate(input, service),
    ramp,
    settings,
  };
  const notes = [
    ...Object.entries(marks).map(([name, mark]) => outText(name, mark)),
    ...seen
      .filter(({ host }) => isIn(host.name))
      .map(({ host }) => `${host.name} serves already and is left alone`),
    ...(peers.length ? [] : ['nobody else serves: there are no peers to judge by']),
    ...same.notes,
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
