/** What is backed up of a MariaDB is backed up of a MySQL, and comes back. */
import { installMysql } from '../../lab/mysql';
import { backedUp, catalogue, editCluster, leftOn, PASSWORDS, through } from '../lab/backups';
import { ended, type Ground } from '../lab/ground';
import { startRecovery } from '../lab/recoveries';

jest.setTimeout(240_000);
const NAME = 'test-mysql';
let ground: Ground;

const on = (command: string, host = 'db1') => ground.inside(host, 'sh', '-c', command);
const sql = (text: string) =>
  ground.inside('db1', 'mysql', '--skip-column-names', '--batch', '--execute', text);
const sums = () => sql('CHECKSUM TABLE shop.orders, shop.old, shop.`odd `` name`');

beforeAll(async () => {
  ground = await backedUp(NAME, 1, {
    'shop-data': {
      ...{ kind: 'mysql', host: 'db1', login: { user: 'backup', password: 'file:login-password' } },
      queries: [{ name: 'some', sql: 'SELECT COUNT(*) FROM shop.orders', atLeast: 5_000 }],
    },
  });
  await installMysql(NAME, ['db1', 'bk1'], 'db1');
  await editCluster(ground, (file) => {
    file.services = {
      web: file.services['web']!,
      database: {
        ...{ role: 'database', unit: 'mysql.service', port: 3306, routes: [] },
        release: { kind: 'deb', package: 'mysql-server' },
        health: { command: ['mysql', '--execute', 'SELECT 1'] },
      },
    };
    delete file.backups.sources['web-files'];
  });
  await sql(`CREATE USER backup@localhost IDENTIFIED BY '${PASSWORDS.login}'; GRANT ALL ON *.* TO backup@localhost;
    CREATE USER shopkeeper@localhost IDENTIFIED BY 'x'; GRANT SELECT ON shop.* TO shopkeeper@localhost;
    CREATE DATABASE shop; USE shop; SET cte_max_recursion_depth = 10000;
    CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(200), more JSON, bytes VARBINARY(20)) ENGINE=InnoDB;
    CREATE TABLE \`odd \`\` name\` (id INT) ENGINE=InnoDB; INSERT INTO \`odd \`\` name\` VALUES (1), (2);
    CREATE TABLE old (id INT) ENGINE=MyISAM; INSERT INTO old VALUES (7);
    CREATE PROCEDURE one() SELECT 1; CREATE EVENT never ON SCHEDULE EVERY 1 YEAR DO SELECT 1;
    CREATE VIEW some AS SELECT id FROM orders;
    CREATE TRIGGER twice BEFORE INSERT ON \`odd \`\` name\` FOR EACH ROW SET NEW.id = NEW.id;
    INSERT INTO orders (what, more, bytes) WITH RECURSIVE seq AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM seq WHERE n < 5000)
      SELECT REPEAT('ü', 100), JSON_OBJECT('n', n), UNHEX('00ff27') FROM seq;`);
}, 900_000);
afterAll(() => ground?.remove(), 60_000);

it('a database that is written to is backed up at one moment', async () => {
  const writes = `for i in $(seq 100); do mysql shop -e "INSERT INTO orders (what) VALUES ('w')" || exit 1; done`;
  const writer = on(writes);
  const run = await through(ground, 'backup', 'shop-data');
  await writer;
  expect([run.end, run.message]).toEqual(['succeeded', expect.stringContaining('read back')]);
  const [entry] = await catalogue(ground, 'shop-data');
  expect(entry!.content).toMatchObject({
    ...{ kind: 'mysql', uncovered: ['shop.old'] },
    position: { file: expect.stringMatching(/^\S+\.\d+$/) as string },
  });
  console.log(run.message, JSON.stringify(entry));
});

it('a drill restores it on the store, and finds it equal', async () => {
  const run = await through(ground, 'restoreDrill', 'shop-data');
  console.log(run.message);
  expect([run.end, run.message]).toEqual([
    'succeeded',
    expect.stringMatching(/can be restored: 3 tables with 5,\d{3} rows, 3 by checksum, 1 query; /),
  ]);
  expect([
    await leftOn(ground, 'bk1'),
    await leftOn(ground, 'db1'),
    await on('pgrep mysqld || true', 'bk1'),
  ]).toEqual(['', '', '']);
});

it('what only MariaDB can do is refused before anything is touched', async () => {
  const { end, message } = await through(ground, 'backup', 'shop-data', { kind: 'incremental' });
  expect([end, message]).toEqual(['BadInput', expect.stringContaining('only a full backup can be taken')]);
});

it('comes back into a folder of its own, and can be used as the run says', async () => {
  const run = await through(ground, 'restore', 'shop-data');
  expect([run.end, run.message]).toEqual([
    'succeeded',
    expect.stringMatching(/is in .* on db1: .*3 tables with/),
  ]);
  const [server, client] = run.report.notes.at(-1)!.split(': ')[1]!.split(' & ');
  await on(
    `systemd-run -q --unit=look ${server}; for i in $(seq 100); do ${client} -e 'SELECT 1' && exit 0; sleep 0.1; done; exit 1`,
  );
  expect(await on(`${client} -N -e 'SELECT id FROM shop.old; CALL shop.one()'`)).toBe('7\n1');
  await on('systemctl stop look');
});

it('is only started where it stands still', async () => {
  await on('systemctl stop mysql');
  const { end, report } = await ended(await startRecovery(ground, {}));
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  expect(report.recovery!.steps[0]!.how).toMatch(/^it only stood still/);
});

it.each([
  ['a table has lost its file', 'rm /var/lib/mysql/shop/orders.ibd'],
  ['all is gone', 'systemctl kill -s KILL mysql; rm -rf /var/lib/mysql/*'],
])('comes back in its place where %s', async (_, damage) => {
  const full = await through(ground, 'backup', 'shop-data');
  expect(full.end).toBe('succeeded');
  const wanted = await sums();
  await sql("INSERT INTO shop.orders (what) VALUES ('since the backup')");
  await on(damage);
  const { end, report } = await ended(await startRecovery(ground, {}));
  console.log(report.summary);
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  expect(await sums()).toBe(wanted);
  expect(
    await on(
      "mysql --user=shopkeeper --password=x -N -e 'SELECT COUNT(*) > 4999 FROM shop.orders' 2>/dev/null",
    ),
  ).toBe('1');
  expect(await sql('CALL shop.one(); SELECT COUNT(*) FROM shop.some WHERE id = 1')).toBe('1\n1');
  const [aside] = report.recovery!.steps[0]!.aside;
  await on(`test -d ${aside}`);
});
