import type { Service } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { Artifact } from '../../contracts/inputs/rolling-upgrade';
import { RollingUpgradeInput } from '../../contracts/inputs/rolling-upgrade';
import type {
  Plan,
  PlannedArtifact,
  PlannedConfig,
  PlannedHost,
  PlannedRunOnce,
  UpgradeIntent,
} from '../../contracts/plan';
import type { ArtifactStore } from '../../adapters/artifacts';
import { failureBudget } from '../../domain/batches';
import { strayFields } from '../../domain/blue-green';
import { outText } from '../../domain/about';
import { shownDiffs } from '../../domain/config/patch';
import { badInput } from '../../domain/mistakes';
import { planRunOnce } from '../../domain/run-once';
import { shortened } from '../../domain/shortened';
import { describeArtifact } from './artifact';
import { planBlueGreen } from './blue-green';
import type { Closures } from './closures';
import { planClosures } from './closures';
import type { ConfigFiles } from './config-files';
import { configFiles } from './config-files';
import {
  chooseHosts,
  commonIntent,
  isWhole,
  needsRoutes,
  notDrained,
  planOf,
  progressDeadline,
  sameFor,
  serviceNamed,
} from './common';
import { planFreshBackups } from './fresh-backups';
import { plannedGate, uncounted } from './gate';
import { parsePlanInput } from './input';
import { loadNotes } from './load';
import { longestStep, stepSeconds } from '../../domain/step-limits';
import { stableOf } from '../stable';
import { testerMistakes } from '../testers';
import type { World } from '../world';
import { hostsOf } from '../world';
import type { Observation } from './observe';
import { mustBeInOneSet, mustServe, observeHost, sayWhyOut } from './observe';
import type { IsThere, Rollout } from './rollout';
import { planRolling, withConfigSteps } from './rollout';
import { marksOf } from '../out-of-service';
import { answers } from '../probe';

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
  const blueGreen = input.strategy === 'blueGreen';
  const chosen = input.hosts && !blueGreen ? chooseHosts(input.hosts, all, mistakes) : all;
  const judge = blueGreen ? mustBeInOneSet : mustServe;
  const describe = (path: string, artifact: Artifact) =>
    describeArtifact(path, artifact, service, cluster, artifacts, signal, mistakes);
  const files = await filesWith(input, chosen, world, signal, mistakes);
  const [seen, artifact, previousArtifact, marks, stable, fresh] = await Promise.all([
    Promise.all(chosen.map((host) => observeHost(world, service, host, signal, judge))),
    describe('artifact', input.artifact),
    input.previousArtifact ? describe('previousArtifact', input.previousArtifact) : null,
    marksOf(world, input.service, signal),
    stableOf(world, input.service, signal),
    planFreshBackups(input.backups, world, signal),
  ]);
  const isThere: IsThere = ({ host, facts }) =>
    facts.version === input.version && !files?.looks.some((look) => look.host === host.name);
  const rollout = await planRollout(input, seen, isThere, all.length, world, signal);
  const { coming, batches, maxUnavailable: cap } = rollout;
  // how hosts are now: if another change is at work on them, they are looked at again when it has ended
  const unready = [
    ...seen.flatMap(({ host, mistakes }) => sayWhyOut(mistakes, marks[host.name], host.name)),
    ...rollout.unready,
    ...(coming.length > 0 ? fresh.unready : []),
    ...noWayBack(service, input, coming),
  ];
  const closed = blueGreen ? undefined : await closing(input, batches.length, world, signal, mistakes);
  const outage = !blueGreen && service.routes.length > 0 && cap >= all.length;
  mistakes.push(...strayFields(input), ...fresh.mistakes, ...rollout.mistakes, ...beyond(input, service));
  if (outage && input.consent === undefined && !closed) mistakes.push(nobodyServing(input, cap, all.length));
  const once = planRunOnce(
    input.runOnce,
    coming.map(({ host }) => host.name),
    Object.keys(cluster.hosts),
  );
  mistakes.push(...once.mistakes, ...(await lost(world, once.steps, seen, signal)));
  if (input.testers && !blueGreen) mistakes.push(...(await testerMistakes(world, input.service, signal)));
  const limits = limitsOf(input, service, coming.length, [artifact, previousArtifact], mistakes);
  if (mistakes.length || !artifact) throw badInput([...unready, ...mistakes]);

  const intent = intentOf(input, world, service, rollout, {
    artifact,
    previousArtifact,
    runOnce: once.steps,
    ...(fresh.backups.length && { backups: fresh.backups }),
    ...(files && { config: configOf(files, seen, coming) }),
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
    ...(files?.notes ?? []),
    ...rollout.notes,
    ...notDrained(service),
    ...(coming.length > 0 ? fresh.notes : []),
    ...(closed?.notes ?? []),
    ...(outage ? [outageText(input, all.length)] : []),
    ...once.notes,
    ...(batches.length === 1 && input.approvals.includes('afterFirstBatch')
      ? ['there is one batch only, so nobody is asked after the first']
      : []),
    ...Object.entries(marks).map(([name, mark]) => outText(name, mark)),
    ...uncounted(world, input.gate, service),
    ...(intent.capacity ? await loadNotes(world, input.service, signal) : []),
    ...shortened(RollingUpgradeInput, input),
  ];
  const diffs = files && shownDiffs(files.looks);
  const bytes = { artifact: artifact.sha256, previousArtifact: previousArtifact?.sha256 };
  return planOf({
    intent,
    same: sameFor(input, world, { ...bytes, ...(files && { commit: files.config.commit }) }),
    unready,
    seen,
    notes,
    ...(isWhole(all, chosen, marks) && { stable }),
    ...(diffs && { diffs }),
  });
}

/** What nobody can do for a service that is in no balancer. */
function beyond({ strategy, testers, batches = [] }: RollingUpgradeInput, service: Service): Mistake[] {
  const shared = batches.some((batch) => typeof batch === 'object' && batch.share !== undefined);
  return [
    ...needsRoutes(service, 'strategy', ['gray', 'blueGreen'].includes(strategy) && strategy),
    ...needsRoutes(service, 'testers', testers),
    ...needsRoutes(service, 'batches', shared && batches),
  ];
}

/** @returns undefined where the version brings none, or they cannot be had, which is told then */
async function filesWith(
  { service, config }: RollingUpgradeInput,
  chosen: PlannedHost[],
  world: World,
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<ConfigFiles | undefined> {
  if (!config) return undefined;
  const found: Mistake[] = [];
  const files = await configFiles({ service, ...config }, chosen, world, signal, found);
  mistakes.push(...found.map((mistake) => ({ ...mistake, path: pathInInput(mistake.path) })));
  return files;
}

const pathInInput = (path: string) => (['revision', 'record'].includes(path) ? `config.${path}` : path);

/** Hosts that have all of it already come to know it, too. */
function configOf({ config, looks }: ConfigFiles, seen: Observation[], coming: Observation[]): PlannedConfig {
  const stays = seen.filter((one) => !coming.includes(one)).map(({ host }) => host.name);
  const has = stays.filter((name) => looks.every(({ host }) => host !== name));
  return { ...config, ...(has.length && { has }) };
}

async function planRollout(
  input: RollingUpgradeInput,
  seen: Observation[],
  isThere: IsThere,
  all: number,
  world: World,
  signal: AbortSignal,
): Promise<Rollout> {
  const { strategy } = input;
  return strategy === 'blueGreen'
    ? planBlueGreen(input, seen, isThere)
    : planRolling({ ...input, strategy }, seen, isThere, all, world, signal);
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

function nobodyServing({ maxUnavailable }: RollingUpgradeInput, cap: number, all: number): Mistake {
  return {
    code: 'nobodyServing',
    path: 'maxUnavailable',
    value: String(maxUnavailable ?? cap),
    rule: `would take ${cap} of ${all} hosts out at once and leave nobody serving; close the service meanwhile ("maintenance"), or say who agrees ("consent")`,
  };
}

function outageText({ consent, maintenance }: RollingUpgradeInput, hosts: number): string {
  const who = maintenance ? 'users get a page' : `requests are lost; agreed: ${consent}`;
  return `all ${hosts} hosts may be out at once, and nobody serves then: ${who}`;
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
  { hosts, batches, maxUnavailable, steps, blueGreen }: Rollout,
  planned: Pick<
    UpgradeIntent,
    | 'artifact'
    | 'previousArtifact'
    | 'runOnce'
    | 'backups'
    | 'config'
    | 'closures'
    | 'page'
    | 'closedMinutes'
    | 'consent'
    | 'capacity'
  > & {
    limits: Pick<UpgradeIntent['settings'], 'failureBudget' | 'progressDeadlineSeconds'>;
  },
): UpgradeIntent {
  const { limits, ...what } = planned;
  return {
    workflow: 'rollingUpgrade',
    ...commonIntent(input, world, service),
    version: input.version,
    ...what,
    hosts: hosts.map(({ host }) => host),
    batches,
    ...(blueGreen && { blueGreen }),
    maxUnavailable,
    steps: planned.config ? withConfigSteps(steps) : steps,
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
