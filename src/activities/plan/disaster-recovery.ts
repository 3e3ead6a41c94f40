import type { ChangeRecord } from '../../contracts/config-set';
import { Gate } from '../../contracts/inputs/gate';
import { PawlError, type Mistake } from '../../contracts/failures';
import { DisasterRecoveryInput } from '../../contracts/inputs/disaster-recovery';
import type {
  DisasterIntent,
  NewRelease,
  ObservedHost,
  Plan,
  PlannedConfig,
  PlannedHost,
  PlannedStep,
} from '../../contracts/plan';
import type { Looked, RecoveryStep } from '../../contracts/recovery';
import type { ArtifactStore } from '../../adapters/artifacts';
import { badInput, notYet, unknownName } from '../../domain/mistakes';
import { digestOf } from '../../domain/plan-hash';
import type { Restorable, Steps } from '../../domain/recovery/steps';
import { recoverySteps } from '../../domain/recovery/steps';
import { servicesOf, trafficOf, withVersion } from '../../domain/recovery/several';
import { aloneNotes, damageNotes } from '../../domain/recovery/words';
import { marksOf } from '../out-of-service';
import { assessDamage } from '../recovery/assess';
import { noBackups, sourceNamed } from '../backups/source';
import { restorableAsked } from '../recovery/asked';
import { restorableFound } from '../recovery/restorable';
import type { World } from '../world';
import { hostsOf } from '../world';
import { describeArtifact } from './artifact';
import { plannedService, sameFor } from './common';
import { configFiles } from './config-files';
import { plannedGate } from './gate';
import { parsePlanInput } from './input';
import { notificationsOfAny } from './notifications';
import { asItIs, observeHost } from './observe';

const STEPS: { [K in RecoveryStep['kind']]: PlannedStep } = {
  packages: {
    id: 'packages',
    does: 'install packages anew whose files are damaged; those files are kept beside',
    undo: 'none: it brings back what the package holds',
  },
  restore: {
    id: 'restore',
    does: 'restore a backup beside what is there, compare it with what it says of itself, then swap it in; what was there is kept',
    undo: 'none: what was there lies beside it',
  },
  files: {
    id: 'files',
    does: 'all files of the configuration as the config centre has them, all or none; what was there is kept',
    undo: 'none: `pawl config` can bring back what was there',
  },
  service: {
    id: 'service',
    does: 'start what does not answer, prove it healthy, back into rotation',
    undo: 'none needed: a service that is not healthy stays out of rotation',
  },
};

export const parseDisasterRecovery = (raw: unknown) => parsePlanInput(DisasterRecoveryInput, raw);

/** Measures damage and plans how it is mended. Changes nothing; tells all mistakes at once. */
export async function planDisaster(
  input: DisasterRecoveryInput,
  world: World,
  artifacts: ArtifactStore,
  signal: AbortSignal,
): Promise<Plan<DisasterIntent>> {
  const { cluster } = world;
  const mistakes = namesOf(input, world);
  const releases = await newReleases(input, world, artifacts, signal, mistakes);
  const asked = await askedFor(input, world, signal, mistakes);
  // looks take minutes: nobody waits for them to hear of a mistake
  if (mistakes.length > 0) throw badInput(mistakes);
  const away = await outOnPurpose(world, signal);
  const looked = await assessDamage(world, { hosts: input.hosts }, signal);
  const sources = [...asked, ...(await restorableFound(world, input, looked, asked, signal))];
  const serving = await servingHosts(world, looked, signal);
  const made = recoverySteps(looked, sources, {
    on: (host) =>
      Object.keys(cluster.services).filter(
        (name) => hostsOf(cluster, name).some((one) => one.name === host) && !away(name, host),
      ),
    serve: (host) => serving.has(host),
    released: (name, from) =>
      Object.hasOwn(releases, name) || from.some((source) => holdsRelease(world, source, name)),
  });
  const members = membersOf(world, made.steps);
  const configs = await wantedConfigs(world, made.steps, signal, mistakes);
  if (mistakes.length > 0) throw badInput(mistakes);
  const intent = intentOf(input, world, { ...made, looked, members, configs, releases });
  return {
    format: 2,
    intent,
    hash: digestOf(intent),
    same: sameFor(input, world),
    observed: { at: new Date().toISOString(), hosts: await observed(world, intent, signal), damage: looked },
    notes: [...made.left.map(({ what }) => what), ...aloneNotes(made.steps), ...damageNotes(looked)],
  };
}

/** Of a package no backup of files tells the host that it is installed. */
function holdsRelease(world: World, name: string, service: string): boolean {
  const { release } = world.cluster.services[service]!;
  const { settings } = sourceNamed(world, name);
  if (release.kind !== 'tarball' || settings.kind !== 'folders') return false;
  const within = (path: string) =>
    settings.folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  return within(release.current) || within(release.releases);
}

/** What is wrong without a look at any host: names that the cluster file does not have, and times that are yet to come. */
function namesOf({ hosts = [], restore, releases, since }: DisasterRecoveryInput, world: World): Mistake[] {
  const { cluster } = world;
  const known = Object.keys(cluster.hosts);
  const services = Object.keys(cluster.services);
  const sources = Object.keys(cluster.backups?.sources ?? {});
  const unknown = (path: string, name: string, all: string[]) =>
    all.includes(name) ? [] : [unknownName(path, name, all)];
  const rule = 'it names no services; a database is one, too, with `routes: []`';
  return [
    ...(services.length > 0 ? [] : [{ code: 'missing', path: 'cluster.services', value: 'nothing', rule }]),
    ...hosts.flatMap((name, index) => [
      ...unknown(`hosts.${index}`, name, known),
      ...(hosts.indexOf(name) === index ? [] : [twice(`hosts.${index}`, name)]),
    ]),
    ...notYet('since', since, Date.now()),
    ...Object.keys(releases).flatMap((name) => unknown(`releases.${name}`, name, services)),
    ...(restore.length > 0 && !cluster.backups ? [{ ...noBackups(), path: 'restore' }] : []),
    ...restore.flatMap(({ source, host, at }, index) => [
      ...notYet(`restore.${index}.at`, at, Date.now()),
      ...(cluster.backups ? unknown(`restore.${index}.source`, source, sources) : []),
      ...(host !== undefined && sources.includes(source)
        ? unknown(`restore.${index}.host`, host, sourceNamed(world, source).hosts)
        : []),
    ]),
  ];
}

const twice = (path: string, value: string): Mistake => ({
  ...{ code: 'twice', path, value, rule: 'each host once' },
});

/** Of what is known by name: the rest is a mistake already. */
async function askedFor(
  input: DisasterRecoveryInput,
  world: World,
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<Restorable[]> {
  const wrong = new Set(mistakes.map(({ path }) => path.split('.').slice(0, 2).join('.')));
  const asked = input.restore.map((one, index) => (wrong.has(`restore.${index}`) ? null : one));
  return world.cluster.backups ? restorableAsked(world, input, asked, signal, mistakes) : [];
}

async function newReleases(
  { releases }: DisasterRecoveryInput,
  { cluster }: World,
  artifacts: ArtifactStore,
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<Record<string, NewRelease>> {
  const found: Record<string, NewRelease> = {};
  for (const [name, { version, artifact }] of Object.entries(releases)) {
    const path = `releases.${name}.artifact`;
    const service = Object.hasOwn(cluster.services, name) ? cluster.services[name] : undefined;
    if (!service) continue;
    const planned = await describeArtifact(path, artifact, service, cluster, artifacts, signal, mistakes);
    if (planned) found[name] = { version, artifact: planned };
  }
  return found;
}

/** Who was taken out of service is left so. */
async function outOnPurpose(world: World, signal: AbortSignal) {
  const services = Object.keys(world.cluster.services);
  const marks = await Promise.all(
    services.map(async (name) => [name, await marksOf(world, name, signal)] as const),
  );
  const all = Object.fromEntries(marks);
  return (service: string, host: string) => Object.hasOwn(all[service] ?? {}, host);
}

/** In rotation of some service, damaged or not. Where a balancer cannot be asked, those that are well are taken for such. */
async function servingHosts(
  world: World,
  looked: readonly Looked[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const { services } = world.cluster;
  const asked = Object.entries(services).flatMap(([name, { routes }]) =>
    routes.map(async ({ balancer, backend }) => {
      const servers = await world
        .balancer(balancer)
        .backend(backend, signal)
        .catch((error: unknown) => {
          if (signal.aborted || !(error instanceof PawlError)) throw error;
          return undefined;
        });
      const isIn = ({ name: host, places }: PlannedHost) =>
        servers
          ? places.some((place) => place.balancer === balancer && servers[place.server]?.state === 'in')
          : looked.some(
              ({ host: of, subject, is }) =>
                of === host && subject.kind === 'service' && subject.service === name && is === 'well',
            );
      return hostsOf(world.cluster, name).flatMap((host) => (isIn(host) ? [host.name] : []));
    }),
  );
  return new Set((await Promise.all(asked)).flat());
}

/** By service, those of its hosts on which something is done about it. */
function membersOf({ cluster }: World, steps: readonly RecoveryStep[]): Record<string, PlannedHost[]> {
  const members: Record<string, PlannedHost[]> = {};
  for (const step of steps) {
    if (step.kind !== 'service') continue;
    const host = hostsOf(cluster, step.service).find(({ name }) => name === step.host);
    if (host) (members[step.service] ??= []).push(host);
  }
  return members;
}

const RECORD: ChangeRecord = {
  what: 'recovery from a disaster',
  why: 'files of hosts are damaged',
  impact: 'services that read them are out of rotation meanwhile',
  rollback: 'hosts keep what was there before',
};

/** In the revision that each host shall have. */
async function wantedConfigs(
  world: World,
  steps: readonly RecoveryStep[],
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<PlannedConfig[]> {
  const files = steps.filter((step) => step.kind === 'files');
  const pairs = new Map(
    files.map(({ service, revision }) => [`${service} ${revision}`, { service, revision }]),
  );
  const configs: PlannedConfig[] = [];
  for (const { service, revision } of pairs.values()) {
    const chosen = hostsOf(world.cluster, service).filter(({ name }) =>
      files.some((step) => step.service === service && step.revision === revision && step.host === name),
    );
    const asked = { service, revision, record: RECORD };
    const found = await configFiles(asked, chosen, world, signal, mistakes);
    if (found) configs.push(found.config);
  }
  return configs;
}

/** Of each host as it stands in its services; one that is in none is not asked. */
async function observed(
  world: World,
  { hosts, members, services }: DisasterIntent,
  signal: AbortSignal,
): Promise<Record<string, ObservedHost>> {
  const seen = hosts.map(async ({ name }) => {
    const own = servicesOf(members, name);
    const facts = await Promise.all(
      own.map(async (service) => {
        const host = members[service]!.find((one) => one.name === name)!;
        return (await observeHost(world, services[service]!, host, signal, asItIs)).facts;
      }),
    );
    const [first] = facts;
    if (!first) return [];
    if (own.length === 1) return [[name, first] as const];
    const version = own.reduce((shown, service, nth) => withVersion(shown, service, facts[nth]!.version), '');
    const traffic = own.flatMap((service, nth) => Object.entries(trafficOf(service, facts[nth]!.traffic)));
    return [[name, { ...first, version, traffic: Object.fromEntries(traffic) }] as const];
  });
  return Object.fromEntries((await Promise.all(seen)).flat());
}

/** Services whose answers can be timed; those of other hosts are how long they usually take. */
function probesOf({ cluster }: World, members: Record<string, PlannedHost[]>): DisasterIntent['probes'] {
  const found = Object.entries(members).flatMap(([name, own]) => {
    const limits = plannedGate({ gate: Gate.parse({}), checks: [] }, cluster.services[name]!);
    if (!limits || limits.probePaths.length === 0) return [];
    const others = hostsOf(cluster, name).filter((host) => !own.some((one) => one.name === host.name));
    return [[name, { limits: { ...limits, latency: null }, others }] as const];
  });
  return Object.fromEntries(found);
}

type Made = Steps & Pick<DisasterIntent, 'members' | 'configs' | 'releases'> & { looked: Looked[] };

function aboutText(hosts: readonly string[], looked: readonly Looked[]): string {
  if (hosts.length > 0) return `recovery of ${hosts.join(', ')}`;
  return looked.some(({ is }) => is === 'damaged') ? 'damage that nothing here mends' : 'nothing is damaged';
}

function intentOf(input: DisasterRecoveryInput, world: World, made: Made): DisasterIntent {
  const { cluster } = world;
  const { steps, looked, members, configs, releases } = made;
  const names = [...new Set(steps.map(({ host }) => host))];
  const services = Object.fromEntries(
    Object.keys(members).map((name) => [name, plannedService(name, cluster.services[name]!)] as const),
  );
  const concerned = [
    ...Object.keys(members),
    ...steps.flatMap((step) => ('source' in step ? [step.source] : [])),
  ];
  const notifications = input.notify ? notificationsOfAny(cluster, concerned) : undefined;
  const kinds = new Set(steps.map(({ kind }) => kind));
  const { approvals, onFailure, personDeadlineHours, unreachableSeconds } = input;
  const [first] = Object.entries(cluster.services);
  return {
    workflow: 'disasterRecovery',
    cluster: { name: cluster.cluster, file: input.cluster, digest: world.digest },
    service: plannedService(cluster.cluster, first![1]),
    about: aboutText(names, looked),
    ...(input.since !== undefined && { since: input.since }),
    claims: 'hosts',
    hosts: names.map((name) => ({
      name,
      places: Object.values(members).flatMap((hosts) =>
        hosts.flatMap((host) => (host.name === name ? host.places : [])),
      ),
    })),
    recovery: steps,
    ...{ services, members, configs, releases, probes: probesOf(world, members) },
    maxUnavailable: names.length,
    steps: (Object.keys(STEPS) as RecoveryStep['kind'][]).flatMap((kind) =>
      kinds.has(kind) ? [STEPS[kind]] : [],
    ),
    ...(notifications && { notifications }),
    settings: {
      // who is damaged serves nobody; who is not is drained as long
      drain: { deadlineSeconds: 30, onDeadline: 'force' },
      approvals,
      onFailure,
      failureBudget: 0,
      progressDeadlineSeconds: 0,
      personDeadlineHours,
      unreachableSeconds,
    },
  };
}
