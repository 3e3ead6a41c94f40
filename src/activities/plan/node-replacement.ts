import type { Service } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { PlannedReplacement } from '../../contracts/inputs/node-replacement';
import { NodeReplacementInput } from '../../contracts/inputs/node-replacement';
import type { Plan, PlannedHost, PlannedStep, ReplacementIntent, Sums } from '../../contracts/plan';
import { outText } from '../../domain/about';
import { badInput, unknownName } from '../../domain/mistakes';
import { shortenedDrain, shortenedRamp, weakerGate } from '../../domain/shortened';
import { differentIn, sumsOf } from '../equal';
import { servingWeights } from '../ramp';
import type { World } from '../world';
import { placesOf } from '../world';
import { commonIntent, planOf, sameFor, settingsOf } from './common';
import { planEmergency } from './emergency';
import { plannedGate } from './gate';
import { parsePlanInput } from './input';
import type { Observation } from './observe';
import { again } from './observe';
import { otherVersions, plannedRamp } from './ramp';
import { FILES_FIRST, sameConfig } from './same-config';
import { openPlan } from './service-hosts';

const STEPS: PlannedStep[] = [
  {
    id: 'proveEqual',
    does: 'the new host runs the same release and unit, by checksums',
    undo: 'none needed: it only looks',
  },
  {
    id: 'startService',
    does: 'the new host is started and proven well, out of rotation',
    undo: 'stop it where it was down',
  },
  {
    id: 'setWeights',
    does: 'a low weight, judged; then more, judged; then all of it',
    undo: 'drain, then out of rotation',
  },
  {
    id: 'takeOut',
    does: 'the old host is drained on every balancer, then out',
    undo: 'back into rotation with its weights',
  },
  {
    id: 'stopService',
    does: 'the old host is stopped, and nothing is left running',
    undo: 'start the unit, prove it healthy',
  },
  {
    id: 'watchHosts',
    does: 'the new host carries what the old one did, and stays healthy',
    undo: 'none needed: it only looks',
  },
];

/** Checks the shape of an input; every mistake at once. */
export function parseNodeReplacement(raw: unknown): NodeReplacementInput {
  return parsePlanInput(NodeReplacementInput, raw);
}

/** Plans how one host takes the place of another, or how one goes out at once. Changes nothing. */
export async function planReplacement(
  input: NodeReplacementInput,
  world: World,
  signal: AbortSignal,
): Promise<Plan<ReplacementIntent>> {
  return input.mode === 'emergency' ? planEmergency(input, world, signal) : planPlanned(input, world, signal);
}

async function planPlanned(
  input: PlannedReplacement,
  world: World,
  signal: AbortSignal,
): Promise<Plan<ReplacementIntent>> {
  const choose = (all: PlannedHost[]) => pair(input, world, all);
  const look = await openPlan(world, input.service, choose, { signal, others: true });
  const { service, all, serving, marks, mistakes, others } = look;
  const [newSeen, oldSeen] = look.seen as [Observation, Observation];
  const [coming, leaving] = [newSeen.host, oldSeen.host];
  const peers = [oldSeen, ...others].filter(({ host }) => serving.includes(host.name));
  const ramp = plannedRamp(input, [newSeen], marks, mistakes);
  const proven = await equality(world, service, [coming.name, leaving.name], signal);
  const cap = 1 + others.filter(({ host }) => !serving.includes(host.name)).length;
  // one that was out of reach before, too
  const told = ({ code, path }: Mistake) =>
    [...newSeen.mistakes, ...oldSeen.mistakes].some((other) => other.code === code && other.path === path);
  const same = await sameConfig(world, input.service, [oldSeen], [newSeen], signal);
  const unready = [
    ...withTheLine(newSeen.mistakes, world, service, coming),
    ...oldSeen.mistakes,
    ...(serving.includes(leaving.name) ? [] : [notServing(leaving.name)]),
    ...otherVersions([newSeen], [oldSeen]),
    ...proven.mistakes.filter((mistake) => !told(mistake)),
    ...inAlready(newSeen),
    ...same.unready,
  ];
  const settings = settingsOf(input, service, mistakes);
  if (mistakes.length) throw badInput([...unready, ...mistakes]);
  const intent: ReplacementIntent = {
    workflow: 'nodeReplacement',
    ...commonIntent(input, world, service),
    about: `${coming.name} for ${leaving.name} (${input.reason})`,
    outFor: { reason: `replaced by ${coming.name}: ${input.reason}`, by: input.by },
    replaces: { mode: 'planned', sums: proven.sums },
    ...(same.config && { config: same.config }),
    hosts: [coming, leaving],
    maxUnavailable: cap,
    ...(service.capacity && { capacity: service.capacity }),
    steps: same.config ? [...FILES_FIRST, ...STEPS] : STEPS,
    checks: input.checks,
    gate: plannedGate(input, service),
    ramp,
    settings: { ...settings, watchSeconds: input.watchSeconds },
  };
  const notes = [
    ...Object.entries(marks).map(([name, mark]) => outText(name, mark)),
    ...(all.some(({ name }) => name === coming.name)
      ? []
      : [
          `${coming.name} has not the role ${service.role}: give it to it in the cluster file, so that later changes know it`,
        ]),
    ...same.notes,
    ...shortenedDrain(input.drain),
    ...shortenedRamp(input.ramp),
    ...weakerGate(input.gate),
  ];
  const plan = planOf({ intent, same: sameFor(input, world), unready, seen: [newSeen, oldSeen], notes });
  const weights = unready.length ? {} : await servingWeights(world, input.service, [coming.name], signal);
  return {
    ...plan,
    observed: { ...plan.observed, peers: { hosts: peers.map(({ host }) => host), weights } },
  };
}

/** The new host may be any of the cluster's; the old one serves. */
function pair(input: PlannedReplacement, { cluster }: World, all: PlannedHost[]): [PlannedHost, PlannedHost] {
  const mistakes: Mistake[] = [];
  const known = Object.keys(cluster.hosts);
  const leaving = all.find(({ name }) => name === input.old);
  if (!leaving)
    mistakes.push(
      unknownName(
        'old',
        input.old,
        all.map(({ name }) => name),
      ),
    );
  if (!known.includes(input.new)) mistakes.push(unknownName('new', input.new, known));
  if (input.new === input.old)
    mistakes.push({ code: 'twice', path: 'new', value: input.new, rule: 'each host once' });
  if (!leaving || mistakes.length) throw badInput(mistakes);
  return [{ name: input.new, places: placesOf(cluster, input.service, input.new) }, leaving];
}

/** A balancer that has no such server is told which line it needs. */
function withTheLine(
  mistakes: Mistake[],
  { cluster }: World,
  service: Service,
  host: PlannedHost,
): Mistake[] {
  const address = cluster.hosts[host.name]?.address ?? host.name;
  const lines = host.places.map(({ balancer, backend, server }) => {
    const at = cluster.balancers[balancer];
    return at?.kind === 'nginx'
      ? `"server ${address}:${service.port} weight=100 down; # ${server}" in ${at.folder}/${backend}.servers at ${balancer}`
      : `"server ${server} ${address}:${service.port} check weight 100 disabled" in backend ${backend} at ${balancer}`;
  });
  return mistakes.map((mistake) =>
    mistake.code === 'BalancerRefused'
      ? {
          ...mistake,
          code: 'noServer',
          rule: `${mistake.rule}; add ${lines.join(' and ')}, with the options of its peers, and reload`,
        }
      : mistake,
  );
}

function notServing(host: string): Mistake {
  const rule =
    'must be in rotation: one that serves nobody is taken out with nodeOffline, and the new one in with nodeOnline';
  return { code: 'notInRotation', path: `hosts.${host}`, value: host, rule };
}

function inAlready({ host, facts }: Observation): Mistake[] {
  const places = Object.entries(facts.traffic).filter(([, { state }]) => state === 'in');
  if (places.length === 0) return [];
  const rule = `serves already at ${places.map(([name]) => name).join(', ')}; take the old one out with nodeOffline`;
  return [{ code: 'inRotation', path: `hosts.${host.name}`, value: host.name, rule }];
}

async function equality(
  world: World,
  service: Service,
  [coming, leaving]: [string, string],
  signal: AbortSignal,
): Promise<{ sums: Sums; mistakes: Mistake[] }> {
  const unread: Mistake[] = [];
  const read = (name: string) =>
    again(() => sumsOf(world, service, name, signal), signal).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof PawlError)) throw error;
      const { type, message } = error;
      unread.push({ code: type, path: `hosts.${name}`, value: type, rule: message });
      return { release: '', unit: '' };
    });
  const [one, other] = await Promise.all([read(coming), read(leaving)]);
  if (unread.length) return { sums: other, mistakes: unread };
  const rule = `not the same as on ${leaving}: bring the same release and unit file to it first`;
  const mistakes = differentIn(one, other).map((what) => ({
    code: 'notEqual',
    path: `hosts.${coming}`,
    value: what,
    rule,
  }));
  return { sums: other, mistakes };
}
