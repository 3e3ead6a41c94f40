import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { run } from '../hosts/command';
import { asset } from '../paths';

/** Whoever the example is by; of a person who has told git nothing yet. */
const AUTHOR = ['-c', 'user.name=lab', '-c', 'user.email=lab@localhost'];

/** A git repository with the example of a config centre; one that is there already is left to who works in it. */
export async function makeConfigCentre(folder: string): Promise<void> {
  if (await stat(folder).catch(() => undefined)) return;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await cp(asset('examples/lab/config'), unfinished, { recursive: true });
  const git = (...args: string[]) => run('git', [...AUTHOR, ...args], { cwd: unfinished });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=The configuration of the lab');
  await rename(unfinished, folder);
}
