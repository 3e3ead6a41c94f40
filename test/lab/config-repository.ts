import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { simpleGit } from 'simple-git';

/** Writes files into a config centre, which is made where there is none. @returns the commit */
export async function commitFiles(centre: string, files: Record<string, string>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(centre, path)), { recursive: true });
    writeFileSync(join(centre, path), text);
  }
  const git = simpleGit(centre);
  await git.init(['--initial-branch=main']);
  await git.addConfig('user.name', 'ann');
  await git.addConfig('user.email', 'ann@example.org');
  await git.add(['--all']);
  await git.commit('test');
  return git.revparse(['HEAD']);
}
