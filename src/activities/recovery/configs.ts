/** Configuration files, by the config centre's checksums. */
import type { Rendered } from '../../adapters/config-centre';
import { openCentre, type ConfigRepository } from '../../adapters/config-centre';
import { judgeConfig, type Known } from '../../domain/recovery/damage';
import { agesIn, lookAt } from '../config-drift';
import { filesAt } from '../config-files';
import { configFolder } from '../config-look';
import { readSeen } from '../config-seen';
import { hostsOf, type World } from '../world';
import { known, unknown, type Look } from './look';

const WITHIN = 300_000;
/** The label of what a change found on a host: no revision. */
const FOUND_BY_HAND = /^before-/;

/** What is the same for all hosts is read once. */
export interface Centre {
  /** null: the cluster file names none */
  open: Known<{ centre: ConfigRepository; sets: string[] }> | null;
  labels(service: string): Promise<Map<string, string>>;
}

export async function openConfigs(world: World, signal: AbortSignal): Promise<Centre> {
  const labels = new Map<string, Promise<Map<string, string>>>();
  const open = async () => {
    const centre = await openCentre(world, { signal });
    return { centre, sets: await centre.services() };
  };
  return {
    open: world.cluster.config ? await known(open, signal, 'the config centre cannot be read') : null,
    labels(service) {
      const found = labels.get(service) ?? labelsOf(world, service, signal);
      labels.set(service, found);
      return found;
    },
  };
}

/** Hosts of a service, with the revision that each says it was switched to last. */
async function labelsOf(world: World, service: string, signal: AbortSignal): Promise<Map<string, string>> {
  const found = await Promise.all(
    hostsOf(world.cluster, service).map(async ({ name }): Promise<[string, string] | null> => {
      const read = () => world.hosts.on(name).run('read-config', [configFolder(service)], { signal });
      const said = await known(read, signal, name);
      const label = 'known' in said ? readSeen(said.known.stdout).current?.label : undefined;
      return label === undefined || FOUND_BY_HAND.test(label) ? null : [name, label];
    }),
  );
  return new Map(found.filter((one) => one !== null));
}

/** @returns undefined where the centre has nothing of it */
export function configOn(world: World, host: string, service: string, all: Centre): Look | undefined {
  const { open } = all;
  if (!open || ('known' in open && !open.known.sets.includes(service))) return undefined;
  return {
    subject: { kind: 'config', service },
    withinMs: WITHIN,
    async work(signal) {
      if (!('known' in open)) return unknown(open.unknown);
      const { centre } = open.known;
      const ref = await shallHave(centre, service, host, await all.labels(service));
      if (ref === undefined)
        return unknown('no host has a revision of it, and the config centre has no release of it');
      const commit = await centre.commitOf(ref);
      const revision = await centre.revisionOf(service, commit);
      const files = await filesAt(world, centre, { set: service, commit, revision }, host);
      const own: Rendered[] | undefined = files.get(host);
      const subject = { kind: 'config', service, revision } as const;
      if (!own) return { is: 'well', found: [`revision ${revision} has no files for it`], subject };
      const ageOf = agesIn(centre, service, commit);
      const seen = await lookAt(world, service, { files, revision }, host, null, ageOf, signal);
      if (seen.busy !== null) return unknown(`under change by ${seen.busy}`);
      const [away] = seen.findings.filter(({ kind }) => kind === 'unreachable');
      return away ? unknown(away.text) : { ...judgeConfig(seen.findings, revision), subject };
    },
  };
}

/** What it was switched to last; of a host that has lost that too, what most others have; of all, the newest release. */
async function shallHave(
  centre: ConfigRepository,
  service: string,
  host: string,
  labels: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const own = labels.get(host);
  const others = [...labels.values()];
  const often = (label: string) => others.filter((other) => other === label).length;
  const most = [...new Set(others)].sort((one, other) => often(other) - often(one))[0];
  for (const label of [own, most])
    if (label !== undefined && (await centre.has(label)) !== undefined) return label;
  return (await centre.releases(service))[0]?.tag;
}
