/** A backup that is at work, in words. */
import type { BackupKind } from '../../contracts/backups';
import { count, sizeText } from '../amounts';

/** `shop-data.db1.20261129T020000123Z`: what stands later was taken later, and two that overlap have two. */
export function backupId(source: string, host: string, begun: Date): string {
  return `${source}.${host}.${begun.toISOString().replace(/[-:.]/g, '')}`;
}

/**
 * @param says of a job: `BYTES PERCENT`, or words
 * @param expected bytes; 0: nobody knows
 */
export function progressText(says: string, expected: number): string {
  const [, bytes, percent] = /^(\d+) (\d+)$/.exec(says) ?? [];
  if (bytes === undefined) return says;
  const done = sizeText(Number(bytes));
  return expected > 0 ? `${done} of about ${sizeText(expected)} (${percent} %)` : done;
}

export function takenText(
  id: string,
  kind: BackupKind,
  taken: { bytes: number; stored: number; tables: number | null },
): string {
  const what = taken.tables === null ? '' : ` in ${count(taken.tables, 'table')}`;
  const part = kind === 'full' ? '' : `${kind}, `;
  return `${id}: ${part}${sizeText(taken.bytes)}${what}, read back; the store grew by ${sizeText(taken.stored)}`;
}
