/** Which releases of the config centre are new to hosts. Changes nothing. */
import { Context } from '@temporalio/activity';
import { openCentre, type ConfigRepository } from '../adapters/config-centre';
import { syncRunId, type FoundReleases, type ServiceSync, type Synced } from '../contracts/config-sync';
import { PawlError, type Mistake } from '../contracts/failures';
import { ConfigSyncInput } from '../contracts/inputs/config-sync';
import { badInput, unknownName } from '../domain/mistakes';
import { nextRelease, type HostSeen, type SyncSeen } from '../domain/config/sync';
import { currentLabel } from './config-look';
import { described } from './lease';
import { parsePlanInput } from './plan/input';
import { hostsOf, type World, type Worlds } from './world';

/** By service, what was started last. */
type Before = Record<string, Synced>;

/** What became of a run, as Temporal says. */
type StateOf = (run: string) => Promise<string>;

export function configSyncActivities(worlds: Worlds) {
  return {
    /** Fetches what is new. @param asked.before what the run before this one has started */
    async findReleases({ input: raw, before }: { input: unknown; before: Before }): Promise<FoundReleases> {
      const input = parsePlanInput(ConfigSyncInput, raw);
      const { client, cancellationSignal } = Context.current();
      const stateOf: StateOf = async (run) =>
        (await described(client, run))?.status.name ?? 'Temporal knows it no more';
      return findReleases(input, await worlds.read(input.cluster), before, stateOf, cancellationSignal);
    },
  };
}

export async function findReleases(
  input: ConfigSyncInput,
  world: World,
  before: Before,
  stateOf: StateOf,
  signal: AbortSignal,
): Promise<FoundReleases> {
  const services = allowed(input, world);
  const centre = await openCentre(world, { signal });
  const found: ServiceSync[] = [];
  for (const service of services)
    found.push(await syncOf(input, world, centre, service, before[service], stateOf, signal));
  return { cluster: world.cluster.cluster, services: found, dryRun: input.dryRun };
}

/** @throws BadInput with every service that the cluster file does not allow */
function allowed({ services }: ConfigSyncInput, { cluster }: World): string[] {
  const known = Object.keys(cluster.config?.sync ?? {});
  const rule = 'the cluster file allows no service: name those to which releases may come by themselves';
  if (known.length === 0) throw badInput([{ code: 'missing', path: 'config.sync', value: 'nothing', rule }]);
  const mistakes = (services ?? []).flatMap((name, index): Mistake[] =>
    known.includes(name) ? [] : [unknownName(`services.${index}`, name, known)],
  );
  if (mistakes.length > 0) throw badInput(mistakes);
  return services ? [...new Set(services)] : known;
}

async function syncOf(
  { cluster: file }: ConfigSyncInput,
  world: World,
  centre: ConfigRepository,
  service: string,
  before: Synced | undefined,
  stateOf: StateOf,
  signal: AbortSignal,
): Promise<ServiceSync> {
  const releases = await newestReleases(centre, service);
  const last = before && { ...before, state: await stateOf(before.run) };
  const comesBefore = (one: string, other: string) => centre.comesBefore(one, other);
  // hosts are asked where something is new
  const isOld = last && (await everyOne(releases, ({ commit }) => comesBefore(commit, last.commit)));
  const hosts = releases.length === 0 || isOld ? [] : await hostsSeen(world, centre, service, signal);
  const { says, start } = await nextRelease({ releases, hosts, last }, comesBefore);
  if (!start) return { service, says };
  const { tag, commit } = start;
  const settings = world.cluster.config?.sync?.[service];
  const input = { ...settings, cluster: file, service, revision: tag, by: 'configSync' };
  return { service, says, start: { tag, commit, run: syncRunId(world.cluster.cluster, tag), input } };
}

async function everyOne<T>(list: readonly T[], holds: (one: T) => Promise<boolean>): Promise<boolean> {
  for (const one of list) if (!(await holds(one))) return false;
  return true;
}

/** Those that none comes after. */
async function newestReleases(centre: ConfigRepository, service: string): Promise<SyncSeen['releases']> {
  const whole = (await centre.releases(service)).filter(({ record }) => record !== undefined);
  const ends = await centre.lastOf(whole.map(({ commit }) => commit));
  return Promise.all(
    whole
      .filter(({ commit }) => ends.includes(commit))
      .map(async ({ tag, commit }) => ({ tag, commit, revision: await centre.revisionOf(service, commit) })),
  );
}

function hostsSeen(
  world: World,
  centre: ConfigRepository,
  service: string,
  signal: AbortSignal,
): Promise<HostSeen[]> {
  return Promise.all(
    hostsOf(world.cluster, service).map(async ({ name: host }) => {
      const label = await currentLabel(world.hosts.on(host), service, signal).catch((error: unknown) => {
        if (!(error instanceof PawlError)) throw error;
        return null;
      });
      const commit = label == null ? undefined : await centre.has(label);
      return { host, label, ...(commit !== undefined && { commit }) };
    }),
  );
}
