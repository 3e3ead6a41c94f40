/** The git repository of a config centre: revisions, tags with their records, what changed when. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleGit, type SimpleGit } from 'simple-git';
import type { Age } from '../../contracts/config-drift';
import { ChangeRecord } from '../../contracts/config-set';
import { PawlError } from '../../contracts/failures';
import { badInput, escaped } from '../../domain/mistakes';
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
const REF = /^[A-Za-z0-9][A-Za-z0-9._/~^-]{0,199}$/;

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
    const git = simpleGit({ baseDir: folder, timeout: { block: 30_000 } }).env(bareEnvironment());
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

  /**
   * Where a revision stands beside a commit that is wanted.
   *
   * @param label as hosts know it: what `revisionOf` gave once
   */
  async ageOf(service: string, label: string, commit: string): Promise<Age> {
    const other = await this.commitOf(label).catch(() => undefined);
    if (other === undefined) return 'unknown';
    if (label === (await this.revisionOf(service, commit))) return 'same';
    const isBefore = (one: string, two: string) =>
      this.git.raw(['merge-base', one, two]).then(
        (base) => base.trim() === one,
        () => false,
      );
    if (await isBefore(other, commit)) return 'earlier';
    return (await isBefore(commit, other)) ? 'later' : 'unknown';
  }

  treeOf(service: string, commit: string): Promise<Tree> {
    return treeOf(this.git, commit, service);
  }

  /** What somebody edits, committed or not. */
  async workingTree(service: string): Promise<Tree> {
    if ((await this.git.raw(['rev-parse', '--is-bare-repository'])).trim() === 'true')
      throw new PawlError('BadInput', `${this.folder} is a bare repository: name a revision`);
    return treeIn(join(this.folder, service));
  }

  /**
   * Services that have a folder with a `config.yaml`.
   *
   * @param ref default: what lies in the folder
   */
  async services(ref?: string): Promise<string[]> {
    if (ref === undefined) {
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

/** Nothing that the worker knows beside: git takes orders from its environment. */
function bareEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, LC_ALL: 'C' };
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
