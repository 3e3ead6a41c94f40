/** What is wrong with a host's files, from what was seen of them. */
import {
  DRIFT,
  type Age,
  type DriftKind,
  type Finding,
  type Keys,
  type SeenFile,
  type SeenHost,
  type WantedRights,
} from '../../contracts/config-drift';
import { digestOf } from '../plan-hash';

export interface Asked {
  host: string;
  seen: SeenHost;
  /** the revision that is wanted */
  revision: string;
  wanted: ReadonlyMap<string, WantedRights>;
  ageOf: (label: string) => Age;
}

type Said = Pick<Finding, 'path' | 'kind' | 'text'> & { is: string };

/** @returns nothing where every file is as wanted and no switch was cut */
export function driftOf(asked: Asked): Finding[] {
  const { host, seen } = asked;
  return [...cutSwitch(seen), ...(standing(asked) ?? seen.files.map((file) => ofFile(file, asked)))].map(
    ({ is, ...said }) => finding(host, said, is),
  );
}

/** @param why in words */
export function unreachable(host: string, why: string): Finding {
  return finding(host, { path: null, kind: 'unreachable', text: why }, '');
}

function finding(host: string, said: Omit<Finding, 'host' | 'key'>, is: string): Finding {
  const key = digestOf([said.path, said.kind, is]).slice(0, 12);
  return { host, ...said, key };
}

function cutSwitch({ switching }: SeenHost): Said[] {
  if (!switching) return [];
  const { label, state } = switching;
  const text = `a switch to ${label} was begun and is not over: what reads its files may not have been told`;
  return [{ path: null, kind: 'halfApplied', text, is: state }];
}

/**
 * Where all files are as a kept revision has them, that is one thing and not one for each file. Files that this revision
 * did not have yet are not there, or were put there by somebody.
 */
function standing({ seen, revision, ageOf, wanted }: Asked): Said[] | undefined {
  const { current, whole, revisions, files, switching } = seen;
  const revised = whole.filter((state) => revisions[state] !== undefined);
  const state = revised.find((one) => one === current?.state) ?? revised[0];
  if (state === undefined || files.length === 0 || switching) return undefined;
  const label = revisions[state]!;
  const kind = byAge(ageOf(label));
  const text = `has revision ${label}${agesText(ageOf(label), revision)}, unedited`;
  const strange = files.filter((file) => file.kind !== 'absent' && !file.same.includes(state));
  return [
    { path: null, kind, text, is: `${label} ${revision}` },
    ...strange.map((file) => ofFile(file, { host: '', seen, revision, wanted, ageOf })),
  ];
}

function ofFile(file: SeenFile, { seen, revision, wanted, ageOf }: Asked): Said {
  const { path, kind, sum, bytes, same } = file;
  const rights = [file.mode, file.owner, file.group].join(' ');
  const say = (which: DriftKind, text: string, is = `${sum} ${rights}`): Said => ({
    path,
    kind: which,
    text,
    is,
  });
  if (kind === 'link' || kind === 'folder' || kind === 'other')
    return say('notAFile', kind === 'other' ? 'no regular file is there' : `a ${kind} is there`, kind);
  const known = bytes.filter((state) => seen.revisions[state] !== undefined);
  const current = seen.current?.state;
  if (current !== undefined && same.includes(current) && known.includes(current)) {
    const label = seen.revisions[current]!;
    const mixed = seen.switching !== null || seen.ahead > 0;
    if (mixed) return say('halfApplied', `as revision ${label} has it, beside files of another one`);
    return say(byAge(ageOf(label)), `as revision ${label} has it${agesText(ageOf(label), revision)}`);
  }
  if (kind === 'absent' && known.length === 0) return say('missing', 'is not there', 'absent');
  const shall = wanted.get(path);
  if (shall && sum === shall.sum) return say('rights', rightsText(file, shall));
  if (known.length > 0) {
    const label = seen.revisions[known[0]!]!;
    const of = seen.current ? `of ${seen.current.label}` : 'of another one';
    return say('halfApplied', `as revision ${label} has it, beside files ${of}`);
  }
  return say('edited', 'was edited by hand');
}

const byAge = (age: Age): 'behind' | 'newer' => (age === 'earlier' || age === 'same' ? 'behind' : 'newer');

function agesText(age: Age, revision: string): string {
  switch (age) {
    case 'earlier':
      return `, which is earlier than ${revision}`;
    case 'later':
      return `, which is later than ${revision}`;
    case 'same':
      return ', made with other values: hosts or secrets have changed since';
    case 'unknown':
      return ', which is not in the history of what is wanted';
  }
}

/** `owner web instead of root, mode 0600 instead of 0644` */
function rightsText(is: SeenFile, shall: WantedRights): string {
  return (['owner', 'group', 'mode'] as const)
    .filter((field) => is[field] !== shall[field])
    .map((field) => `${field} ${is[field]} instead of ${shall[field]}`)
    .join(', ');
}

/** By host; `of` tells which findings count. */
export function keysOf(findings: readonly Finding[], of: (kind: DriftKind) => boolean = () => true): Keys {
  const keys: Keys = {};
  for (const { host, kind, key } of findings) if (of(kind)) (keys[host] ??= []).push(key);
  return keys;
}

export const isMended = (kind: DriftKind) => DRIFT[kind].mended;

/** Keys that one result carries; hosts with more are remembered as a whole. */
const MOST_KEYS = 10_000;

/** Of thousands, one key for each host: what is new on it is told with all the rest of it, once. */
export function bounded(keys: Keys): Keys {
  const all = Object.values(keys).reduce((sum, list) => sum + list.length, 0);
  if (all <= MOST_KEYS) return keys;
  return Object.fromEntries(
    Object.entries(keys).map(([host, list]) => [host, [digestOf([...list].sort()).slice(0, 12)]]),
  );
}
