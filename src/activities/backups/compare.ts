/** What came back, beside what the backup says of itself: the same for a drill and for a restore. */
import { isDatabase, type BackupEntry, type Proof } from '../../contracts/backups';
import { PawlError } from '../../contracts/failures';
import type { RemoteHost } from '../../contracts/world';
import type { Restored } from '../../adapters/backups/result';
import { parseRestored } from '../../adapters/backups/result';
import { byId, chainIn } from '../../domain/backups/chains';
import { comparedText, wrongIn, wrongInDump } from '../../domain/backups/drill';
import { hasLogs, isUncounted } from '../../domain/backups/parents';
import type { World } from '../world';
import type { Source } from './source';
import { readCatalogue } from './store';
import { mustBeWell } from './well';

const MOST = 16 * 1024 * 1024;

export interface Chosen {
  /** the full one first */
  chain: BackupEntry[];
  entry: BackupEntry;
  /** its last proof */
  before: Proof | undefined;
}

/** @throws Failed where it cannot be restored */
export async function chosen(
  world: World,
  source: Source,
  backup: string,
  signal: AbortSignal,
): Promise<Chosen> {
  const { entries, proofs } = await readCatalogue(world, source, signal);
  const chain = chainIn(byId(entries), backup);
  if (typeof chain === 'string') throw new PawlError('Failed', `it cannot be restored: ${chain}`);
  return { chain, entry: chain.at(-1)!, before: proofs[backup] };
}

export const queriesOf = ({ settings }: Source) => (isDatabase(settings) ? settings.queries : []);

/** What programs are told to measure of a database: whether sums are wanted, and queries. */
export function measuresOf(source: Source, entry: BackupEntry): { sums: 'yes' | 'no'; queries: string[] } {
  const { settings } = source;
  const { content } = entry;
  const wanted = isUncounted(entry)
    ? isDatabase(settings) && settings.checksums
    : isDatabase(content) && content.tables.some(({ checksum }) => checksum !== null);
  return { sums: wanted ? 'yes' : 'no', queries: queriesOf(source).map(({ sql }) => sql) };
}

/**
 * What programs are told of the binary logs of a chain: the place of the dump in them, the log after the last one, and the
 * time zone of their statements.
 */
export function logsOf(chain: readonly BackupEntry[]): [file: string, at: string, end: string, zone: string] {
  const [first, last] = [chain[0]!.content, chain.at(-1)!.content];
  if (!hasLogs(chain.at(-1)!) || !isDatabase(first) || !isDatabase(last)) return ['-', '0', '-', 'UTC'];
  const { file, at } = first.position!;
  return [file, String(at), last.position!.file, last.binlog!.zone];
}

/**
 * Reads what was measured on a host, and says what is otherwise.
 *
 * @param until up to which logs were replayed: nobody knows what tables held then
 */
export async function compared(
  remote: RemoteHost,
  source: Source,
  { chain, entry, before: proof }: Chosen,
  { id, until }: { id: string; until?: string },
  signal: AbortSignal,
): Promise<{ restored: Restored; compared: string; wrong: string[] }> {
  const ran = await remote.run('read-result', [id], { signal, maxOutputBytes: MOST });
  mustBeWell(remote, ran, 'what came back cannot be read');
  const restored = parseRestored(ran.stdout);
  const queries = queriesOf(source);
  const before = until === undefined ? proof : undefined;
  return {
    restored,
    compared: comparedText(entry.content, restored, queries, before, until),
    wrong: [
      ...(restored.dumped ? wrongInDump(chain[0]!.content, restored.dumped) : []),
      ...wrongIn(entry.content, restored, queries, before),
    ],
  };
}
