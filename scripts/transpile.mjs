// TypeScript → dist, file by file with swc. A file is written again only when it is stale: each output
// ends with the digest of what it was made from, so no list of outputs can disagree with the outputs.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { root } from './ground.mjs';

const FOLDERS = ['src', 'lab', 'bench', 'test'];
/** Beside TypeScript, programs for hosts and other files that code reads from its own folder. */
const FOLDERS_WITH_FILES = ['src', 'lab', 'bench'];
const STAMP = '//# madeFrom=';
const SWC = {
  swcrc: false,
  sourceMaps: true,
  module: { type: 'commonjs', ignoreDynamic: true },
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
};

/** @returns how many files were written and removed */
export async function transpile() {
  const sources = await list(FOLDERS.map((folder) => join(root, folder)));
  const wanted = new Set();
  const results = await Promise.allSettled(sources.map((source) => bring(source, wanted)));
  const mistakes = results.filter(({ status }) => status === 'rejected');
  if (mistakes.length > 0) throw new Error(mistakes.map(({ reason }) => firstWords(reason)).join('\n'));
  const removed = await removeOthers(wanted);
  return { written: results.filter(({ value }) => value).length, removed };
}

/** Without swc's own stack. */
function firstWords(error) {
  return error.message.split(/\n+Caused by/)[0];
}

async function bring(source, wanted) {
  const path = relative(root, source);
  if (source.endsWith('.d.ts')) return false;
  if (source.endsWith('.ts')) return compile(path, wanted);
  return FOLDERS_WITH_FILES.includes(path.split('/')[0]) ? copy(path, wanted) : false;
}

async function compile(path, wanted) {
  const target = join(root, 'dist', path.replace(/\.ts$/, '.js'));
  wanted.add(target).add(`${target}.map`);
  const code = await readFile(join(root, path), 'utf8');
  const stamp = `${STAMP}${digest(JSON.stringify(SWC), code)}\n`;
  if ((await readFile(target, 'utf8').catch(() => '')).endsWith(stamp)) return false;

  const swc = await import('@swc/core');
  const filename = join(root, path);
  const output = await swc.transform(code, {
    ...SWC,
    filename,
    sourceFileName: relative(dirname(target), filename),
  });
  await write(`${target}.map`, output.map);
  await write(target, `${output.code}//# sourceMappingURL=${basename(target)}.map\n${stamp}`);
  return true;
}

async function copy(path, wanted) {
  const target = join(root, 'dist', path);
  wanted.add(target);
  const bytes = await readFile(join(root, path));
  if (bytes.equals(await readFile(target).catch(() => Buffer.from('absent')))) return false;
  await write(target, bytes);
  return true;
}

async function removeOthers(wanted) {
  const outputs = await list(FOLDERS.map((folder) => join(root, 'dist', folder)));
  const gone = outputs.filter((output) => !wanted.has(output));
  await Promise.all(gone.map((output) => rm(output, { force: true })));
  return gone.length;
}

/** A reader sees the old file or the new one, never half of one. */
export async function write(target, content) {
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.${randomUUID()}`;
  await writeFile(draft, content);
  await rename(draft, target);
}

/** All files under the folders that exist, sorted. */
export async function list(folders) {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  return found.flat().sort();
}

export function digest(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}
