/** One service's part of a config centre, read and checked as a whole. */
import { ConfigSet, ConfigValues, type ConfigTarget } from '../../contracts/config-set';
import type { Mistake } from '../../contracts/failures';
import { escaped } from '../../domain/escaped';
import { unknownName } from '../../domain/mistakes';
import { setFindings, valueFindings } from '../../domain/config/findings';
import { checkYaml } from '../yaml-file';
import { LARGEST, type Tree } from './tree';

export interface LoadedSet {
  role: string | undefined;
  targets: ConfigTarget[];
  /** by path below `files/` */
  sources: Record<string, Buffer>;
  /** for all; for the cluster; by role; by host */
  values: { all: ConfigValues; cluster: ConfigValues; groups: Layers; hosts: Layers };
}
type Layers = Record<string, ConfigValues>;

/** Whom values may be for. */
export interface Known {
  cluster: string;
  groups: readonly string[];
  hosts: readonly string[];
}

const CONFIG = 'config.yaml';
const FILES = 'files/';
const SAFE = /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/;

/** @returns all mistakes, of every file; `set` is there when there is none */
export async function readSet(
  service: string,
  tree: Tree,
  known: Known,
): Promise<{ set?: LoadedSet; mistakes: Mistake[] }> {
  const mistakes = placeMistakes(service, tree, known);
  const text = (path: string) => textOf(service, tree, path, mistakes);
  const config = await text(CONFIG);
  const parsed =
    config === undefined
      ? undefined
      : checked(checkYaml(`${service}/${CONFIG}`, config, ConfigSet, setFindings));
  const valuesAt = async (path: string): Promise<ConfigValues> => {
    const found = tree.entries.has(path) ? await text(path) : undefined;
    // an empty file has no values
    if (found === undefined || /^(\s|#.*)*$/.test(found)) return {};
    return checked(checkYaml(`${service}/${path}`, found, ConfigValues, valueFindings)) ?? {};
  };
  const below = (kind: string, names: readonly string[]) =>
    layersOf(`values/${known.cluster}/${kind}`, names, valuesAt);
  const values = {
    all: await valuesAt('values.yaml'),
    cluster: await valuesAt(`values/${known.cluster}/cluster.yaml`),
    groups: await below('groups', known.groups),
    hosts: await below('hosts', known.hosts),
  };
  const sources = await sourcesOf(service, tree, parsed?.targets ?? [], mistakes);
  if (parsed === undefined || mistakes.length > 0) return { mistakes };
  return { set: { role: parsed.role, targets: parsed.targets, sources, values }, mistakes };

  function checked<T>(outcome: { value?: T; mistakes: Mistake[] }): T | undefined {
    mistakes.push(...outcome.mistakes);
    return outcome.value;
  }
}

async function layersOf(
  folder: string,
  names: readonly string[],
  read: (path: string) => Promise<ConfigValues>,
): Promise<Layers> {
  const layers = await Promise.all(
    names.map(async (name) => [name, await read(`${folder}/${name}.yaml`)] as const),
  );
  return Object.fromEntries(layers);
}

/** What lies where nobody reads it is a mistake, too: the values of a host that is misspelt would be missed by nobody. */
function placeMistakes(service: string, tree: Tree, known: Known): Mistake[] {
  const mistake = (path: string, code: string, rule: string): Mistake => ({
    code,
    path: escaped(`${service}/${path}`),
    value: escaped(path.split('/').at(-1)),
    rule,
  });
  if (!tree.entries.has(CONFIG)) return [mistake(CONFIG, 'missing', `${tree.name} has no such file`)];
  return [...tree.entries].flatMap(([path, { kind, bytes }]) => {
    if (kind !== 'file')
      return [mistake(path, 'noFile', 'only regular files; links and submodules are not followed')];
    if (!SAFE.test(path) || path.split('/').some((part) => /^\.+$/.test(part)))
      return [mistake(path, 'unsafeName', 'letters, digits, dot, dash and underscore only')];
    if (bytes > LARGEST) return [mistake(path, 'tooLarge', `at most ${LARGEST} bytes`)];
    return unread(service, path, known);
  });
}

function unread(service: string, path: string, { cluster, groups, hosts }: Known): Mistake[] {
  if ([CONFIG, 'values.yaml'].includes(path) || path.startsWith(FILES) || path.endsWith('.md')) return [];
  const [values, whose, kind, name, ...deeper] = path.split('/');
  const at = escaped(`${service}/${path}`);
  // of another cluster
  if (values === 'values' && whose !== cluster && kind !== undefined) return [];
  if (values === 'values' && kind === 'cluster.yaml' && name === undefined) return [];
  const names = { groups, hosts }[kind ?? ''];
  const known = name?.endsWith('.yaml') && deeper.length === 0 ? name.slice(0, -'.yaml'.length) : undefined;
  if (values !== 'values' || names === undefined || known === undefined)
    return [{ code: 'unknownFile', path: at, value: escaped(path), rule: 'nobody reads this file' }];
  return names.includes(known) ? [] : [unknownName(at, known, names)];
}

async function textOf(
  service: string,
  tree: Tree,
  path: string,
  mistakes: Mistake[],
): Promise<string | undefined> {
  const entry = tree.entries.get(path);
  if (entry?.kind !== 'file' || entry.bytes > LARGEST) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await tree.read(path));
  } catch {
    mistakes.push({ code: 'notText', path: `${service}/${path}`, value: path, rule: 'must be UTF-8 text' });
    return undefined;
  }
}

async function sourcesOf(
  service: string,
  tree: Tree,
  targets: readonly ConfigTarget[],
  mistakes: Mistake[],
): Promise<Record<string, Buffer>> {
  const there = [...tree.entries.keys()]
    .filter((path) => path.startsWith(FILES))
    .map((path) => path.slice(FILES.length));
  const known = new Set(there);
  for (const [index, { source }] of targets.entries())
    if (!known.has(source))
      mistakes.push(unknownName(`${service}/${CONFIG} targets.${index}.source`, source, there));
  const usable = there.filter((path) => {
    const entry = tree.entries.get(FILES + path)!;
    return entry.kind === 'file' && entry.bytes <= LARGEST && SAFE.test(path);
  });
  return Object.fromEntries(
    await Promise.all(usable.map(async (path) => [path, await tree.read(FILES + path)] as const)),
  );
}
