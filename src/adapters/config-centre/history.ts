/** Which commits are responsible for what a set is, beyond what somebody has of it already. */
import { PawlError } from '../../contracts/failures';
import { badInput } from '../../domain/mistakes';
import { changedPaths, ownChanges, type Snapshot, type Touched } from '../../domain/config/rights';
import { git, run } from './git';

/** Commits that are looked at; a repository with more needs a `since`, or a newer one. */
const MOST = 20_000;
const NOTHING: Snapshot = new Map();

/** What is known to be right. */
export interface Base {
  /** what a host has; null: nobody knows */
  has: string | null;
  /** with all that came before it; null: nothing is */
  since: string | null;
}

export class SetHistory {
  private readonly trees = new Map<string, Promise<Snapshot>>();
  /** by commit, the tree of the folder; empty where it has none */
  private readonly folders = new Map<string, string>();

  /** @param folder of the repository; `set` is one in it */
  constructor(
    private readonly folder: string,
    private readonly set: string,
  ) {}

  /**
   * Who has to answer for it that the set is as it is at a commit, for somebody who has a base: each commit since then, for
   * what it changes; and for files that are others although none of these changed them (it goes back, or nothing is known),
   * the commit that made them what they are.
   */
  async touched(commit: string, { has, since }: Base): Promise<Touched[]> {
    const found = has === null && since === null ? [] : await this.changes(commit, has ?? since!, since);
    const seen = new Set(found.map(({ path }) => path));
    const before = await this.snapshotOf(has ?? since);
    const left = changedPaths(before, await this.snapshot(commit)).filter((path) => !seen.has(path));
    return [...found, ...(left.length > 0 ? await this.origins(commit, since, left) : [])];
  }

  private async changes(commit: string, from: string, since: string | null): Promise<Touched[]> {
    const touched: Touched[] = [];
    for (const [id = '', ...parents] of await this.range(commit, [from, ...(since ? [since] : [])]))
      for (const path of await this.changed(id, parents)) touched.push({ commit: id, path });
    return touched;
  }

  /** Goes back from a commit, for each file along parents that have it as it is. What comes before `since` is right. */
  private async origins(commit: string, since: string | null, paths: string[]): Promise<Touched[]> {
    const found: Touched[] = [];
    const wanted = new Map([[commit, new Set(paths)]]);
    for (const [id = '', ...parents] of await this.range(commit, since === null ? [] : [since])) {
      const here = wanted.get(id);
      if (!here) continue;
      const own = new Set(await this.changed(id, parents));
      const tree = await this.snapshot(id);
      const before = await Promise.all(parents.map((parent) => this.snapshot(parent)));
      for (const path of here) {
        const same = parents[before.findIndex((parent) => parent.get(path) === tree.get(path))];
        if (own.has(path)) found.push({ commit: id, path });
        else if (same !== undefined) wanted.set(same, (wanted.get(same) ?? new Set()).add(path));
      }
    }
    return found;
  }

  /** Each with its parents, which come after it. */
  private async range(commit: string, without: readonly string[]): Promise<string[][]> {
    const range = [commit, ...without.map((id) => `^${id}`)];
    const listing = await this.git(
      ...['rev-list', '--topo-order', '--parents', `--max-count=${MOST + 1}`, ...range, '--'],
    );
    const lines = listing.split('\n').filter(Boolean);
    if (lines.length > MOST) {
      const rule = `more than ${MOST} commits were to be looked at: name a newer one, with which all was right`;
      throw badInput([
        { code: 'tooMany', path: 'config.rights.since', value: without.at(-1) ?? 'nothing', rule },
      ]);
    }
    const commits = lines.map((line) => line.split(' '));
    await this.learnFolders(commits.flat());
    return commits;
  }

  private async changed(id: string, parents: readonly string[]): Promise<string[]> {
    // most commits are about other folders
    const own = this.folders.get(id);
    if (parents.length > 0 && parents.every((parent) => this.folders.get(parent) === own)) return [];
    const [tree, ...before] = await Promise.all([id, ...parents].map((each) => this.snapshot(each)));
    const bases = new Map<string, Snapshot[]>();
    for (const [one, first] of parents.entries())
      for (const [other, second] of parents.entries())
        if (one !== other) bases.set(`${one} ${other}`, await this.partedAt(first, second));
    return ownChanges(tree!, before, (one, other) => bases.get(`${one} ${other}`) ?? [NOTHING]);
  }

  private async partedAt(one: string, other: string): Promise<Snapshot[]> {
    // it ends with 1 where they have nothing in common
    const { code, stdout, stderr } = await run('git', ['merge-base', '--all', one, other], {
      cwd: this.folder,
    });
    if (code !== 0 && code !== 1) throw new PawlError('CommandFailed', `git merge-base: ${stderr.trim()}`);
    const bases = stdout.split('\n').filter(Boolean);
    return bases.length === 0 ? [NOTHING] : Promise.all(bases.map((base) => this.snapshot(base)));
  }

  private snapshotOf(commit: string | null): Promise<Snapshot> {
    return commit === null ? Promise.resolve(NOTHING) : this.snapshot(commit);
  }

  private async snapshot(commit: string): Promise<Snapshot> {
    if (!this.folders.has(commit)) await this.learnFolders([commit]);
    const tree = this.folders.get(commit)!;
    if (tree === '') return NOTHING;
    const known = this.trees.get(tree) ?? this.read(tree);
    this.trees.set(tree, known);
    return known;
  }

  private async read(tree: string): Promise<Snapshot> {
    const listing = await git(['ls-tree', '-r', '-z', '--full-tree', tree], { cwd: this.folder });
    return new Map(
      listing
        .split('\0')
        .filter(Boolean)
        .map((line) => {
          const tab = line.indexOf('\t');
          return [`${this.set}/${line.slice(tab + 1)}`, line.slice(0, tab)] as const;
        }),
    );
  }

  private async learnFolders(commits: readonly string[]): Promise<void> {
    const asked = [...new Set(commits)].filter((id) => !this.folders.has(id));
    if (asked.length === 0) return;
    const stdin = asked.map((id) => `${id}:${this.set}\n`).join('');
    const listing = await git(['cat-file', '--batch-check=%(objecttype) %(objectname)'], {
      cwd: this.folder,
      stdin,
    });
    for (const [index, line] of listing.trimEnd().split('\n').entries()) {
      const [, tree] = /^tree ([0-9a-f]+)$/.exec(line) ?? [];
      this.folders.set(asked[index]!, tree ?? '');
    }
  }

  private async git(...args: string[]): Promise<string> {
    return (await git(args, { cwd: this.folder })).trim();
  }
}
