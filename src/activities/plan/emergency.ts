import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { EmergencyReplacement } from '../../contracts/inputs/node-replacement';
import type { Plan, PlannedHost, PlannedStep, ReplacementIntent } from '../../contracts/plan';
import { leastServing } from '../../domain/batches';
import { badInput } from '../../domain/mistakes';
import type { World } from '../world';
import { hostsOf, trafficOf } from '../world';
import { chooseHosts, commonIntent, planOf, sameFor, serviceNamed } from './common';
import type { Observation } from './observe';
import { again } from './observe';
import { lookAtService } from './service-hosts';

const STEPS: PlannedStep[] = [
  {
    id: 'takeOut',
    does: 'out of rotation on every balancer at once; nothing is done on the host',
    undo: 'back into rotation with its weights',
  },
];
/** Seconds; nothing is waited for, so this is for a worker that is lost. */
const PROGRESS_SECONDS = 600;

/** Plans how a host that does harm goes out at once. It may be dead: only balancers are asked. */
export async function planEmergency(
  input: EmergencyReplacement,
  world: World,
  signal: AbortSignal,
): Promise<Plan<ReplacementIntent>> {
  const service = serviceNamed(world, input.service);
  const mistakes: Mistake[] = [];
  const all = hostsOf(world.cluster, input.service);
  const chosen = chooseHosts([input.host], all, mistakes);
  if (mistakes.length) throw badInput(mistakes.map((mistake) => ({ ...mistake, path: 'host' })));
  const [{ serving }, seen] = await Promise.all([
    lookAtService(world, service, [], { signal, judge: () => undefined }),
    Promise.all(chosen.map((host) => atBalancers(world, host, signal))),
  ]);
  const least = leastServing(input.minServing, all.length);
  const stay = serving.filter((name) => name !== input.host);
  const unready = [
    ...seen.flatMap((one) => one.mistakes),
    ...(stay.length < least ? [tooFew(input, stay, least)] : []),
  ];
  const intent: ReplacementIntent = {
    workflow: 'nodeReplacement',
    ...commonIntent(input, world, service),
    about: `${input.host} out at once (${input.reason})`,
    outFor: { reason: input.reason, by: input.by },
    replaces: { mode: 'emergency' },
    rank: 'emergency',
    claims: 'hosts',
    actsAt: 'balancers',
    hosts: seen.map(({ host }) => host),
    maxUnavailable: Math.max(1, all.length - least),
    steps: STEPS,
    settings: {
      drain: { deadlineSeconds: 0, onDeadline: 'force' },
      approvals: [],
      onFailure: 'freeze',
      failureBudget: 0,
      progressDeadlineSeconds: PROGRESS_SECONDS + input.unreachableSeconds,
      personDeadlineHours: input.personDeadlineHours,
      unreachableSeconds: input.unreachableSeconds,
    },
  };
  const notes = ['requests that the host has are not waited for: they end with it'];
  return planOf({ intent, same: sameFor(input, world), unready, seen, notes });
}

/** The host itself is not asked: a dead one would take half a minute to give no answer. */
export async function atBalancers(
  world: World,
  host: PlannedHost,
  signal: AbortSignal,
): Promise<Observation> {
  const facts = { version: '', traffic: {}, freeMiB: 0 };
  try {
    const traffic = Object.entries(await again(() => trafficOf(world, host, signal), signal)).map(
      ([name, { state, weight, sessions }]) => [name, { state, weight, sessions }] as const,
    );
    return {
      host,
      facts: { ...facts, traffic: Object.fromEntries(traffic) },
      kept: [],
      configs: {},
      mistakes: [],
    };
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    const mistake = { code: error.type, path: `hosts.${host.name}`, value: error.type, rule: error.message };
    return { host, facts, kept: [], configs: {}, mistakes: [mistake] };
  }
}

function tooFew({ minServing, host }: EmergencyReplacement, stay: string[], least: number): Mistake {
  const left = stay.join(', ') || 'nobody';
  const rule = `without ${host} there serve ${stay.length} (${left}), and at least ${least} must; bring another one in first, or say less`;
  return { code: 'tooFewServing', path: 'minServing', value: String(minServing), rule };
}
