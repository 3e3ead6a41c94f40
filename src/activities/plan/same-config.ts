/** Files that hosts get before they come in, so that they have what those have that serve. */
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { PlannedConfig, PlannedStep } from '../../contracts/plan';
import { openCentre } from '../../adapters/config-centre';
import { stateOf } from '../../adapters/config-centre/state';
import { mostOften } from '../../domain/stable';
import { filesAt } from '../config-files';
import type { World } from '../world';
import type { Observation } from './observe';
import { runs } from './observe';

export const FILES_FIRST: PlannedStep[] = [
  {
    id: 'switchConfig',
    does: 'the files that the others have, checked by the host’s own programs, all or none',
    undo: 'the host’s own files of before',
  },
];

export interface SameConfig {
  /** with the states of those hosts only that get it */
  config?: PlannedConfig;
  unready: Mistake[];
  notes: string[];
}

/**
 * @param like whoever serves
 * @param coming whoever shall have the same
 */
export async function sameConfig(
  world: World,
  service: string,
  like: Observation[],
  coming: Observation[],
  signal: AbortSignal,
): Promise<SameConfig> {
  const label = mostOften(like.map(({ facts }) => facts.config ?? ''));
  const others = coming.filter((one) => !runs(one, { version: one.facts.version, config: label }));
  if (label === undefined || others.length === 0) return { unready: [], notes: [] };
  const who = others.map(({ host }) => host.name);
  try {
    const config = await rendered(world, service, label, signal);
    const states = who.map((name) => [name, config.states[name]] as const);
    const without = states.flatMap(([name, state]) => (state === undefined ? [name] : []));
    if (without.length > 0) return { unready: without.map((name) => noFiles(service, name)), notes: [] };
    const note = `${who.join(', ')} gets configuration ${label} first, as the others have it`;
    return {
      config: { ...config, states: Object.fromEntries(states) as Record<string, string> },
      unready: [],
      notes: [note],
    };
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'BadInput') throw error;
    // what a change has found, say: it lies on those hosts and nowhere else
    const why = `the others have configuration ${label}, which cannot be had (${error.message.split('\n').at(-1)})`;
    return { unready: [], notes: [`${who.join(', ')} keeps its own files: ${why}`] };
  }
}

async function rendered(
  world: World,
  service: string,
  revision: string,
  signal: AbortSignal,
): Promise<PlannedConfig> {
  const centre = await openCentre(world, { commit: revision, signal });
  const commit = await centre.commitOf(revision);
  const files = await filesAt(world, centre, { set: service, commit, revision });
  const states = Object.fromEntries([...files].map(([host, list]) => [host, stateOf(list).name]));
  return { set: service, commit, revision, states };
}

function noFiles(service: string, host: string): Mistake {
  const rule = `the config centre has no files of ${service} for it, and the others have some: give it their role in the cluster file`;
  return { code: 'noFiles', path: `hosts.${host}`, value: host, rule };
}
