/** What came back, beside what the backup says of itself: the same for a drill and for a restore. */
import type { BackupEntry, Proof } from '../../contracts/backups';
import { PawlError } from '../../contracts/failures';
import type { RemoteHost } from '../../contracts/world';
import type { Restored } from '../../adapters/backups/result';
import { parseRestored } from '../../adapters/backups/result';
import { byId, chainIn } from '../../domain/backups/chains';
import { comparedText, wrongIn } from '../../domain/backups/drill';
import type { World } from '../world';
import type { Source } from './store';
import { mustBeWell, readCatalogue } from './store';

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

export const queriesOf = ({ settings }: Source) => (settings.kind === 'mariadb' ? settings.queries : []);

/** What programs are told to measure of a database: whether sums are wanted, and queries. */
export function measuresOf(
  source: Source,
  { content }: BackupEntry,
): { sums: 'yes' | 'no'; queries: string[] } {
  const { settings } = source;
  const wanted =
    content.kind === 'mariadb' && content.physical
      ? settings.kind === 'mariadb' && settings.checksums
      : content.kind === 'mariadb' && content.tables.some(({ checksum }) => checksum !== null);
  return { sums: wanted ? 'yes' : 'no', queries: queriesOf(source).map(({ sql }) => sql) };
}

/** Reads what was measured on a host, and says what is otherwise. */
export async function compared(
  remote: RemoteHost,
  source: Source,
  { entry, before }: Chosen,
  id: string,
  signal: AbortSignal,
): Promise<{ restored: Restored; compared: string; wrong: string[] }> {
  const ran = await remote.run('read-result', [id], { signal, maxOutputBytes: MOST });
  mustBeWell(remote, ran, 'what came back cannot be read');
  const restored = parseRestored(ran.stdout);
  const queries = queriesOf(source);
  return {
    restored,
    compared: comparedText(entry.content, restored, queries, before),
    wrong: wrongIn(entry.content, restored, queries, before),
  };
}
