/** Commits to a git repository of a test. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { simpleGit } from 'simple-git';

/** By path; null takes a file away. */
export type Files = Record<string, string | Buffer | null>;

export function writeAll(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    if (content === null) rmSync(file);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }
}

/**
 * @param folder a repository, or where one is to be
 * @returns the commit
 */
export async function commitAll(folder: string, files: Files, message = 'test'): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const git = simpleGit(folder);
  await git.init(['--initial-branch=main']);
  await git.addConfig('user.name', 'ann');
  await git.addConfig('user.email', 'ann@example.org');
  writeAll(folder, files);
  await git.add(['--all']);
  await git.commit(message);
  return git.revparse(['HEAD']);
}
