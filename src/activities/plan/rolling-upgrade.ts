import type { Cluster, Service } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { Artifact } from '../../contracts/inputs/rolling-upgrade';
import { RollingUpgradeInput } from '../../contracts/inputs/rolling-upgrade';
import type {
  Plan,
  PlannedArtifact,
  PlannedBatch,
  PlannedRunOnce,
  PlannedStep,
  UpgradeIntent,
} from '../../contracts/plan';
import type { ArtifactStore } from '../../adapters/artifacts';
import { refusal } from '../../adapters/artifacts/inspect';
import { failureBudget, planBatches, unavailableCap } from '../../domain/batches';
import { outText } from '../../domain/about';
import { badInput, escaped } from '../../domain/mistakes';
import { planRunOnce } from '../../domain/run-once';
import { shortened } from '../../domain/shortened';
import type { Shares } from '../../domain/shares';
import { withShares } from '../../domain/shares';
import { STRATEGIES } from '../../domain/strategies';
import type { Closures } from './closures';
import { planClosures } from './closures';
import { chooseHosts, commonIntent, planOf, progressDeadline, sameFor, serviceNamed } from './common';
import { plannedGate, uncounted } from './gate';
import { parsePlanInput } from './input';
import { loadNotes } from './load';
import { longestStep, stepSeconds } from '../../domain/step-limits';
import { servingWeights } from '../ramp';
import { stableOf } from '../stable';
import { testerMistakes } from '../testers';
import type { World } from '../world';
import { hostsOf } from '../world';
import type { Observation } from './observe';
import { observeHost, sayWhyOut } from './observe';
import { marksOf } from '../out-of-service';
import { answers } from '../probe';

/** What happens to each host, and how it is undone. */
const STEPS: PlannedStep[] = [
  {
    id: 'stage',
    does: 'bring the release to the host, checked, beside the running one',
    undo: 'none needed: nothing runs from it',
  },
  {
    id: 'takeOut',
    does: 'drain on every balancer, then out of rotation',
    undo: 'back into rotation with its weights',
  },
  {
    id: 'switchRelease',
    does: 'stop, switch, start',
    undo: 'out, switch to the previous release, start, prove healthy',
  },
  { id: 'proveHealthy', does: 'unit, port, health, version, own checks', undo: 'none needed: it only looks' },
  {
    id: 'putBack',
    does: 'back into rotation, exactly up on every balancer',
    undo: 'drain, then out of rotation',
  },
];

/** Checks the shape of an input; every mistake at once. */
export function parseRollingUpgrade(raw: unknown): RollingUpgradeInput {
  return parsePlanInput(RollingUpgradeInput, raw);
}

/** Turns an input into a plan. Reads hosts and balancers, changes nothing, tells all mistakes at once. */
export async function planUpgrade(
  input: RollingUpgradeInput,
  world: World,
  artifacts: ArtifactStore,
  signal: AbortSignal,
): Promise<Plan<UpgradeIntent>> {
  const { cluster } = world;
  const service = serviceNamed(world, input.service);
  const mistakes: Mistake[] = [];
  const all = hostsOf(cluster, input.service);
  const chosen = input.hosts ? chooseHosts(input.hosts, all, mistakes) : all;
  const describe = (path: string, artifact: Artifact) =>
    describeArtifact(path, artifact, service, cluster, artifacts, signal, mistakes);
  const [seen, artifact, previousArtifact, marks, stable] = await Promise.all([
    Promise.all(chosen.map((host) => observeHost(world, service, host, signal))),
    describe('artifact', input.artifact),
    input.previousArtifact ? describe('previousArtifact', input.previousArtifact) : null,
    marksOf(world, input.service, signal),
    stableOf(world, input.service, signal),
  ]);
  // how hosts are now: if another change is at work on them, they are looked at again when it has ended
  const unready = [
    ...seen.flatMap(({ host, mistakes }) => sayWhyOut(mistakes, marks[host.name], host.name)),
    ...noWayBack(service, input, seen),
  ];

  const carrying = seen.filter(({ facts }) => facts.version === input.version);
  const toChange = seen.filter(({ facts }) => facts.version !== input.version);
  const order = [...carrying, ...toChange].map(({ host }) => host.name);
  const wanted = { ...STRATEGIES[input.strategy], ...given(input) };
  const { batches, ...planned } = planBatches(wanted.batches, order, carrying.length);
  const cap = unavailableCap(wanted.maxUnavailable, all.length);
  const closed = await closing(input, batches.length, world, signal, mistakes);
  if (cap >= all.length && input.consent === undefined && !closed)
    planned.mistakes.push({
      code: 'nobodyServing',
      path: 'maxUnavailable',
      value: String(wanted.maxUnavailable),
      rule: `would take ${cap} of ${all.length} hosts out at once and leave nobody serving; close the service meanwhile ("maintenance"), or say who agrees ("consent")`,
    });
  const once = planRunOnce(
    input.runOnce,
    toChange.map(({ host }) => host.name),
    Object.keys(cluster.hosts),
  );
  mistakes.push(...planned.mistakes, ...once.mistakes, ...(await lost(world, once.steps, seen, signal)));
  const may = { testers: input.testers, out: cap };
  const shared = await sharesOf(batches, toChange, world, input.service, may, signal);
  mistakes.push(...shared.mistakes);
  if (input.testers) mistakes.push(...(await testerMistakes(world, input.service, signal)));
  const limits = limitsOf(input, service, toChange.length, [artifact, previousArtifact], mistakes);
  if (mistakes.length || !artifact) throw badInput([...unready, ...mistakes]);

  const intent = intentOf(input, world, service, toChange, shared.batches, cap, {
    artifact,
    previousArtifact,
    runOnce: once.steps,
    limits,
    ...(closed && {
      closures: closed.closures,
      page: closed.page,
      closedMinutes: input.maintenance!.minutes,
    }),
    ...(input.consent !== undefined && { consent: input.consent }),
    // where nobody serves, nobody can carry anything
    ...(service.capacity && cap < all.length && { capacity: service.capacity }),
  });
  const notes = [
    ...planned.notes,
    ...shared.notes,
    ...(closed?.notes ?? []),
    ...(cap >= all.length ? [outage(input, all.length)] : []),
    ...once.notes,
    ...carrying.map(({ host }) => `${host.name} runs ${input.version} already and is left alone`),
    ...(batches.length === 1 && input.approvals.includes('afterFirstBatch')
      ? ['there is one batch only, so nobody is asked after the first']
      : []),
    ...Object.entries(marks).map(([name, mark]) => outText(name, mark)),
    ...uncounted(world, input.gate, service),
    ...(intent.capacity ? await loadNotes(world, input.service, signal) : []),
    ...shortened(RollingUpgradeInput, input),
  ];
  const bytes = { artifact: artifact.sha256, previousArtifact: previousArtifact?.sha256 };
  return planOf({ intent, same: sameFor(input, world, bytes), unready, seen, notes, stable });
}

function given({ batches, maxUnavailable }: RollingUpgradeInput) {
  return { ...(batches && { batches }), ...(maxUnavailable !== undefined && { maxUnavailable }) };
}

/** Nobody sends requests to a closed service, so nothing could be judged between two batches. */
async function closing(
  { service, maintenance }: RollingUpgradeInput,
  batches: number,
  world: World,
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<Closures | undefined> {
  if (!maintenance) return undefined;
  if (batches > 1)
    mistakes.push({
      code: 'severalBatches',
      path: 'maintenance',
      value: `${batches} batches`,
      rule: 'a closed service gets no requests to judge by between batches: change all hosts in one',
    });
  const from = Date.now();
  const window = { from, to: from + maintenance.minutes * 60_000 };
  return planClosures(maintenance, [service], window, world, signal, mistakes);
}

function outage({ consent, maintenance }: RollingUpgradeInput, hosts: number): string {
  const who = maintenance ? 'users get a page' : `requests are lost; agreed: ${consent}`;
  return `all ${hosts} hosts may be out at once, and nobody serves then: ${who}`;
}

/** Balancers are asked only where a batch has a share. */
async function sharesOf(
  batches: PlannedBatch[],
  toChange: Observation[],
  world: World,
  service: string,
  may: { testers: boolean; out: number },
  signal: AbortSignal,
): Promise<Shares> {
  if (batches.every(({ share }) => share === undefined)) return { batches, mistakes: [], notes: [] };
  const serving = Object.values(await servingWeights(world, service, [], signal));
  const weights = toChange.map(({ host, facts: { traffic } }) => [
    host.name,
    Object.fromEntries(Object.entries(traffic).map(([balancer, { weight }]) => [balancer, weight])),
  ]);
  return withShares(
    batches,
    Object.fromEntries(weights) as Record<string, Record<string, number>>,
    serving.reduce((sum, weight) => sum + weight, 0),
    may,
  );
}

async function describeArtifact(
  path: string,
  artifact: Artifact,
  service: Service,
  cluster: Cluster,
  artifacts: ArtifactStore,
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<PlannedArtifact | null> {
  const value = 'file' in artifact ? artifact.file : artifact.url;
  try {
    const planned = await artifacts.describe(artifact, cluster.artifacts.allowedUrls, signal);
    const why =
      service.release.kind === 'tarball' ? await refusal(await artifacts.fetch(planned, signal)) : null;
    if (why) throw new PawlError('ArtifactRefused', why);
    return planned;
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    mistakes.push({ code: error.type, path, value: escaped(value), rule: error.message });
    return null;
  }
}

/** Steps that are done once may run elsewhere than on the hosts of the change. */
async function lost(
  world: World,
  steps: PlannedRunOnce[],
  seen: Observation[],
  signal: AbortSignal,
): Promise<Mistake[]> {
  const known = [...Object.keys(world.cluster.hosts)];
  const others = steps.filter(
    ({ host }) => known.includes(host) && !seen.some((observation) => observation.host.name === host),
  );
  const found = await Promise.all(
    others.map(({ name, host }) =>
      answers(world.hosts.on(host), signal).then(
        () => [],
        (error: unknown): Mistake[] => {
          if (!(error instanceof PawlError)) throw error;
          return [{ code: error.type, path: `runOnce.${name}`, value: host, rule: error.message }];
        },
      ),
    ),
  );
  return found.flat();
}

/** How many hosts may fail, and for how long nothing may move. */
function limitsOf(
  input: RollingUpgradeInput,
  service: Service,
  hosts: number,
  artifacts: (PlannedArtifact | null)[],
  mistakes: Mistake[],
): Pick<UpgradeIntent['settings'], 'failureBudget' | 'progressDeadlineSeconds'> {
  const budget = failureBudget(input.failureBudget, hosts);
  if (budget > 0 && budget >= hosts)
    mistakes.push({
      code: 'outOfRange',
      path: 'failureBudget',
      value: String(input.failureBudget),
      rule: `would let all ${hosts} hosts fail`,
    });
  const bytes = artifacts.reduce((sum, artifact) => sum + (artifact?.size ?? 0), 0);
  const { limits } = service;
  const longest = longestStep(
    stepSeconds({ limits, drain: input.drain, checks: input.checks, bytes, prepare: input.prepare }),
    input.unreachableSeconds,
  );
  const deadline = progressDeadline(input.progressDeadlineSeconds, longest, mistakes);
  return { failureBudget: budget, progressDeadlineSeconds: deadline };
}

/** A package can be undone only when the one before is at hand. */
function noWayBack(service: Service, input: RollingUpgradeInput, seen: Observation[]): Mistake[] {
  if (service.release.kind !== 'deb' || input.previousArtifact) return [];
  return seen
    .filter(
      ({ facts, kept }) => facts.version && facts.version !== input.version && !kept.includes(facts.version),
    )
    .map(({ host, facts }) => ({
      code: 'noWayBack',
      path: `hosts.${host.name}`,
      value: facts.version,
      rule: 'the host keeps no package of this version to go back to; name it as previousArtifact',
    }));
}

function intentOf(
  input: RollingUpgradeInput,
  world: World,
  service: Service,
  toChange: Observation[],
  batches: PlannedBatch[],
  maxUnavailable: number,
  planned: Pick<
    UpgradeIntent,
    | 'artifact'
    | 'previousArtifact'
    | 'runOnce'
    | 'closures'
    | 'page'
    | 'closedMinutes'
    | 'consent'
    | 'capacity'
  > & {
    limits: Pick<UpgradeIntent['settings'], 'failureBudget' | 'progressDeadlineSeconds'>;
  },
): UpgradeIntent {
  const { limits, ...artifacts } = planned;
  return {
    workflow: 'rollingUpgrade',
    ...commonIntent(input, world, service),
    version: input.version,
    ...artifacts,
    hosts: toChange.map(({ host }) => host),
    batches,
    maxUnavailable,
    steps: STEPS,
    ...(input.testers && { testers: true as const }),
    ...(input.prepare.length && { prepare: input.prepare }),
    checks: input.checks,
    gate: plannedGate(input, service),
    settings: {
      drain: input.drain,
      minHealthySeconds: input.minHealthySeconds,
      soakSeconds: input.soakSeconds,
      watchSeconds: input.watchSeconds,
      approvals: input.approvals,
      onFailure: input.onFailure,
      ...limits,
      personDeadlineHours: input.personDeadlineHours,
      unreachableSeconds: input.unreachableSeconds,
    },
  };
}
