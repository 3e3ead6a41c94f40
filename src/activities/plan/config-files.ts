/** Files of the config centre that a change brings, and how hosts are different from them. */
import type { ChangeRecord } from '../../contracts/config-set';
import { PawlError, type Mistake } from '../../contracts/failures';
import type { ConfigCanaryInput } from '../../contracts/inputs/config-canary';
import type { GoneFile, PlannedConfig, PlannedHost } from '../../contracts/plan';
import { openCentre, type ConfigRepository, type Rendered } from '../../adapters/config-centre';
import { stateOf } from '../../adapters/config-centre/state';
import { filesAt } from '../config-files';
import { configFolder, differences, type Different } from '../config-look';
import type { World } from '../world';
import { judgeRights } from './config-rights';

/** A revision of the config centre, and why it is brought. */
export type ConfigAsked = Pick<ConfigCanaryInput, 'service' | 'set' | 'revision' | 'record' | 'by'>;

export interface ConfigFiles {
  /** with the states of all chosen hosts */
  config: PlannedConfig;
  /** in the words of the record */
  what: string;
  /** by host */
  files: Map<string, Rendered[]>;
  /** why it is there, who asked, and who signed what */
  notes: string[];
  /** of all chosen hosts */
  looks: (Different & { host: string })[];
}

export const setOf = ({ set, service }: Pick<ConfigAsked, 'set' | 'service'>) => set ?? service;

/**
 * Renders, and looks at hosts. What is wrong in the config centre is told beside what is wrong elsewhere.
 *
 * @returns undefined where there is a mistake
 */
export async function configFiles(
  asked: ConfigAsked,
  chosen: readonly PlannedHost[],
  world: World,
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<ConfigFiles | undefined> {
  const wanted = await tellingMistakes(mistakes, () => wantedFiles(asked, world, mistakes, signal));
  if (!wanted) return undefined;
  const { files, record } = wanted;
  const rights = await tellingMistakes(mistakes, () =>
    judgeRights(
      world,
      { ...wanted, hosts: chosen, by: asked.by, ...(!asked.record && { tag: asked.revision }) },
      signal,
    ),
  );
  mistakes.push(...(rights?.mistakes ?? []));
  for (const { name } of chosen) if (!files.has(name)) mistakes.push(noFiles(setOf(asked), name));
  const looks = await Promise.all(
    chosen.map((host) => lookAt(world, setOf(asked), host, files.get(host.name) ?? [], signal)),
  );
  const gone = goneBy(looks.flat());
  const states = chosen.flatMap(({ name }) => {
    const theirs = files.get(name);
    return theirs ? [[name, stateOf(theirs, gone[name]).name] as const] : [];
  });
  const config = {
    ...wanted.config,
    states: Object.fromEntries(states),
    ...(Object.keys(gone).length > 0 && { gone }),
  };
  const notes = [...(asked.by === undefined ? [] : [`asked for by ${asked.by}`]), ...(rights?.notes ?? [])];
  return (
    record && {
      config,
      what: record.what,
      files,
      notes: [...recordNotes(record), ...notes],
      looks: looks.flat(),
    }
  );
}

/** @returns undefined where there are mistakes, which are told with all others */
async function tellingMistakes<T>(mistakes: Mistake[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const told =
      error instanceof PawlError && (error.details as { mistakes?: Mistake[] } | undefined)?.mistakes;
    if (!told) throw error;
    mistakes.push(...told);
    return undefined;
  }
}

async function wantedFiles(asked: ConfigAsked, world: World, mistakes: Mistake[], signal: AbortSignal) {
  const centre = await openCentre(world, { signal });
  const commit = await centre.commitOf(asked.revision);
  const record = await recordOf(asked, centre, commit);
  if (!record) {
    const rule =
      'needed: what, why, impact and rollback; `pawl config tag` makes a release that carries them';
    mistakes.push({ code: 'missing', path: 'record', value: 'nothing', rule });
  }
  const set = setOf(asked);
  const revision = await centre.revisionOf(set, commit);
  const config = { set, commit, revision };
  return { centre, config, record, files: await filesAt(world, centre, config) };
}

async function recordOf(
  { record, revision, ...asked }: ConfigAsked,
  centre: ConfigRepository,
  commit: string,
): Promise<ChangeRecord | undefined> {
  if (record) return record;
  const releases = await centre.releases(setOf(asked));
  return releases.find((release) => release.tag === revision && release.commit === commit)?.record;
}

/** @returns what is otherwise there, in words; of a host that cannot be reached, all of it: why is told already */
async function lookAt(
  world: World,
  set: string,
  { name }: PlannedHost,
  files: Rendered[],
  signal: AbortSignal,
): Promise<(Different & { host: string })[]> {
  try {
    const found = await differences(world.hosts.on(name), files, signal, configFolder(set));
    return found.map((one) => ({ ...one, host: name }));
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    const text = `its files could not be looked at: ${error.message}`;
    return files.map(({ target: { path } }) => ({ host: name, path, text }));
  }
}

/** By host, the files that are to be removed from it. */
function goneBy(looks: readonly (Different & { host: string })[]): Record<string, GoneFile[]> {
  const by: Record<string, GoneFile[]> = {};
  for (const { host, gone } of looks) if (gone) (by[host] ??= []).push(gone);
  return by;
}

function noFiles(set: string, host: string): Mistake {
  const rule = `the config centre has no files for it: the role in ${set}/config.yaml is another one`;
  return { code: 'noFiles', path: `hosts.${host}`, value: host, rule };
}

/** Why a revision is there, as a plan tells it. */
const recordNotes = (record: ChangeRecord) =>
  Object.entries(record).map(([title, text]) => `${title}: ${text}`);
