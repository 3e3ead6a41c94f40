/** What it takes to bring a backup back. */
import { isDatabase, type Database, type BackupEntry } from '../../contracts/backups';
import { physicalOf } from './parents';

const SPARE = 100_000_000;
/** What a server makes for itself: its log, its system tablespace. */
const SERVER = 300_000_000;

/**
 * Bytes that must be free where a backup comes back.
 *
 * @param chain the full one first
 */
export function neededBytes(chain: readonly BackupEntry[]): number {
  const last = chain.at(-1)!;
  const all = bytesOf(chain);
  // what is applied lies there twice for a while
  if (physicalOf(last)) return 2 * all + SERVER;
  // tables take more room than their dump, indexes and what is undone among it
  if (isDatabase(last.content)) return 3 * all + SERVER;
  return (last.content.kind === 'git' ? 3 : 1) * all + SPARE;
}

export const bytesOf = (chain: readonly Pick<BackupEntry, 'bytes'>[]) =>
  chain.reduce((sum, { bytes }) => sum + bytes, 0);

/** `/var/lib/pawl-restored/shop-data-20261129T020000Z` */
export const restoredFolder = (source: string, at: string) =>
  `/var/lib/pawl-restored/${source}-${at.replace(/\.\d+/, '').replace(/[-:]/g, '')}`;

/** Of folders that lie in each other the outer ones: they bring the others along. */
export const outermost = (folders: readonly string[]) =>
  [...new Set(folders)].filter((folder) => !folders.some((other) => folder.startsWith(`${other}/`)));

/**
 * How what lies in a folder of its own is used, in words.
 *
 * @param shape options that a server needs for these files
 */
export function useText(kind: BackupEntry['content']['kind'], folder: string, shape: string): string {
  if (kind === 'folders') return `the folders lie below ${folder}`;
  if (kind === 'git') return `git clone ${folder}`;
  const socket = `${folder}/restored.sock`;
  const [daemon, client] = kind === 'mysql' ? ['mysqld', 'mysql'] : ['mariadbd', 'mariadb'];
  const server = [
    ...[`${daemon} --no-defaults --user=mysql`, `--datadir=${folder}`, `--socket=${socket}`],
    ...['--skip-networking --skip-grant-tables', shape],
  ];
  return `a server on it that nobody but root can reach: ${server.join(' ').trim()} & ${client} --socket=${socket}`;
}

const NAMES: Record<Database, string> = { mariadb: 'MariaDB', mysql: 'MySQL' };

/**
 * Why a server of one series does not take what another has held, in words; undefined: it does.
 *
 * @param held such as `10.11.18-MariaDB`
 * @param is of the host
 */
export function seriesTrouble({ content }: BackupEntry, is: string): string | undefined {
  if (!isDatabase(content)) return undefined;
  const [was, now] = [content.server, is].map((text) => /^(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number));
  if (!was || !now) return undefined;
  const older = now[0]! - was[0]! || now[1]! - was[1]!;
  const [is_, needs] = [now.join('.'), was.join('.')];
  const name = NAMES[content.kind];
  if (content.physical)
    return older === 0 ? undefined : `has ${name} ${is_}, and files of ${needs} need a server of that series`;
  // it holds the server's own tables as that series has them
  if (content.kind === 'mysql')
    return older === 0 ? undefined : `has ${name} ${is_}, and dumps of ${needs} need a server of that series`;
  return older >= 0
    ? undefined
    : `has ${name} ${is_}, and the dump is of ${needs}: an older server does not take it`;
}
