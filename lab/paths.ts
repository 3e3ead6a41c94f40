import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The repository's root: the nearest folder above this file that holds package.json. */
export const root = findRoot(__dirname);

/** What this clone makes for itself: labs, releases, reports. */
export const stateDir = join(root, '.pawl');

/** What clones of one user share: base images, downloaded packages. */
export const cacheDir =
  process.env['PAWL_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pawl');

/** A file that is not compiled, e.g. `asset('lab/hosts/supervise.sh')`. */
export function asset(path: string): string {
  return join(root, path);
}

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error('package.json of pawl was not found above ' + __dirname);
  return findRoot(above);
}
