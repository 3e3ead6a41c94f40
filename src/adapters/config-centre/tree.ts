/** Files of a config centre: of a revision, read from git itself, or of the folder that somebody edits. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SimpleGit } from 'simple-git';

/** Bytes of a file; a larger one is none of a configuration. */
export const LARGEST = 1024 * 1024;

export type Kind = 'file' | 'link' | 'other';

export interface Tree {
  /** as people know it: a short commit, or `working tree` */
  name: string;
  /** by path below the folder; only files may be read, and none that is larger than `LARGEST` */
  entries: ReadonlyMap<string, { kind: Kind; bytes: number }>;
  read(path: string): Promise<Buffer>;
}

/**
 * All of a folder at a commit, read at once. Nothing is checked out: links in a repository lead nowhere.
 *
 * @param objects reads what files hold, by the names that git has for it
 */
export async function treeOf(
  git: SimpleGit,
  objects: (names: readonly string[]) => Promise<Map<string, Buffer>>,
  commit: string,
  folder: string,
): Promise<Tree> {
  const listing = await git.raw(['ls-tree', '-r', '-l', '-z', '--full-tree', commit, '--', `${folder}/`]);
  const entries = new Map<string, { kind: Kind; bytes: number; object: string }>();
  for (const line of listing.split('\0').filter(Boolean)) {
    const [facts = '', path = ''] = line.split('\t', 2);
    const [mode = '', , object = '', bytes = ''] = facts.split(/ +/);
    entries.set(path.slice(folder.length + 1), { kind: kindOf(mode), bytes: Number(bytes) || 0, object });
  }
  const readable = [...entries.values()].filter(({ kind, bytes }) => kind === 'file' && bytes <= LARGEST);
  const contents = await objects([...new Set(readable.map(({ object }) => object))]);
  const read = (path: string) => Promise.resolve(contents.get(entries.get(path)!.object)!);
  return { name: commit.slice(0, 12), entries, read };
}

const kindOf = (mode: string): Kind =>
  mode.startsWith('100') ? 'file' : mode === '120000' ? 'link' : 'other';

export async function treeIn(folder: string): Promise<Tree> {
  const entries = new Map<string, { kind: Kind; bytes: number }>();
  const walk = async (below: string): Promise<void> => {
    for (const name of await readdir(join(folder, below))) {
      const path = below ? `${below}/${name}` : name;
      const facts = await lstat(join(folder, path));
      if (facts.isDirectory()) await walk(path);
      else {
        const kind = facts.isFile() ? 'file' : facts.isSymbolicLink() ? 'link' : 'other';
        entries.set(path, { kind, bytes: facts.size });
      }
    }
  };
  await walk('');
  return { name: 'working tree', entries, read: (path) => readFile(join(folder, path)) };
}
