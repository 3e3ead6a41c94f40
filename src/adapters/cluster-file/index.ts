/** The cluster file: read, checked as a whole, every mistake at once with its line and column. */
import { open } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Cluster } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import { findingsOf } from '../../domain/findings';
import { badInput, escaped } from '../../domain/mistakes';
import { digestOf } from '../../domain/plan-hash';
import { referenceFindings } from './references';
import { parseYaml } from './yaml';

export interface LoadedCluster {
  cluster: Cluster;
  /** absolute; the relative paths of the file begin here */
  folder: string;
  /** SHA-256 over what the file means: comments and spacing do not change it */
  digest: string;
}

const MAX_BYTES = 256 * 1024;

/**
 * @param path of the file; relative to the working folder of this process
 * @throws BadInput with `{mistakes}`
 */
export async function loadCluster(path: string): Promise<LoadedCluster> {
  const cluster = checkCluster(basename(path), await readText(path));
  return { cluster, folder: dirname(resolve(path)), digest: digestOf(cluster) };
}

/** Checks the text of a file called `file`. */
function checkCluster(file: string, text: string): Cluster {
  const yaml = parseYaml(file, text);
  if (yaml.broken) throw badInput(yaml.mistakes);
  const parsed = Cluster.safeParse(yaml.value);
  const findings = [
    ...findingsOf(parsed.error?.issues ?? [], yaml.value, Cluster),
    ...referenceFindings(yaml.value),
  ];
  const mistakes = [...yaml.mistakes, ...findings.map((finding) => yaml.mistake(finding))];
  if (!parsed.success || mistakes.length > 0) throw badInput(mistakes.sort(inOrder(yaml.order)));
  return parsed.data;
}

async function readText(path: string): Promise<string> {
  const refuse = (code: string, rule: string) =>
    badInput([{ code, path: basename(path) || 'cluster', value: escaped(path), rule } satisfies Mistake]);
  const bytes = await readStart(path, MAX_BYTES + 1).catch((error: NodeJS.ErrnoException) => {
    throw refuse('unreadable', READ_ERRORS[error.code ?? ''] ?? `cannot be read: ${error.message}`);
  });
  if (bytes.length > MAX_BYTES) throw refuse('tooLarge', `at most ${MAX_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('notText', 'must be UTF-8 text');
  }
}
