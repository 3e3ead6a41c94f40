/** The cluster file: read, checked as a whole, every mistake at once with its line and column. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Cluster } from '../../contracts/cluster';
import { badInput, escaped } from '../../domain/mistakes';
import { digestOf } from '../../domain/plan-hash';
import { checkYaml } from '../yaml-file';
import { referenceFindings } from './references';

export interface LoadedCluster {
  cluster: Cluster;
  /** absolute; the relative paths of the file begin here */
  folder: string;
  /** SHA-256 over what the file means: comments and spacing do not change it */
  digest: string;
}

const MAX_BYTES = 256 * 1024;

/** The last good text of each file and what it means: every step reads its file, and it seldom changes. */
const known = new Map<string, { text: string; loaded: LoadedCluster }>();

/**
 * @param path relative to the working folder of this process
 * @throws BadInput with `{mistakes}`
 */
export async function loadCluster(path: string): Promise<LoadedCluster> {
  const text = await readText(path);
  const absolute = resolve(path);
  const before = known.get(absolute);
  if (before?.text === text) return before.loaded;
  const cluster = checkCluster(basename(path), text);
  const loaded = { cluster, folder: dirname(absolute), digest: digestOf(cluster) };
  known.set(absolute, { text, loaded });
  return loaded;
}

function checkCluster(file: string, text: string): Cluster {
  const { value, mistakes } = checkYaml(file, text, Cluster, referenceFindings);
  if (value === undefined) throw badInput(mistakes);
  return value;
}

async function readText(path: string): Promise<string> {
  const refuse = (code: string, rule: string) =>
    badInput([{ code, path: escaped(basename(path)), value: escaped(path), rule }]);
  const bytes = await readStart(path, MAX_BYTES + 1).catch((error: NodeJS.ErrnoException) => {
    throw refuse('unreadable', `the file cannot be read: ${error.code ?? error.message}`);
  });
  if (bytes.length > MAX_BYTES) throw refuse('tooLarge', `at most ${MAX_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('notText', 'must be UTF-8 text');
  }
}

/** A device or a pipe may have no end, and no beginning either. */
async function readStart(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is no regular file');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
