/** Backups as people read them in a list. */
import type { BackupEntry, Content, Proof, Table } from '../../contracts/backups';
import { ageText, ago, count, sizeText } from '../amounts';

export const ENTRY_HEADS = ['ID', 'HOST', 'KIND', 'AGE', 'SIZE', 'STORE', 'PROVEN'] as const;

type Listed = Pick<BackupEntry, 'id' | 'host' | 'kind' | 'at' | 'bytes' | 'stored'>;

/**
 * One cell for each of the heads; under `STORE` stands by how much it grew.
 *
 * @param proof the newest of this backup
 * @param now milliseconds
 */
export function entryCells(entry: Listed, proof: Pick<Proof, 'at'> | undefined, now: number): string[] {
  const { id, host, kind, at, bytes, stored } = entry;
  const age = now - Date.parse(at);
  return [
    ...[id, host, kind],
    age < 0 ? 'in the future' : ageText(age),
    ...[sizeText(bytes), `+${sizeText(stored)}`],
    proof ? ago(proof.at, now) : 'never',
  ];
}

/** `12 tables with 4,000 rows`, `310 files`, `3 refs`; what has copies of a server's files or logs does not say more. */
export function holdsText(content: Content): string {
  if (content.kind === 'folders') return count(content.files, 'file');
  if (content.kind === 'git') return count(content.refs.length, 'ref');
  const from = content.binlog?.from;
  if (from) return `binary logs from ${from.file} on`;
  return content.physical ? 'the files of the server' : tablesText(content.tables);
}

export function tablesText(tables: readonly Table[]): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return `${count(tables.length, 'table')} with ${rows.toLocaleString('en-US')} rows`;
}
