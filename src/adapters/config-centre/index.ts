/** The config centre: what a cluster's hosts shall have, from a git repository. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Cluster } from '../../contracts/cluster';
import { isUrl, type ConfigCentre } from '../../contracts/config-centre';
import type { Mistake } from '../../contracts/failures';
import { badInput, unknownName } from '../../domain/mistakes';
import type { LoadedCluster } from '../cluster-file';
import { Renderer, type About, type ReadSecret, type Rendered } from './render';
import { fetchMirror, mirrorOf } from './mirror';
import { Recent } from './recent';
import { ConfigRepository } from './repository';
import { NOBODY, readSigners, type Signers } from './signers';
import { readSet, type Known, type LoadedSet } from './set';
import type { Tree } from './tree';

export { ConfigRepository } from './repository';
export { sideOf, type Rendered } from './render';
export type { Tree } from './tree';

export interface Need {
  /** a commit that is wanted: where it is here, nothing is fetched; default: what is new */
  commit?: string;
  signal?: AbortSignal;
}

/**
 * As it counts for hosts. One at a URL is read from a copy beside the worker, and so is a folder where there are rights:
 * settings and objects that somebody has put into it deceive nobody.
 *
 * @throws BadInput where the cluster file names none, or it cannot be read; RepositoryUnavailable
 */
export async function openCentre(loaded: Loaded, need: Need = {}): Promise<ConfigRepository> {
  const { repository, rights } = named(loaded);
  const url = isUrl(repository);
  const source = url ? repository : resolve(loaded.folder, repository);
  if (!url && !rights) return ConfigRepository.open(source);
  const mirror = mirrorOf(source);
  if (need.commit !== undefined && existsSync(mirror)) {
    const known = await ConfigRepository.open(mirror);
    if (await known.has(need.commit)) return known;
  }
  // what is wrong with a folder is told as that
  if (!url) await ConfigRepository.open(source);
  await fetchMirror(source, { signal: need.signal });
  return ConfigRepository.open(mirror);
}

/**
 * As somebody edits it: a folder as it is.
 *
 * @param clone a folder instead of that of the cluster file
 */
export async function openEdited(loaded: Loaded, clone?: string): Promise<ConfigRepository> {
  const { repository } = named(loaded);
  if (clone !== undefined) return ConfigRepository.open(resolve(clone));
  return isUrl(repository) ? openCentre(loaded) : ConfigRepository.open(resolve(loaded.folder, repository));
}

type Loaded = Pick<LoadedCluster, 'cluster' | 'folder'>;

function named({ cluster }: Loaded): ConfigCentre {
  if (cluster.config) return cluster.config;
  const rule = 'the cluster file names no repository for configuration';
  throw badInput([{ code: 'missing', path: 'config.repository', value: 'nothing', rule }]);
}

/** Whose signatures count. @throws BadInput */
export async function signersOf({ cluster, folder }: Loaded): Promise<Signers> {
  const { config } = cluster;
  if (!config?.rights) return NOBODY;
  const outside = isUrl(config.repository) ? undefined : resolve(folder, config.repository);
  return readSigners(config.rights, folder, outside);
}

export interface Wanted {
  cluster: Cluster;
  service: string;
  tree: Tree;
  revision: string;
  /** this host alone; default: all */
  only?: string;
}

/**
 * What each host of a service shall have.
 *
 * @param readSecret without it, a file shows where each secret would stand
 * @returns by host, its files in the order of the targets
 * @throws BadInput with every mistake of every file, whichever hosts it is about
 */
export async function renderAll(
  { cluster, service, tree, revision, only }: Wanted,
  readSecret?: ReadSecret,
): Promise<Map<string, Rendered[]>> {
  const { set, renderer } = await parsed(service, tree, {
    cluster: cluster.cluster,
    groups: rolesIn(cluster),
    hosts: Object.keys(cluster.hosts),
  });
  const hosts = hostsOf(cluster, service, set);
  const found = new Map<string, { mistake: Mistake; hosts: string[] }>();
  const files = new Map<string, Rendered[]>();
  for (const host of hosts.filter(({ name }) => only === undefined || name === only)) {
    const about = {
      cluster: cluster.cluster,
      service,
      revision,
      host,
      hosts: hosts.map(placeOf),
    } satisfies About;
    const rendered = await renderer.render(about, readSecret);
    files.set(host.name, rendered.files);
    for (const mistake of rendered.mistakes) {
      const key = `${mistake.path} ${mistake.rule}`;
      const known = found.get(key) ?? { mistake, hosts: [] };
      found.set(key, { mistake, hosts: [...known.hosts, host.name] });
    }
  }
  if (found.size > 0) throw badInput([...found.values()].map((each) => forHosts(each, hosts.length)));
  return files;
}

interface Parsed {
  set: LoadedSet;
  renderer: Renderer;
}
/** Goes with the tree; nothing in it is of one host or a secret. */
const parsedOf = new WeakMap<Tree, Recent<Parsed>>();

/** Reads and parses a set once for as long as its tree is kept, and whoever may have values stays the same. */
function parsed(service: string, tree: Tree, known: Known): Promise<Parsed> {
  const kept = parsedOf.get(tree) ?? new Recent<Parsed>(1);
  parsedOf.set(tree, kept);
  return kept.get(JSON.stringify([service, known]), async () => {
    const { set, mistakes } = await readSet(service, tree, known);
    if (!set) throw badInput(mistakes);
    return { set, renderer: new Renderer(service, set) };
  });
}

/** One mistake is told once, with the hosts that have it unless all do. */
function forHosts({ mistake, hosts }: { mistake: Mistake; hosts: string[] }, all: number): Mistake {
  if (hosts.length === all) return mistake;
  const more = hosts.length > 3 ? ` and ${hosts.length - 3} more` : '';
  return { ...mistake, rule: `${mistake.rule}, for ${hosts.slice(0, 3).join(', ')}${more}` };
}

const placeOf = ({ name, address }: { name: string; address: string }) => ({ name, address });

const rolesIn = ({ hosts }: Cluster) => [...new Set(Object.values(hosts).flatMap(({ roles }) => roles))];

function hostsOf(cluster: Cluster, service: string, { role }: LoadedSet) {
  const { hosts, services } = cluster;
  const wanted = role ?? (Object.hasOwn(services, service) ? services[service]!.role : undefined);
  const roles = rolesIn(cluster);
  if (wanted === undefined) {
    const rule = `the cluster file has no service of this name: say which hosts by role, one of ${roles.join(', ')}`;
    throw badInput([{ code: 'missing', path: `${service}/config.yaml role`, value: 'nothing', rule }]);
  }
  if (!roles.includes(wanted)) throw badInput([unknownName(`${service}/config.yaml role`, wanted, roles)]);
  return Object.entries(hosts)
    .filter(([, host]) => host.roles.includes(wanted))
    .map(([name, { address = name, roles: its }]) => ({ name, address, roles: its }));
}
