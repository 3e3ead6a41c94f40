/** The files of a database that is written to all the time, in chains: each of them restored, and equal to what was there. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { longIt } from '../long';
import { ended, Ground } from './ground';

jest.setTimeout(240_000);
const SOURCE = 'shop-files';

interface Entry {
  id: string;
  kind: string;
  parent: string | null;
  at: string;
  bytes: number;
  stored: number;
  content: { tables: unknown[]; position: { file: string } | null; physical: { birth: string } };
}
interface Proof {
  tables: { name: string; rows: number; checksum: number }[];
}

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-physical', 1, { database: true, backup: true });
  await writeFile(join(dirname(ground.cluster), 'password'), 'a-password-that-nobody-may-see');
  const cluster = parse(await readFile(ground.cluster, 'utf8')) as {
    backups: { store: object; sources: object };
  };
  Object.assign(cluster.backups.store, { password: 'file:password' });
  Object.assign(cluster.backups.sources, {
    [SOURCE]: {
      ...{ kind: 'mariadb', host: 'db1', method: 'physical' },
      login: { user: 'keeper', password: 'file:password' },
      queries: [
        { name: 'no-gap', sql: 'SELECT MAX(id) - COUNT(*) FROM shop.ledger', equals: '0' },
        { name: 'none-lost', sql: 'SELECT SUM(n) FROM shop.stock', equals: '100000' },
      ],
    },
  });
  await writeFile(ground.cluster, stringify(cluster));
  await on(
    'db1',
    'printf "[mysqld]\\nlog_bin=mysql-bin\\n" >/etc/mysql/mariadb.conf.d/99-test.cnf; systemctl restart mariadb',
  );
  await sql(`CREATE USER keeper@localhost IDENTIFIED BY 'a-password-that-nobody-may-see';
    GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO keeper@localhost;
    CREATE DATABASE shop; USE shop;
    CREATE TABLE ledger (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(200)) ENGINE=InnoDB;
    INSERT INTO ledger (what) SELECT REPEAT('x', 100) FROM seq_1_to_50000; ALTER TABLE ledger AUTO_INCREMENT = 50001;
    CREATE TABLE stock (id INT PRIMARY KEY, n INT) ENGINE=InnoDB;
    INSERT INTO stock SELECT seq, 100 FROM seq_1_to_1000;
    CREATE TABLE old (id INT) ENGINE=MyISAM; INSERT INTO old VALUES (7);`);
  await write();
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

const sql = (text: string) =>
  ground.inside('db1', 'mariadb', '--skip-column-names', '--batch', '--execute', text);
const on = (host: string, command: string) => ground.inside(host, 'sh', '-c', command);
const start = (type: string, more: object = {}) =>
  ground.client.workflow.start(type, {
    taskQueue: 'pawl',
    workflowId: `${type}-${Date.now()}`,
    args: [{ cluster: ground.cluster, source: SOURCE, ...more }],
  });
const backup = async (kind: string, more: object = {}) =>
  ended(await start('backup', { kind, pauseSeconds: 1, ...more }));
const drill = async (id: string, more: object = {}) =>
  ended(await start('restoreDrill', { pick: { id }, ...more }));
const read = async <T>(place: string): Promise<T[]> => {
  const found = await on('bk1', `cat /srv/pawl-backups/${SOURCE}/${place}/*.json 2>/dev/null || true`);
  return found.split('\n').flatMap((line) => (line ? [JSON.parse(line) as T] : []));
};
const catalogue = async () =>
  (await read<Entry>('catalogue')).sort((one, other) => one.id.localeCompare(other.id));
const newest = async () => (await catalogue()).at(-1)!;
const proofOf = async (id: string) =>
  JSON.parse(await on('bk1', `cat /srv/pawl-backups/${SOURCE}/proofs/${id}.json`)) as Proof;

/** All the time: a ledger that only grows, and a stock that is moved about in transactions. */
const write = () =>
  on(
    'db1',
    `systemd-run -q --unit=writer sh -c 'n=0; while :; do n=$((n + 1)); a=$((n * 7 % 1000 + 1)); b=$((n * 13 % 1000 + 1));
      echo "INSERT INTO ledger (what) VALUES (REPEAT(CHAR(65 + $n % 26), 150)); START TRANSACTION;
        UPDATE stock SET n = n - 1 WHERE id = $a; UPDATE stock SET n = n + 1 WHERE id = $b; COMMIT;"; sleep 0.01; done |
      mariadb shop'`,
  );

/** The drill says how many rows of the ledger came back, and their sum; the live table must have the same ones. */
async function equalToLive(id: string): Promise<number> {
  const ledger = (await proofOf(id)).tables.find(({ name }) => name === 'shop.ledger')!;
  const [, sum] = (
    await sql(`CREATE DATABASE cmp; CREATE TABLE cmp.ledger LIKE shop.ledger;
      INSERT INTO cmp.ledger SELECT * FROM shop.ledger WHERE id <= ${ledger.rows}; CHECKSUM TABLE cmp.ledger`)
  ).split('\t');
  await sql('DROP DATABASE cmp');
  expect(ledger.checksum).toBe(Number(sum));
  return ledger.rows;
}

it('only of a source of files is there more than a full one, and all mistakes are told at once', async () => {
  const run = await ended(await start('backup', { source: 'web-files', kind: 'incremental' }));
  expect([run.end, run.message]).toEqual([
    'BadInput',
    expect.stringContaining('kind: incremental: only a full backup can be taken of this source'),
  ]);
  expect(await on('bk1', 'ls /srv')).toBe('');
});

it('a chain of a full one, increments, and a differential one, each restored and equal', async () => {
  const rows: number[] = [];
  // where there is none to build on, it is a full one
  for (const [kind, more] of [
    ['incremental', ''],
    ['incremental', 'CREATE TABLE late (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO late VALUES (1)'],
    ['differential', 'INSERT INTO old VALUES (8); SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0.001'],
    ['incremental', 'DROP TABLE late; ALTER TABLE stock ADD COLUMN more INT, ADD KEY (n)'],
    [
      'incremental',
      'CREATE TABLE big ENGINE=InnoDB SELECT seq AS id, REPEAT("y", 100) AS what FROM seq_1_to_20000',
    ],
  ] as const) {
    if (more) await sql(`USE shop; ${more}`);
    const run = await backup(kind);
    console.log(run.message, run.report.notes);
    expect([run.end, run.message]).toEqual(['succeeded', expect.stringContaining('read back')]);
    const { id } = await newest();
    const drilled = await drill(id);
    console.log(drilled.message);
    expect([drilled.end, drilled.message]).toEqual([
      'succeeded',
      expect.stringMatching(/CHECK TABLE … EXTENDED found no fault in \d\d tables; .*noted for later drills/),
    ]);
    rows.push(await equalToLive(id));
  }
  const [full, first, differential, second, third] = await catalogue();
  expect((await catalogue()).map(({ kind, parent }) => [kind, parent])).toEqual([
    ['full', null],
    ['incremental', full!.id],
    ['differential', full!.id],
    ['incremental', differential!.id],
    ['incremental', second!.id],
  ]);
  console.log(
    rows,
    [full, first, differential, second, third].map((entry) => [entry!.bytes, entry!.stored]),
  );
  expect([...rows].sort((one, other) => one - other)).toEqual(rows);
  expect(third!.content.position?.file).toMatch(/^mysql-bin\.\d+$/);
});

longIt('a later drill finds what the first one found, and says so when it does not', async () => {
  const { id } = await newest();
  expect((await drill(id)).message).toContain('equal to what the drill of');
  await on('bk1', `sed -i 's/"checksum":[0-9]*/"checksum":1/' /srv/pawl-backups/${SOURCE}/proofs/${id}.json`);
  const run = await drill(id);
  expect([run.end, run.message]).toEqual(['Failed', expect.stringContaining('has other rows than it had')]);
});

longIt('one that is killed again and again is no backup, and the next one is', async () => {
  const before = await catalogue();
  await on(
    'db1',
    `systemd-run -q --unit=killer sh -c 'while :; do pgrep -x mariadb-backup >/dev/null &&
      systemctl kill -s KILL $(systemctl list-units --plain --no-legend "pawl-job-*" | cut -d " " -f 1); sleep 0.1; done'`,
  );
  const run = await backup('incremental', { attempts: 1 });
  await on('db1', 'systemctl stop killer');
  console.log(run.message);
  expect([run.end, await catalogue()]).toEqual(['Failed', before]);
  const again = await backup('incremental');
  expect([again.end, (await newest()).parent]).toEqual(['succeeded', before.at(-1)!.id]);
  expect((await drill((await newest()).id)).end).toBe('succeeded');
  await equalToLive((await newest()).id);
});

it('after a restore of the server the next one is full', async () => {
  await on(
    'db1',
    `systemctl stop writer mariadb; cd /var/lib; cp -a mysql restored; rm -rf mysql; mv restored mysql; systemctl start mariadb`,
  );
  await write();
  const run = await backup('incremental');
  expect([run.end, run.report.notes, (await newest()).kind]).toEqual([
    'succeeded',
    expect.arrayContaining([
      expect.stringMatching(/a full one is taken; nothing can build on .*as after a restore/),
    ]),
    'full',
  ]);
});

it('of a broken chain nothing is restored, and nothing builds on it', async () => {
  const full = await newest();
  expect((await backup('incremental')).end).toBe('succeeded');
  const last = await newest();
  expect(last.parent).toBe(full.id);
  await on('bk1', `rm /srv/pawl-backups/${SOURCE}/catalogue/${full.id}.json`);
  const broken = `${full.id}, which ${last.id} builds on, is not in the catalogue`;
  const drilled = await drill(last.id);
  expect([drilled.end, drilled.message]).toEqual(['Failed', expect.stringContaining(broken)]);
  expect((await drill(last.id, { dryRun: true })).end).toBe('BadInput');
  const run = await backup('incremental');
  console.log(run.report.notes);
  expect([run.end, run.report.notes, (await newest()).kind]).toEqual([
    'succeeded',
    expect.arrayContaining([`db1: a full one is taken; nothing can build on ${last.id}: ${broken}`]),
    'full',
  ]);
});

it('nothing of it is left but backups and proofs, and no password was to be seen', async () => {
  const left =
    'find /var/lib/pawl-scratch /run/pawl/backups /var/lib/pawl/backups/results -mindepth 1 -not -path "*/work.*"; pgrep mariadbd || true';
  expect(await on('bk1', left)).toBe('');
  expect(
    await on('db1', 'find /run/pawl/backups /var/lib/pawl/backups/results -mindepth 1 -not -path "*/work.*"'),
  ).toBe('');
  expect(await on('bk1', `cat /srv/pawl-backups/${SOURCE}/catalogue/*`)).not.toContain('a-password');
});
