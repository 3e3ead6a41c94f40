// A file made of many: it is made again only when one of them has changed.
import { access, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { root } from './ground.mjs';
import { digest, list, write } from './transpile.mjs';

/**
 * @param target under dist, `.js`. What it was made from is written down beside it: the worker reads the source map
 *   from the bundle's end
 * @param from `folders` and `files` it is made of (package-lock.json stands for the libraries), and `make`, which gives its text
 * @returns true when it was made
 */
export async function bundle(target, { folders = [], files = [], make }) {
  const file = join(root, 'dist', target);
  const stamp = file.replace(/\.js$/, '.stamp');
  const made = await digestOf(folders, files);
  if ((await exists(file)) && (await readFile(stamp, 'utf8').catch(() => '')) === made) return false;
  await write(file, await make());
  await write(stamp, made);
  return true;
}

async function digestOf(folders, files) {
  const all = [
    ...(await list(folders.map((folder) => join(root, folder)))),
    ...[...files, 'package-lock.json'].map((file) => join(root, file)),
  ];
  const parts = await Promise.all(all.map(async (file) => [relative(root, file), await readFile(file)]));
  return digest(...parts.flat());
}

function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}
