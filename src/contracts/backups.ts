/** Backups: what a cluster file says of them, and what the catalogue on their store holds of each. */
import { z } from 'zod';
import { AbsolutePath, Name, UnitName } from './names';
import { Reference } from './notifications';

const Account = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'an account name');

/** In this order a disaster is recovered from. */
export const LEVELS = ['database', 'application', 'configuration', 'logs', 'documents'] as const;
export type Level = (typeof LEVELS)[number];

const Kept = (most: number) => z.number().int().min(0).max(most);
export const Keep = z
  .strictObject({
    days: Kept(3_650).min(1).default(7).describe('Every backup of so many days.'),
    weeks: Kept(1_000).default(4).describe('The newest of each of so many weeks.'),
    months: Kept(1_000).default(12).describe('The newest of each of so many months.'),
    years: Kept(100).default(0).describe('The newest of each of so many years.'),
  })
  .describe('What is kept; the newest good one, and all that it builds on, always is.');
export type Keep = z.output<typeof Keep>;

const common = {
  role: Name.optional().describe('It is taken on all hosts of this role …'),
  host: Name.optional().describe('… or on this host.'),
  level: z.enum(LEVELS).optional().describe('Its place in a recovery; default: by its kind.'),
  keep: Keep.prefault({}),
  overdueHours: z
    .number()
    .int()
    .min(1)
    .max(8_760)
    .default(26)
    .describe('People are told when the newest good backup is older.'),
  provenDays: z
    .number()
    .int()
    .min(1)
    .max(3_650)
    .default(8)
    .describe('People are told when the last one that was restored as a drill is older.'),
  maxHours: z.number().min(0.01).max(240).default(12).describe('What one backup may take.'),
};

export const BACKUP_KINDS = ['full', 'incremental', 'differential'] as const;
export type BackupKind = (typeof BACKUP_KINDS)[number];

const units = z
  .array(UnitName)
  .max(20)
  .default([])
  .describe('Of systemd: what uses it, and stands still for the moment in which a restore swaps it.');

/** Servers whose tables are backed up; they differ in their programs. */
export const DATABASES = ['mariadb', 'mysql'] as const;
export type Database = (typeof DATABASES)[number];

export const isDatabase = <T extends { kind: string }>(one: T): one is Extract<T, { kind: Database }> =>
  DATABASES.some((kind) => kind === one.kind);

const server = (unit: string) => ({
  unit: UnitName.default(unit).describe('The server, as systemd knows it: a restore stops and starts it.'),
  login: z
    .strictObject({ user: z.string().min(1).max(80), password: Reference })
    .optional()
    .describe('Who asks the server; default: root, by its socket.'),
  socket: AbsolutePath.default('/run/mysqld/mysqld.sock').describe('Where the server is asked, on its host.'),
  queries: z
    .array(
      z.strictObject({
        name: Name,
        sql: z.string().min(1).max(2_000).describe('Gives one value of a restored database.'),
        equals: z.string().max(200).optional(),
        atLeast: z.number().optional(),
      }),
    )
    .max(20)
    .default([])
    .describe('What a drill asks the restored database, beside counting and summing up its tables.'),
  checksums: z
    .boolean()
    .default(true)
    .describe(
      'Sum up all tables as the backup holds them (physical: at its first drill): a drill compares them.',
    ),
});

const MariaDb = z.strictObject({
  kind: z.literal('mariadb'),
  ...common,
  method: z
    .enum(['logical', 'physical'])
    .default('logical')
    .describe(
      'logical: a dump; physical: the files of the server, of which later backups may hold what changed since.',
    ),
  ...server('mariadb.service'),
});

const MySql = z.strictObject({
  kind: z.literal('mysql'),
  ...common,
  method: z.literal('logical').default('logical').describe('A dump.'),
  ...server('mysql.service'),
});

const Folders = z.strictObject({
  kind: z.literal('folders'),
  ...common,
  units,
  folders: z.array(AbsolutePath).min(1).max(100),
  exclude: z
    .array(z.string().regex(/^[^-\p{C}][^\p{C}]{0,499}$/u, 'a pattern, as restic has them'))
    .max(100)
    .default([]),
});

const Git = z.strictObject({
  kind: z.literal('git'),
  ...common,
  units,
  repository: AbsolutePath.describe(
    'Where it lies on its host, bare or not; all its branches and tags are backed up.',
  ),
});

export const BackupSource = z
  .discriminatedUnion('kind', [MariaDb, MySql, Folders, Git])
  .refine(({ role, host }) => (role === undefined) !== (host === undefined), 'either role or host');
export type BackupSource = z.output<typeof BackupSource>;

export const BackupStore = z
  .strictObject({
    host: Name.describe('The host that keeps them.'),
    folder: AbsolutePath.default('/srv/pawl-backups').describe('Where they lie there.'),
    account: Account.default('pawl-backup').describe(
      'Whom hosts log in as to add to them. Pawl makes it; it can do nothing else.',
    ),
    address: z
      .string()
      .regex(/^[A-Za-z0-9:][A-Za-z0-9.:%_-]{0,252}$/, 'a host name or an IP address without a port')
      .optional()
      .describe('How hosts reach it; default: as this file says.'),
    password: Reference.describe('Encrypts them. Who loses it has no backups.'),
  })
  .describe('Where backups are kept.');
export type BackupStore = z.output<typeof BackupStore>;

export const Backups = z
  .strictObject({
    store: BackupStore,
    sources: z
      .record(Name, BackupSource)
      .refine((sources) => Object.keys(sources).length > 0, 'at least one source')
      .describe('What is backed up, by name.'),
  })
  .describe('What is backed up, and where to.');
export type Backups = z.output<typeof Backups>;

const Moment = z.iso.datetime();
const Sum = z.string().regex(/^[0-9a-f]{64}$/);

/** A table as a backup holds it. */
export const Table = z.object({
  /** `shop.orders` */
  name: z.string(),
  engine: z.string(),
  rows: z.number(),
  /** by `CHECKSUM TABLE`; null: the server has none */
  checksum: z.number().nullable(),
});
export type Table = z.output<typeof Table>;

/** `refs/heads/main` */
export const Ref = z.object({ name: z.string(), commit: z.string() });
export type Ref = z.output<typeof Ref>;

const Lsn = z.string().regex(/^\d{1,20}$/);

/** Where a backup of files stands in the history of its server. LSNs are counted in bytes of InnoDB's log. */
export const Physical = z.object({
  /** it holds the pages that changed since; `0`: all */
  fromLsn: Lsn,
  /** from which one that builds on it goes on */
  toLsn: Lsn,
  /** up to which it holds everything */
  lastLsn: Lsn,
  /** of the server's files; a restored server has others, and another history */
  birth: z.string(),
});
export type Physical = z.output<typeof Physical>;

/** A place in a server's binary logs. */
export const Position = z.object({ file: z.string(), at: z.number() });
export type Position = z.output<typeof Position>;

/** What an increment of a dump needs to know of the server's binary logs: it holds those that follow on its parent's `position`. */
export const Binlog = z.object({
  /** where the logs begin that it holds; null: it is a dump */
  from: Position.nullable(),
  /** what the log at `position` begins with; one that was begun anew under the same name has something else */
  mark: z.string(),
  /** of the server's files */
  birth: z.string(),
  /** in which statements of the logs were meant, `Europe/Berlin` */
  zone: z.string().regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/),
});
export type Binlog = z.output<typeof Binlog>;

export const Content = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal(DATABASES),
    server: z.string(),
    /** of the server's binary log, at the moment that the backup holds */
    position: Position.nullable(),
    tables: z.array(Table),
    /** names of tables that were written while they were read: no moment holds for them */
    uncovered: z.array(z.string()),
    /** of a backup of the server's files; `tables` is empty then: nobody can read them before it is restored */
    physical: Physical.optional(),
    /** undefined: nothing can build on it by logs. `tables` of what holds logs is empty: nobody can read them before they are replayed */
    binlog: Binlog.optional(),
  }),
  z.object({ kind: z.literal('folders'), folders: z.array(z.string()), files: z.number() }),
  z.object({
    kind: z.literal('git'),
    repository: z.string(),
    /** it has no files checked out; undefined: nobody has asked */
    bare: z.boolean().optional(),
    /** `git:git` */
    owner: z.string().optional(),
    /** the branch that is checked out, `refs/heads/main` */
    head: z.string().optional(),
    /** branches, tags, and whatever else has a name */
    refs: z.array(Ref),
  }),
]);
export type Content = z.output<typeof Content>;

/** One backup, as the store knows it. It is there when all of it has been read back, and not before. */
export const BackupEntry = z.object({
  format: z.literal(1),
  /** `shop-data.db1.20261129T020000123Z` */
  id: z.string(),
  source: z.string(),
  host: z.string(),
  kind: z.enum(BACKUP_KINDS),
  /** what it builds on */
  parent: z.string().nullable(),
  /** the moment that it holds */
  at: Moment,
  /** from its begin until it was read back */
  seconds: z.number(),
  /** of what was backed up */
  bytes: z.number(),
  /** by which the store grew */
  stored: z.number(),
  /** restic's name for it */
  snapshot: z.string().regex(/^[0-9a-f]{8,64}$/),
  /** SHA-256 of the stream; null: there are many files, and restic has sums of all */
  sha256: Sum.nullable(),
  content: Content,
  /** workflow id */
  run: z.string(),
});
export type BackupEntry = z.output<typeof BackupEntry>;

/** That a backup was restored, and was found to be what it says. */
export const Proof = z.object({
  format: z.literal(1),
  /** of the backup */
  id: z.string(),
  at: Moment,
  /** until it could be used */
  seconds: z.number(),
  run: z.string(),
  /** what it held, of a backup that does not say so itself */
  tables: z.array(Table).optional(),
});
export type Proof = z.output<typeof Proof>;

/** What the store knows of one source. */
export interface Catalogue {
  source: string;
  entries: BackupEntry[];
  /** by id of the backup, the newest */
  proofs: Record<string, Proof>;
}
