/** On which backup of a server the next one can build. */
import {
  isDatabase,
  type BackupEntry,
  type BackupKind,
  type Binlog,
  type Physical,
} from '../../contracts/backups';
import { byId, chainIn, childrenFirst, newestFirst, wholeOf } from './chains';

/** A server as it is now. */
export type ServerNow = {
  /** `10.11.18-MariaDB` */
  server: string;
  /** of its files */
  birth: string;
} & (
  | { lsn: string }
  /** what its binary logs begin with, by name */
  | { logs: Readonly<Record<string, string>> }
);

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
    (entry) =>
      ('lsn' in now ? physicalOf(entry) : binlogOf(entry)) &&
      (kind === 'incremental' || entry.kind === 'full'),
  );
  const [newest] = candidates;
  const parent = candidates.find((entry) => whole.has(entry.id) && leftBehind(entry, now) === null) ?? null;
  if (!newest) return { parent, passedOver: nothingYet(now) };
  if (parent === newest) return { parent, passedOver: null };
  const chain = chainIn(byId(entries), newest.id);
  const why = typeof chain === 'string' ? chain : leftBehind(newest, now);
  return { parent, passedOver: `nothing can build on ${newest.id}: ${why}` };
}

const nothingYet = (now: ServerNow) =>
  'lsn' in now
    ? 'there is no full backup of its files yet'
    : 'there is no full backup yet that knows its place in the binary logs';

/** @returns why what the server has now is not what followed on a backup, in words; null: it is */
export function leftBehind(entry: BackupEntry, now: ServerNow): string | null {
  if (!isDatabase(entry.content)) return 'it is none of a database';
  const { physical, binlog, position, server } = entry.content;
  const { birth } = ('lsn' in now ? physical : binlog) ?? {};
  if (birth === undefined) return 'it is of another method';
  if (birth !== now.birth) return 'the server has other files since, as after a restore';
  const why = 'lsn' in now ? lsnBehind(physical!, now.lsn) : logGone(binlog!, position?.file, now.logs);
  if (why !== null) return why;
  const [was, is] = [server, now.server].map(seriesOf);
  return was === is ? null : `the server was of version ${was} then, and is of ${is}`;
}

const lsnBehind = ({ lastLsn }: Physical, lsn: string) =>
  BigInt(lsn) < BigInt(lastLsn)
    ? `the server is at LSN ${lsn} and was at ${lastLsn} then, as after a restore`
    : null;

function logGone({ mark }: Binlog, file: string | undefined, logs: Readonly<Record<string, string>>) {
  if (file === undefined || !Object.hasOwn(logs, file))
    return `the server does not have its binary log ${file} any more: it was purged, or all were reset`;
  return logs[file] === mark
    ? null
    : `the server has begun its binary log ${file} anew, as after RESET MASTER`;
}

export const physicalOf = ({ content }: Pick<BackupEntry, 'content'>): Physical | undefined =>
  isDatabase(content) ? content.physical : undefined;

export const binlogOf = ({ content }: Pick<BackupEntry, 'content'>): Binlog | undefined =>
  isDatabase(content) ? content.binlog : undefined;

/** It is an increment of binary logs. */
export const hasLogs = (entry: Partial<Pick<BackupEntry, 'content'>>): boolean =>
  entry.content !== undefined && !!binlogOf({ content: entry.content })?.from;

/** What its tables hold stands nowhere: the first drill notes it. */
export const isUncounted = (entry: Pick<BackupEntry, 'content'>): boolean =>
  physicalOf(entry) !== undefined || hasLogs(entry);

/** `10.11.18-MariaDB` → `10.11`: within it, files are the same */
const seriesOf = (version: string) => version.split('.').slice(0, 2).join('.');
