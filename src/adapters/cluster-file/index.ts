/** The cluster file: read, checked as a whole, every mistake at once with its line and column. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Cluster } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import { escapedAt } from '../../domain/escaped';
import { findingsOf } from '../../domain/findings';
import { badInput, escaped } from '../../domain/mistakes';
import { digestOf } from '../../domain/plan-hash';
import { referenceFindings } from './references';
import { readYaml, type Placed, type Source } from './yaml';

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
  const source = readYaml(text);
  const parsed = Cluster.safeParse(source.value);
  const findings = source.whole
    ? [...findingsOf(parsed.error?.issues ?? [], source.value, Cluster), ...referenceFindings(source.value)]
    : [];
  // a key that is wrong as YAML is not told again as an unknown one
  const told = new Set(source.findings.map(({ finding }) => finding.path.join('\0')));
  const others = findings.filter(({ path, atKey }) => !(atKey && told.has(path.join('\0'))));
  const placed = [...source.findings, ...others.map((finding) => source.place(finding))];
  if (parsed.success && placed.length === 0) return parsed.data;
  placed.sort((one, other) => one.offset - other.offset);
  throw badInput(placed.map((each) => mistakeOf(file, source, each)));
}

function mistakeOf(file: string, source: Source, { offset, finding }: Placed): Mistake {
  const { line, col } = source.position(offset);
  const path = `${file}:${line}:${col} ${finding.path.map(escaped).join('.')}`.trimEnd();
  return { code: finding.code, path, value: escapedAt(finding.path, finding.value), rule: finding.rule };
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
