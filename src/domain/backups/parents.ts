/** On which backup of a server's files the next one can build. */
import type { BackupEntry, BackupKind, Physical } from '../../contracts/backups';
import { byId, chainIn, childrenFirst, newestFirst, wholeOf } from './chains';

/** A server as it is now. */
export interface ServerNow {
  /** `10.11.18-MariaDB` */
  server: string;
  lsn: string;
  birth: string;
}

export interface Found {
  parent: BackupEntry | null;
  /** why the newest one that comes into question is not it, in words; null: it is */
  passedOver: string | null;
}

/**
 * @param kind `incremental` builds on the newest backup, `differential` on the newest full one
 * @param entries all of one source and one host
 */
export function parentFor(
  kind: Exclude<BackupKind, 'full'>,
  entries: readonly BackupEntry[],
  now: ServerNow,
): Found {
  const whole = wholeOf(childrenFirst(entries));
  const candidates = newestFirst(entries).filter(
    (entry) => physicalOf(entry) && (kind === 'incremental' || entry.kind === 'full'),
  );
  const [newest] = candidates;
  const parent = candidates.find((entry) => whole.has(entry.id) && leftBehind(entry, now) === null) ?? null;
  if (!newest) return { parent, passedOver: 'there is no full backup of its files yet' };
  if (parent === newest) return { parent, passedOver: null };
  const chain = chainIn(byId(entries), newest.id);
  const why = typeof chain === 'string' ? chain : leftBehind(newest, now);
  return { parent, passedOver: `nothing can build on ${newest.id}: ${why}` };
}

/** @returns why what the server has now is not what followed on a backup, in words; null: it is */
export function leftBehind(entry: BackupEntry, now: ServerNow): string | null {
  const physical = physicalOf(entry);
  if (!physical || entry.content.kind !== 'mariadb') return 'it is none of files';
  if (physical.birth !== now.birth) return 'the server has other files since, as after a restore';
  if (BigInt(now.lsn) < BigInt(physical.lastLsn))
    return `the server is at LSN ${now.lsn} and was at ${physical.lastLsn} then, as after a restore`;
  const [was, is] = [entry.content.server, now.server].map(seriesOf);
  return was === is ? null : `the server was of version ${was} then, and is of ${is}`;
}

export const physicalOf = ({ content }: BackupEntry): Physical | undefined =>
  content.kind === 'mariadb' ? content.physical : undefined;

/** `10.11.18-MariaDB` → `10.11`: within it, files are the same */
const seriesOf = (version: string) => version.split('.').slice(0, 2).join('.');
