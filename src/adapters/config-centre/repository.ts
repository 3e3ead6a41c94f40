/** The git repository of a config centre: revisions, tags with their records, what changed when. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleGit, type SimpleGit } from 'simple-git';
import type { Age } from '../../contracts/config-drift';
import { ChangeRecord } from '../../contracts/config-set';
import { PawlError } from '../../contracts/failures';
import { badInput, escaped } from '../../domain/mistakes';
import type { Commit, Signature, Touched } from '../../domain/config/rights';
import { git, run, shieldedEnvironment } from './git';
import { SetHistory, type Base } from './history';
import { commitsWithSignatures, tagSignature, type Signers } from './signers';
import { objectsOf } from './objects';
import { Recent } from './recent';
import { treeIn, treeOf, type Tree } from './tree';

export interface Release {
  /** the tag: `web/2026-11-29.1` */
  tag: string;
  commit: string;
  /** ISO 8601 */
  at: string;
  by: string;
  /** undefined where the tag has none */
  record: ChangeRecord | undefined;
}

const FIELD = '\x1f';
const ENTRY = '\x1e';
const COMMIT = /^[0-9a-f]{12,64}$/;
const REF = /^[A-Za-z0-9][A-Za-z0-9._/~^-]{0,199}$/;

/** Two of a service, for two services: what goes forth, and what goes back. */
const trees = new Recent<Tree>(4);

export class ConfigRepository {
  private constructor(
    private readonly git: SimpleGit,
    readonly folder: string,
  ) {}

  /**
   * @param folder absolute; a clone or a bare repository
   * @throws BadInput where there is none
   */
  static async open(folder: string): Promise<ConfigRepository> {
    const refuse = (rule: string) =>
      badInput([{ code: 'noRepository', path: 'config.repository', value: escaped(folder), rule }]);
    if (!(await stat(folder).catch(() => undefined))?.isDirectory()) throw refuse('there is no such folder');
    const env = shieldedEnvironment();
    const options = { baseDir: folder, timeout: { block: 30_000 }, allowEnvironment: Object.keys(env) };
    const git = simpleGit(options).env(env);
    await git.raw(['rev-parse', '--git-dir']).catch((error: Error) => {
      throw refuse(`it is no git repository that may be read: ${firstLine(error)}`);
    });
    return new ConfigRepository(git, folder);
  }

  /**
   * @param ref a tag, a branch or a commit
   * @throws BadInput
   */
  async commitOf(ref: string): Promise<string> {
    const refuse = (rule: string) =>
      badInput([{ code: 'noRevision', path: 'revision', value: escaped(ref), rule }]);
    if (!REF.test(ref)) throw refuse('a tag, a branch or a commit');
    const commit = await this.git
      .raw(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])
      .catch(() => '');
    if (!commit) throw refuse('the repository has no such revision');
    return commit.trim();
  }

  /** The last commit up to this one that changed anything of the service. */
  async revisionOf(service: string, commit: string): Promise<string> {
    const found = await this.git.raw([
      'log',
      '-1',
      '--format=%h',
      '--abbrev=12',
      commit,
      '--',
      `${service}/`,
    ]);
    return found.trim() || commit.slice(0, 12);
  }

  /** @returns the whole commit, or undefined where it is not here */
  async has(commit: string): Promise<string | undefined> {
    if (!COMMIT.test(commit)) return undefined;
    const found = await this.git
      .raw(['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`])
      .catch(() => '');
    // a branch may have such a name, too
    return found.startsWith(commit) ? found.trim() : undefined;
  }

  /** Whether one commit is an ancestor of another one, or the same. */
  async comesBefore(one: string, other: string): Promise<boolean> {
    const { code } = await run('git', ['merge-base', '--is-ancestor', one, other], { cwd: this.folder });
    return code === 0;
  }

  /** Those of some commits that none of the others comes after. */
  async lastOf(commits: readonly string[]): Promise<string[]> {
    if (commits.length === 0) return [];
    const args = ['merge-base', '--independent', ...new Set(commits)];
    return (await git(args, { cwd: this.folder })).trim().split('\n');
  }

  /** Who answers for it that a set is as it is at a commit, for whoever has one of the bases. */
  async touchedSince(set: string, commit: string, bases: readonly Base[]): Promise<Touched[]> {
    const history = new SetHistory(this.folder, set);
    const found = new Map<string, Touched>();
    for (const base of bases)
      for (const one of await history.touched(commit, base)) found.set(`${one.commit} ${one.path}`, one);
    return [...found.values()];
  }

  commits(ids: readonly string[], signers: Signers): Promise<Map<string, Commit>> {
    return commitsWithSignatures(this.folder, ids, signers);
  }

  tagSignature(tag: string, signers: Signers): Promise<Signature> {
    return tagSignature(this.folder, tag, signers);
  }

  /** What a commit holds never changes: it is read once, whoever asks. */
  /**
   * Where a revision stands beside a commit that is wanted.
   *
   * @param label as hosts know it: what `revisionOf` gave once
   */
  async ageOf(service: string, label: string, commit: string): Promise<Age> {
    const other = await this.has(label);
    if (other === undefined) return 'unknown';
    if (label === (await this.revisionOf(service, commit))) return 'same';
    if (await this.comesBefore(other, commit)) return 'earlier';
    return (await this.comesBefore(commit, other)) ? 'later' : 'unknown';
  }

  treeOf(service: string, commit: string): Promise<Tree> {
    const objects = (names: readonly string[]) => objectsOf(this.folder, shieldedEnvironment(), names);
    const key = [this.folder, commit, service].join('\n');
    return trees.get(key, () => treeOf(this.git, objects, commit, service));
  }

  /** What somebody edits, committed or not. */
  async workingTree(service: string): Promise<Tree> {
    await this.refuseBare();
    return treeIn(join(this.folder, service));
  }

  private async refuseBare(): Promise<void> {
    if ((await this.git.raw(['rev-parse', '--is-bare-repository'])).trim() === 'true')
      throw new PawlError('BadInput', 'there is no working tree: name a revision, or a clone with --clone');
  }

  /**
   * Services that have a folder with a `config.yaml`.
   *
   * @param ref default: what lies in the folder
   */
  async services(ref?: string): Promise<string[]> {
    if (ref === undefined) {
      await this.refuseBare();
      const names = await readdir(this.folder);
      return names.filter((name) => existsSync(join(this.folder, name, 'config.yaml'))).sort();
    }
    const commit = await this.commitOf(ref);
    const names = await this.git.raw(['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit]);
    return names.split('\0').flatMap((path) => /^([^/]+)\/config\.yaml$/.exec(path)?.[1] ?? []);
  }

  /** Newest first. */
  async releases(service: string): Promise<Release[]> {
    const fields = [
      '%(refname:short)',
      '%(*objectname)',
      '%(objectname)',
      '%(creatordate:iso-strict)',
      '%(taggername)%(authorname)',
      '%(contents:subject)%0a%0a%(contents:body)',
    ];
    const format = fields.join(FIELD) + ENTRY;
    const listing = await this.git.raw([
      'for-each-ref',
      '--sort=-version:refname',
      '--sort=-creatordate',
      `--format=${format}`,
      `refs/tags/${service}/`,
    ]);
    return listing
      .split(ENTRY)
      .map((entry) => entry.replace(/^\n/, '').split(FIELD))
      .filter((parts) => parts.length === fields.length)
      .map(([tag = '', pointed = '', own = '', at = '', by = '', text = '']) => ({
        ...{ tag, commit: pointed || own, at, by },
        record: recordIn(text),
      }));
  }

  /** An annotated tag that carries the record. */
  async release(tag: string, commit: string, record: ChangeRecord): Promise<void> {
    await this.git
      .raw(['tag', '--annotate', `--message=${recordText(record)}`, tag, commit])
      .catch((error: Error) => {
        throw new PawlError('BadInput', `the tag could not be made: ${firstLine(error)}`);
      });
  }
}

const firstLine = (error: Error) => error.message.trim().split('\n')[0] ?? '';

const FIELDS = { what: 'What', why: 'Why', impact: 'Impact', rollback: 'Rollback' } as const;
type Field = keyof typeof FIELDS;

export function recordText(record: ChangeRecord): string {
  return Object.entries(FIELDS)
    .map(([field, title]) => `${title}: ${record[field as Field].trim()}`)
    .join('\n\n');
}

/** A field goes on until the next one begins. */
export function recordIn(text: string): ChangeRecord | undefined {
  const titles = Object.values(FIELDS).join('|');
  const parts = [
    ...text.matchAll(new RegExp(`^(${titles}): ([^]*?)(?=\\n\\s*(?:${titles}): |$(?![^]))`, 'gm')),
  ];
  const found = Object.fromEntries(
    parts.map(([, title = '', content = '']) => [title.toLowerCase(), content.trim()]),
  );
  const record = ChangeRecord.safeParse(found);
  return record.success ? record.data : undefined;
}
