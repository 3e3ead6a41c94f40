import { within } from '../../adapters/deadline';
import type { Service } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import { actOfRun } from '../../contracts/health-watch';
import { EmergencyRollbackInput } from '../../contracts/inputs/emergency-rollback';
import type { OutOfService } from '../../contracts/out-of-service';
import type { Intent, Plan, PlannedHost, PlannedStep, RollbackIntent } from '../../contracts/plan';
import type { Stable } from '../../contracts/stable';
import { leastServing } from '../../domain/batches';
import { outText } from '../../domain/about';
import { badInput } from '../../domain/mistakes';
import { lastStable, mostOften, provenHours } from '../../domain/stable';
import { longestStep, stepSeconds } from '../../domain/step-limits';
import { marksOf } from '../out-of-service';
import { stableOf } from '../stable';
import type { World } from '../world';
import { hostsOf } from '../world';
import { commonIntent, planOf, sameFor, serviceNamed } from './common';
import { atBalancers } from './emergency';
import { parsePlanInput } from './input';
import type { Observation } from './observe';
import { asItIs, observeHost } from './observe';

const STEPS: PlannedStep[] = [
  {
    id: 'takeOut',
    does: 'out of rotation on every balancer; requests are waited for no longer than the drain says',
    undo: 'none: a host that does not get through stays out',
  },
  { id: 'switchRelease', does: 'stop, switch to the release of before, start', undo: 'none' },
  { id: 'proveHealthy', does: 'unit, port, health, version', undo: 'none needed: it only looks' },
  { id: 'putBack', does: 'back into rotation with its whole weight', undo: 'none' },
];
/** Milliseconds in which a host says how it is; one that does not is kept out, and the others go back. */
const QUICK = 5_000;

export function parseEmergencyRollback(raw: unknown): EmergencyRollbackInput {
  return parsePlanInput(EmergencyRollbackInput, raw);
}

/** Where a change goes, and what it closes meanwhile. */
export type Aim = Pick<Intent, 'version' | 'closures' | 'page'>;

/** What else there is to know than the world and what somebody asks for. */
interface Known {
  /** of the plan before this one: what gave way to it changes nothing of that */
  before: Aim | undefined;
  /** of the upgrade that has the service: it is what the service is to be rid of, and its page too */
  atWork: Aim | undefined;
}

/**
 * Plans how a service goes back at once, whatever is at work on it. Hosts that give no answer are no obstacle.
 *
 * @param known.atWork is asked for while hosts are looked at
 */
export async function planRollback(
  input: EmergencyRollbackInput,
  world: World,
  known: { before: Aim | undefined; atWork: Promise<Aim | undefined> | undefined },
  signal: AbortSignal,
): Promise<Plan<RollbackIntent>> {
  const service = serviceNamed(world, input.service);
  const all = hostsOf(world.cluster, input.service);
  const { before } = known;
  const [looked, stable, marks, atWork] = await Promise.all([
    Promise.all(all.map((host) => lookQuickly(world, service, host, signal))),
    stableOf(world, input.service, signal),
    marksOf(world, input.service, signal),
    known.atWork,
  ]);
  const silent = looked.flatMap((one) => one.mistakes);
  // nobody can be proven out where a balancer does not answer; whoever is at work is left in peace then
  if (silent.length > 0) throw badInput(silent);
  const parts = partsOf(looked, marks, input.service);
  const running = parts.ours.map(({ facts }) => facts.version).filter(Boolean);
  const version = targetOf(input, stable, running, { before, atWork });
  const way = whoGoesBack(parts, version);
  const { seen, joining, leftOut } = way;
  if (seen.every(({ facts }) => facts.unfit)) throw badInput([nobodyCan(seen, version)]);
  for (const { host, facts } of seen) if (marks[host.name]) facts.out = marks[host.name];
  const notes = [
    ...(input.version ? [] : [`${version} is the last release that has proven itself`]),
    ...leftOut.map(({ host }) => `${outText(host.name, marks[host.name]!)}; it is left so`),
    ...joining.map(({ host }) => `${host.name} of the idle set comes in: not all others can go back`),
    ...seen.flatMap(({ host, facts }) =>
      facts.unfit ? [`${host.name} is kept out of rotation: ${facts.unfit}`] : [],
    ),
  ];
  const { closures, page } = before ?? atWork ?? {};
  const intent = intentOf(input, world, service, { version, closures, page, ...way });
  return planOf({ intent, same: sameFor(input, world, { version }), unready: [], seen, notes, stable });
}

function intentOf(
  input: EmergencyRollbackInput,
  world: World,
  service: Service,
  { version, closures, page, seen, leftOut }: Way & Aim & { version: string },
): RollbackIntent {
  const all = seen.length + leftOut.length;
  const least = leastServing(input.minServing, seen.length);
  if (least >= seen.length) throw badInput([nobodyMayLeave(input, seen.length)]);
  const { limits } = service;
  const { drain, unreachableSeconds, personDeadlineHours, reason, by } = input;
  const longest = longestStep(stepSeconds({ limits, drain, checks: [], bytes: 0 }), unreachableSeconds);
  return {
    workflow: 'emergencyRollback',
    ...commonIntent(input, world, service),
    version,
    about: `back to ${version} at once (${reason})`,
    outFor: { reason, by },
    rank: 'emergency',
    // those that need nothing too: whoever is at work on any of them is to stop
    hosts: seen.map(({ host }) => host),
    // whoever is left out counts as out
    maxUnavailable: all - least,
    atOnce: seen.length - least,
    ...(service.testers && { testers: true as const }),
    // of whoever gives way: it is taken away at the end
    ...(closures && { closures, page }),
    hostSeconds: drain.deadlineSeconds + limits.switchSeconds + 2 * limits.healthySeconds,
    ...(input.obeyCapacity && service.capacity && { capacity: service.capacity }),
    steps: STEPS,
    settings: {
      drain,
      approvals: [],
      onFailure: 'freeze',
      failureBudget: 0,
      progressDeadlineSeconds: 2 * longest,
      personDeadlineHours,
      unreachableSeconds,
    },
  };
}

const serves = (traffic: Observation['facts']['traffic']) =>
  Object.values(traffic).every(({ state }) => state === 'in');

/** Hosts of a service: out on purpose, in the idle set of the last blue/green, and those that are to run the release. */
type Parts = Record<'away' | 'idle' | 'ours', Observation[]>;

/** Who was ejected is out because of what it runs. */
function partsOf(looked: Observation[], marks: Record<string, OutOfService>, service: string): Parts {
  const parts: Parts = { away: [], idle: [], ours: [] };
  for (const one of looked) {
    const { name } = one.host;
    const mark = marks[name];
    if (!mark || serves(one.facts.traffic) || actOfRun(service, name, mark.change) === 'eject')
      parts.ours.push(one);
    else parts[mark.standby ? 'idle' : 'away'].push(one);
  }
  return parts;
}

/** The release that was named, or the last that has proven itself. */
function targetOf(
  input: EmergencyRollbackInput,
  stable: Stable[],
  running: string[],
  { before, atWork }: Known,
): string {
  const there = [...running, atWork?.version ?? ''];
  const { version = before?.version ?? lastStable(stable, there), withinHours } = input;
  const proven = provenHours(stable, mostOften(running), Date.now());
  if (withinHours !== undefined && proven > withinHours)
    throw badInput([tooOld(withinHours, mostOften(running), proven)]);
  if (!version) throw badInput([noTarget(stable, running)]);
  return version;
}

interface Way {
  /** hosts of the plan, in order */
  seen: Observation[];
  /** those of them that stood by */
  joining: Observation[];
  leftOut: Observation[];
}

/** Who cannot go back leaves all the same. Whoever stands by with the release serves in its place. */
function whoGoesBack({ away, idle, ours }: Parts, version: string): Way {
  for (const one of [...ours, ...idle]) one.facts.unfit ??= lacking(one, version);
  const joining = ours.some(({ facts }) => facts.unfit) ? idle.filter(({ facts }) => !facts.unfit) : [];
  const leftOut = [...away, ...idle.filter((one) => !joining.includes(one))];
  return { seen: inOrder([...joining, ...ours], version), joining, leftOut };
}

/** Who has the release and only has to come in makes room for those who leave; then whoever serves a bad one. */
function inOrder(seen: Observation[], version: string): Observation[] {
  const turn = ({ facts }: Observation) =>
    serves(facts.traffic) ? 1 : facts.version === version && !facts.unfit ? 0 : 2;
  return [...seen].sort((one, other) => turn(one) - turn(other));
}

/** What balancers say of a host must be known; what the host says of itself may be lacking. */
async function lookQuickly(
  world: World,
  service: Service,
  host: PlannedHost,
  signal: AbortSignal,
): Promise<Observation> {
  const [there, machine] = await Promise.all([
    atBalancers(world, host, signal),
    within(QUICK, signal, (deadline) =>
      observeHost(world, service, host, deadline.signal, asItIs).catch((error: unknown) => {
        if (signal.aborted || !(deadline.passed || error instanceof PawlError)) throw error;
        return null;
      }),
    ),
  ]);
  const lost = machine?.mistakes.find(
    ({ path, code }) => path === `hosts.${host.name}` && code !== 'BalancerUnavailable',
  );
  if (machine?.facts.version && !lost)
    return {
      ...machine,
      facts: { ...machine.facts, traffic: there.facts.traffic },
      mistakes: there.mistakes,
    };
  const unfit = lost?.rule ?? `it gives no answer in ${QUICK / 1_000} s`;
  return { ...there, facts: { ...there.facts, unfit } };
}

function lacking({ facts, kept }: Observation, version: string): string | undefined {
  if (facts.version === version || kept.includes(version)) return undefined;
  return `it has no release ${version} any more`;
}

function noTarget(stable: Stable[], running: string[]): Mistake {
  const known = stable.map(({ version }) => version).join(', ') || 'none';
  const rule = `no release is known to go back to: proven are ${known}, hosts run ${[...new Set(running)].join(', ')}; name one`;
  return { code: 'noStable', path: 'version', value: '', rule };
}

function tooOld(hours: number, version = '', proven: number): Mistake {
  const age = Number.isFinite(proven) ? `for ${Math.floor(proven)} hours` : 'since before the first change';
  const rule = `${version} has proven itself ${age}, so it is not what broke the service; without this field it goes back all the same`;
  return { code: 'tooOld', path: 'withinHours', value: String(hours), rule };
}

function nobodyMayLeave({ minServing }: EmergencyRollbackInput, hosts: number): Mistake {
  const rule = `all ${hosts} hosts would have to go on serving, so none could go back`;
  return { code: 'nobodyMayLeave', path: 'minServing', value: String(minServing), rule };
}

function nobodyCan(seen: Observation[], version: string): Mistake {
  const why = seen.map(({ host, facts }) => `${host.name}: ${facts.unfit}`).join('; ');
  return { code: 'nobodyCan', path: 'version', value: version, rule: `no host can go back to it: ${why}` };
}
