import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The clone, seen from the sources and from dist alike: dist has no package.json. */
export const projectRoot = folderWith('package.json', __dirname);

/** What is running now, its logs and its data. */
export const stateFolder = join(projectRoot, '.pawl/temporal');

/** Downloads outlive the clone: `PAWL_CACHE`, else `XDG_CACHE_HOME/pawl`, else `~/.cache/pawl`. */
export function cacheFolder(): string {
  const { PAWL_CACHE, XDG_CACHE_HOME } = process.env;
  return PAWL_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'pawl');
}

/**
 * Fills a folder of the cache as a whole or not at all: `fill` works in a draft beside it that is
 * then renamed. When another process was first, its folder stays.
 */
export async function fillCache(folder: string, fill: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    await fill(draft);
    await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function folderWith(file: string, from: string): string {
  if (existsSync(join(from, file))) return from;
  if (dirname(from) === from) throw new Error(`no ${file} above ${__dirname}`);
  return folderWith(file, dirname(from));
}
