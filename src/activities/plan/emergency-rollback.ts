import { within } from '../../adapters/deadline';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import { actOfRun } from '../../contracts/health-watch';
import { EmergencyRollbackInput } from '../../contracts/inputs/emergency-rollback';
import type { OutOfService } from '../../contracts/out-of-service';
import type { Intent, Plan, PlannedHost, PlannedStep, RollbackIntent } from '../../contracts/plan';
import type { Release, Stable } from '../../contracts/stable';
import { leastServing } from '../../domain/batches';
import { outText } from '../../domain/about';
import { badInput } from '../../domain/mistakes';
import { lastStable, mostOften, provenHours, releaseText } from '../../domain/stable';
import { longestStep, stepSeconds } from '../../domain/step-limits';
import { marksOf } from '../out-of-service';
import { stableOf } from '../stable';
import type { World } from '../world';
import { hostsOf } from '../world';
import type { NamedService } from './common';
import { commonIntent, planOf, sameFor, serviceNamed } from './common';
import { atBalancers } from './emergency';
import { parsePlanInput } from './input';
import type { Observation } from './observe';
import { asItIs, observeHost, runs } from './observe';

const STEPS: PlannedStep[] = [
  {
    id: 'takeOut',
    does: 'out of rotation on every balancer; requests are waited for no longer than the drain says',
    undo: 'none: a host that does not get through stays out',
  },
  {
    id: 'switchRelease',
    does: 'stop, switch to the release of before and the configuration that it was proven with, start',
    undo: 'none',
  },
  { id: 'proveHealthy', does: 'unit, port, health, version', undo: 'none needed: it only looks' },
  { id: 'putBack', does: 'back into rotation with its whole weight', undo: 'none' },
];
/** Milliseconds in which a host says how it is; one that does not is kept out, and the others go back. */
const QUICK = 5_000;

export function parseEmergencyRollback(raw: unknown): EmergencyRollbackInput {
  return parsePlanInput(EmergencyRollbackInput, raw);
}

/** Where a change goes, and what it closes meanwhile. */
export type Aim = Pick<Intent, 'version' | 'config' | 'closures' | 'page'>;

/** What else there is to know than the world and what somebody asks for. */
interface Known {
  /** of the plan before this one: what gave way to it changes nothing of that */
  before: Aim | undefined;
  /** of the change that has the service: it is what the service is to be rid of, and its page too */
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
  const target = targetOf(input, stable, parts.ours, { before, atWork });
  const { version, config: label } = target;
  const way = whoGoesBack(parts, target);
  const { seen, joining, leftOut } = way;
  if (seen.every(({ facts }) => facts.unfit)) throw badInput([nobodyCan(seen, target)]);
  for (const { host, facts } of seen) if (marks[host.name]) facts.out = marks[host.name];
  const notes = [
    ...(input.version ? [] : [`${releaseText(target)} is the last release that has proven itself`]),
    ...(label === undefined && seen.some(({ facts }) => facts.config)
      ? [`configuration stays as it is: nobody knows with which one ${version} was proven`]
      : []),
    ...leftOut.map(({ host }) => `${outText(host.name, marks[host.name]!)}; it is left so`),
    ...joining.map(({ host }) => `${host.name} of the idle set comes in: not all others can go back`),
    ...seen.flatMap(({ host, facts }) =>
      facts.unfit ? [`${host.name} is kept out of rotation: ${facts.unfit}`] : [],
    ),
  ];
  const { closures, page } = before ?? atWork ?? {};
  const config = label === undefined ? undefined : { set: input.service, revision: label };
  const intent = intentOf(input, world, service, { version, config, closures, page, ...way });
  return planOf({ intent, same: sameFor(input, world, { ...target }), unready: [], seen, notes, stable });
}

function intentOf(
  input: EmergencyRollbackInput,
  world: World,
  service: NamedService,
  { version, config, closures, page, seen, leftOut }: Way & Aim & { version: string },
): RollbackIntent {
  const all = seen.length + leftOut.length;
  const asked = leastServing(input.minServing, seen.length);
  // where no balancer sends requests, nobody can be spared them: the last host goes back all the same
  const least = service.routes.length > 0 ? asked : Math.min(asked, seen.length - 1);
  if (least >= seen.length) throw badInput([nobodyMayLeave(input, seen.length)]);
  const { limits } = service;
  const { drain, unreachableSeconds, personDeadlineHours, reason, by } = input;
  const longest = longestStep(stepSeconds({ limits, drain, checks: [], bytes: 0 }), unreachableSeconds);
  return {
    workflow: 'emergencyRollback',
    ...commonIntent(input, world, service),
    version,
    ...(config && { config }),
    about: `back to ${releaseText({ version, config: config?.revision })} at once (${reason})`,
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
  ours: Observation[],
  { before, atWork }: Known,
): Release {
  const running = ours.map(({ facts }) => facts.version).filter(Boolean);
  const { withinHours } = input;
  const most = mostOften(running);
  const proven = provenHours(provenBy(stable, ours, most), Date.now());
  if (withinHours !== undefined && proven > withinHours) throw badInput([tooOld(withinHours, most, proven)]);
  const known = (one: Release) =>
    ours.every((host) => !host.facts.version || runs(host, one)) && !(atWork && bringsAnother(atWork, one));
  const found = named(input, stable, most) ?? aimed(before) ?? lastStable(stable, known);
  if (!found) throw badInput([noTarget(stable, running)]);
  const { version, config } = found;
  return config === undefined ? { version } : { version, config };
}

/** What was asked for, and the rest as it was proven. */
function named(
  { version, config }: EmergencyRollbackInput,
  stable: Stable[],
  running: string | undefined,
): Release | undefined {
  if (version === undefined && config === undefined) return undefined;
  const proven = stable.find(
    (one) =>
      (version === undefined || one.version === version) && (config === undefined || one.config === config),
  );
  if (proven) return proven;
  const there = version ?? running;
  return there === undefined ? undefined : { version: there, ...(config !== undefined && { config }) };
}

const aimed = (before: Aim | undefined): Release | undefined =>
  before?.version === undefined ? undefined : { version: before.version, config: before.config?.revision };

const bringsAnother = ({ version, config }: Aim, one: Release) =>
  (version !== undefined && version !== one.version) ||
  (config !== undefined && config.revision !== one.config);

/** What most hosts run, if it has proven itself. */
function provenBy(stable: Stable[], ours: Observation[], version: string | undefined): Stable | undefined {
  const theirs = ours.filter(({ facts }) => facts.version === version);
  return stable.find(
    (one) => one.version === version && 2 * theirs.filter((host) => runs(host, one)).length >= theirs.length,
  );
}

interface Way {
  /** hosts of the plan, in order */
  seen: Observation[];
  /** those of them that stood by */
  joining: Observation[];
  leftOut: Observation[];
}

/** Who cannot go back leaves all the same. Whoever stands by with the release serves in its place. */
function whoGoesBack({ away, idle, ours }: Parts, target: Release): Way {
  for (const one of [...ours, ...idle]) {
    one.facts.unfit ??= lacking(one, target);
    // by whatever label it has got the same files
    if (target.config !== undefined && runs(one, target)) one.facts.config = target.config;
  }
  const joining = ours.some(({ facts }) => facts.unfit) ? idle.filter(({ facts }) => !facts.unfit) : [];
  const leftOut = [...away, ...idle.filter((one) => !joining.includes(one))];
  return { seen: inOrder([...joining, ...ours], target), joining, leftOut };
}

/** Who has the release and only has to come in makes room for those who leave; then whoever serves a bad one. */
function inOrder(seen: Observation[], target: Release): Observation[] {
  const turn = (one: Observation) =>
    serves(one.facts.traffic) ? 1 : runs(one, target) && !one.facts.unfit ? 0 : 2;
  return [...seen].sort((one, other) => turn(one) - turn(other));
}

/** What balancers say of a host must be known; what the host says of itself may be lacking. */
async function lookQuickly(
  world: World,
  service: NamedService,
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

function lacking({ facts, kept, configs }: Observation, { version, config }: Release): string | undefined {
  if (facts.version !== version && !kept.includes(version)) return `it has no release ${version} any more`;
  const has = config === undefined || facts.config === config || Object.hasOwn(configs, config);
  return has ? undefined : `it has no configuration ${config} any more`;
}

function noTarget(stable: Stable[], running: string[]): Mistake {
  const known = stable.map(releaseText).join(', ') || 'none';
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

function nobodyCan(seen: Observation[], target: Release): Mistake {
  const why = seen.map(({ host, facts }) => `${host.name}: ${facts.unfit}`).join('; ');
  return {
    code: 'nobodyCan',
    path: 'version',
    value: releaseText(target),
    rule: `no host can go back to it: ${why}`,
  };
}
