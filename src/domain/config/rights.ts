/** Who may change what of a config centre, and who did. */
import type { Right } from '../../contracts/config-centre';
import type { Mistake } from '../../contracts/failures';
import { escaped } from '../escaped';

/** Files of a set with one commit: by path in the repository, mode and object. */
export type Snapshot = ReadonlyMap<string, string>;

/** What git says of the signature of a commit or a tag. */
export interface Signature {
  /** `none`: none by an SSH key; `outOfTime`: by a key of allowedSigners, too early or too late */
  state: 'good' | 'none' | 'unknownKey' | 'outOfTime' | 'bad';
  /** as allowedSigners names who it is; of `good` and `outOfTime` */
  signer?: string;
  /** fingerprint of the key */
  key?: string;
}

export interface Commit {
  id: string;
  /** as the commit says: anybody may write anything there */
  author: string;
  signature: Signature;
}

/** A file that a commit is responsible for. */
export interface Touched {
  commit: string;
  path: string;
}

export function changedPaths(from: Snapshot, to: Snapshot): string[] {
  const paths = new Set([...from.keys(), ...to.keys()]);
  return [...paths].filter((path) => from.get(path) !== to.get(path));
}

/**
 * What a commit changes itself. A merge changes each file that is not as a clean merge would have it: one that no parent
 * has, and one that a parent has although another one has changed it since they parted.
 *
 * @param partedAt what two parents have in common, by their indices; several where they crossed
 */
export function ownChanges(
  tree: Snapshot,
  parents: readonly Snapshot[],
  partedAt: (one: number, other: number) => readonly Snapshot[],
): string[] {
  const [first, second] = parents;
  if (first === undefined) return [...tree.keys()];
  if (second === undefined) return changedPaths(first, tree);
  const paths = new Set(parents.flatMap((parent) => changedPaths(parent, tree)));
  return [...paths].filter((path) => {
    const now = tree.get(path);
    const unchanged = (one: number, other: number) =>
      partedAt(one, other).every((base) => base.get(path) === parents[other]!.get(path));
    return !parents.some(
      (parent, one) =>
        parent.get(path) === now &&
        parents.every((beside, other) => beside.get(path) === now || unchanged(one, other)),
    );
  });
}

/** The last rule that fits a file. */
export function ruleFor(rules: readonly Right[], path: string): Right | undefined {
  return rules.findLast(({ paths }) => paths.some((glob) => patternOf(glob).test(path)));
}

const patterns = new Map<string, RegExp>();

function patternOf(glob: string): RegExp {
  const known = patterns.get(glob);
  if (known) return known;
  const parts = glob.split('/');
  const source = parts.map((part, index) => {
    const last = index === parts.length - 1;
    if (part === '**') return last ? '[^]+' : '(?:[^/]+/)*';
    return part.replace(/[.]/g, '\\.').replace(/\*/g, '[^/]*') + (last ? '' : '/');
  });
  const pattern = new RegExp(`^${source.join('')}$`);
  patterns.set(glob, pattern);
  return pattern;
}

const ANYBODY = '*';

function allows({ signers, requesters }: Right, { state, signer }: Signature, by: string | undefined) {
  const signed = state === 'good' && [signer, ANYBODY].some((name) => !!name && signers?.includes(name));
  return signed || requesters?.includes(ANYBODY) || (by !== undefined && requesters?.includes(by)) || false;
}

/**
 * What nobody who may has signed or asked for.
 *
 * @param commits by id, those of `touched`
 * @param by who asks
 */
export function breaches(
  touched: readonly Touched[],
  commits: ReadonlyMap<string, Commit>,
  rules: readonly Right[],
  by: string | undefined,
): Mistake[] {
  return touched.flatMap(({ commit: id, path }) => {
    const rule = ruleFor(rules, path);
    const commit = commits.get(id);
    if (rule === undefined || !commit || allows(rule, commit.signature, by)) return [];
    const what = escaped(`${id.slice(0, 12)} ${path}`);
    return [{ code: 'notAllowed', path: what, value: signatureText(commit), rule: whoMay(rule) }];
  });
}

/** In words; who wrote it is said where nobody has signed. */
export function signatureText({ signature, author }: Pick<Commit, 'signature' | 'author'>): string {
  const { state, signer = '', key = '' } = signature;
  switch (state) {
    case 'good':
      return escaped(`signed by ${signer}`);
    case 'none':
      return escaped(`no signature by an SSH key, author ${author}`);
    case 'unknownKey':
      return `signed with a key that allowedSigners does not know, ${key}`;
    case 'outOfTime':
      return escaped(`signed with a key of ${signer} that did not count at that time`);
    case 'bad':
      return 'its signature does not hold: it is of something else, or its key is for something else';
  }
}

function whoMay({ signers, requesters }: Right): string {
  const names = (list: readonly string[], everybody: string) =>
    list.includes(ANYBODY) ? everybody : list.join(' or ');
  const ways = [
    ...(signers ? [`a commit signed by ${names(signers, 'anybody of allowedSigners')} may change it`] : []),
    ...(requesters ? [`a change that ${names(requesters, 'anybody')} asks for (by) may bring it`] : []),
  ];
  return ways.join('; ');
}
