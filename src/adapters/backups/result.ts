/** What programs on a source's host keep of a backup, in the words of restic, and of the programs that dump databases. */
import type { OwnLogs } from '../../contracts/backup-run';
import type { Binlog, Content, Database, Physical, Position, Ref, Table } from '../../contracts/backups';

export interface Taken {
  /** ISO time of the moment that it holds */
  at: string;
  /** restic's name of the snapshot */
  snapshot: string;
  /** of what was read */
  bytes: number;
  /** by which the store grew */
  stored: number;
  files: number;
  /** SHA-256 of the stream; null where there is none */
  sha256: string | null;
  /** of a repository */
  refs: Ref[];
  repository: Pick<Extract<Content, { kind: 'git' }>, 'bare' | 'owner' | 'head'>;
  database: Pick<
    Extract<Content, { kind: Database }>,
    'server' | 'position' | 'tables' | 'uncovered' | 'physical' | 'binlog'
  >;
}

/**
 * @param text KEY VALUE lines, see `src/host/jobs/backup-dump.sh`, `backup-physical.sh` and `backup-binlogs.sh`
 * @throws Error where it is cut off, or restic speaks otherwise than this knows
 */
export function parseResult(text: string): Taken {
  const value = (key: string) => new RegExp(`^${key} (.*)$`, 'm').exec(text)?.[1];
  const restic = JSON.parse(value('restic') ?? 'null') as Record<string, unknown> | null;
  const at = value('at');
  const { snapshot_id: snapshot } = restic ?? {};
  if (!restic || at === undefined || typeof snapshot !== 'string')
    throw new Error(`the result of a backup has no end: ${text.slice(0, 200)}`);
  return {
    at,
    snapshot,
    bytes: Number(restic.total_bytes_processed),
    stored: Number(restic.data_added),
    files: Number(restic.total_files_processed),
    sha256: value('sum') ?? null,
    refs: refsIn(text),
    repository: repositoryIn(value('repository')),
    database: {
      server: value('server') ?? 'unknown',
      position: positionIn(value('position')),
      ...tablesIn(text),
      ...physicalIn(value('lsn'), value('birth')),
      ...binlogIn(value('log'), value('birth'), value('from')),
    },
  };
}

/** @param form `bare USER:GROUP refs/heads/main`, or `files …`; the last word is missing where no branch is checked out */
function repositoryIn(form?: string): Taken['repository'] {
  const [shape, owner, head] = form?.split(' ') ?? [];
  return owner === undefined ? {} : { bare: shape === 'bare', owner, ...(head && { head }) };
}

/** @param lsn `FROM TO LAST` */
function physicalIn(lsn?: string, birth?: string): { physical?: Physical } {
  const [fromLsn, toLsn, lastLsn] = lsn?.split(' ') ?? [];
  if (birth === undefined || !fromLsn || !toLsn || !lastLsn) return {};
  return { physical: { fromLsn, toLsn, lastLsn, birth } };
}

/**
 * @param log `MARK ZONE`
 * @param from `FILE AT`, of an increment
 */
function binlogIn(log?: string, birth?: string, from?: string): { binlog?: Binlog } {
  const [mark, zone] = log?.split(' ') ?? [];
  if (!birth || !mark || !zone) return {};
  const [file, at] = from?.split(' ') ?? [];
  return { binlog: { from: file ? { file, at: Number(at) } : null, mark, birth, zone } };
}

export interface Restored {
  /** until it could be used */
  seconds: number;
  /** options that a server on restored files needs */
  shape: string;
  files: number;
  tables: Table[];
  /** what its dump alone held, before the logs of increments were replayed; absent: there are none */
  dumped?: Table[];
  /** what each query gave, in order */
  answers: string[];
  /** tables that the server itself has looked through */
  checked: number;
  /** of a repository */
  refs: Ref[];
  /** what the server found wrong, in words */
  faults: string[];
}

/** @param text KEY VALUE lines, see `src/host/jobs/drill-dump.sh` and `drill-physical.sh` */
export function parseRestored(text: string): Restored {
  const values = (key: string) =>
    [...text.matchAll(new RegExp(`^${key} (.*)$`, 'gm'))].map(([, value]) => value!);
  const [dumped, replayed] = text.split(/^replayed$/m);
  return {
    seconds: Number(values('seconds')[0]),
    shape: values('shape')[0]?.trim() ?? '',
    files: Number(values('files')[0] ?? 0),
    tables: tablesIn(replayed ?? text).tables,
    ...(replayed !== undefined && { dumped: tablesIn(dumped!).tables }),
    answers: values('query').map((line) => line.replace(/^\d+ /, '')),
    checked: Number(values('checked')[0] ?? 0),
    faults: values('fault'),
    refs: refsIn(text),
  };
}

/** Lines `ref COMMIT NAME`. */
const refsIn = (text: string): Ref[] =>
  [...text.matchAll(/^ref ([0-9a-f]+) (.+)$/gm)].map(([, commit, name]) => ({
    name: name!,
    commit: commit!,
  }));

/** @param text `MASTER_LOG_FILE='mysql-bin.000002', MASTER_LOG_POS=328;`; newer ones of MySQL say SOURCE */
function positionIn(text = ''): Position | null {
  const [, file, at] =
    /(?:MASTER|SOURCE)_LOG_FILE='([^']+)', (?:MASTER|SOURCE)_LOG_POS=(\d+)/.exec(text) ?? [];
  return file === undefined ? null : { file, at: Number(at) };
}

/** Lines `table YES|NO ENGINE ROWS NAME`, each with one `NAME SUM` after it where sums were wanted. */
function tablesIn(text: string): { tables: Table[]; uncovered: string[] } {
  const tables: Table[] = [];
  const uncovered: string[] = [];
  for (const line of text.split('\n')) {
    const cells = line.split('\t');
    const last = tables.at(-1);
    if (cells[0] === 'table' && cells.length === 5) {
      const [, covered, engine = '', rows, name = ''] = cells;
      tables.push({ name, engine, rows: Number(rows), checksum: null });
      if (covered !== 'YES') uncovered.push(name);
    } else if (last && cells.length === 2 && cells[0] === last.name && cells[1] !== 'NULL')
      last.checksum = Number(cells[1]);
  }
  return { tables, uncovered };
}

export interface Swapped {
  /** from the stop until it was proven */
  seconds: number;
  /** paths of what was there before */
  aside: string[];
  /** what the server's own binary logs have brought; absent: nobody has asked for it */
  own?: OwnLogs;
}

/** @param text KEY VALUE lines, see `src/host/jobs/swap-in.sh` */
export function parseSwapped(text: string): Swapped {
  const [, complete, at, why = ''] = /^own (yes|no) (\S+) ?(.*)$/m.exec(text) ?? [];
  return {
    seconds: Number(/^seconds (\d+)$/m.exec(text)?.[1]),
    aside: [...text.matchAll(/^aside (.+)$/gm)].map(([, path]) => path!),
    ...(at !== undefined && { own: { complete: complete === 'yes', at: at === '-' ? null : at, why } }),
  };
}
