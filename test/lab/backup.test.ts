/** Backups of a database that is written to, and of folders, to a store that hosts can only add to. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from '../../lab/paths';
import type { Ground } from './ground';
import { backedUp, catalogue, leftOn, PASSWORDS, sql, STORE, through } from './backups';
import { texts } from './texts';

jest.setTimeout(180_000);
const NAME = 'test-backup';

let ground: Ground;
beforeAll(async () => {
  ground = await backedUp(NAME, 2, {
    'shop-data': {
      ...{ kind: 'mariadb', host: 'db1', login: { user: 'backup', password: 'file:login-password' } },
      queries: [
        { name: 'some', sql: 'SELECT COUNT(*) FROM shop.orders', atLeast: 50_000 },
        { name: 'odd', sql: 'SELECT SUM(id) FROM shop.`odd `` name`', equals: '3' },
      ],
    },
  });
  await sql(
    ground,
    `CREATE USER backup@localhost IDENTIFIED BY '${PASSWORDS.login}'; GRANT ALL ON *.* TO backup@localhost;
    CREATE DATABASE shop; USE shop;
    CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(200), n INT) ENGINE=InnoDB;
    CREATE TABLE \`odd \`\` name\` (id INT) ENGINE=InnoDB; INSERT INTO \`odd \`\` name\` VALUES (1), (2);
    CREATE TABLE old (id INT) ENGINE=MyISAM; INSERT INTO old VALUES (7);
    CREATE PROCEDURE one() SELECT 1; CREATE EVENT never ON SCHEDULE EVERY 1 YEAR DO SELECT 1;
    CREATE TRIGGER twice BEFORE INSERT ON \`odd \`\` name\` FOR EACH ROW SET NEW.id = NEW.id;
    INSERT INTO orders (what, n) SELECT REPEAT('x', 100), seq FROM seq_1_to_50000;`,
  );
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

const onStore = (command: string) => ground.inside('bk1', 'sh', '-c', command);

it('a plan says what would be done, and touches nothing', async () => {
  const run = await through(ground, 'backup', 'shop-data', { dryRun: true });
  expect([run.end, run.report.notes]).toEqual([
    'planned',
    ['db1: no moment holds for shop.old: these tables know no transactions'],
  ]);
  expect([await onStore('ls /srv'), await leftOn(ground, 'db1')]).toEqual(['', '']);
});

it('a database that is written to is backed up at one moment, with all that belongs to it', async () => {
  const writes = `for i in $(seq 400); do mariadb shop -e "INSERT INTO orders (what, n) VALUES ('w', $i)" || exit 1; done`;
  const writer = ground.inside('db1', 'sh', '-c', writes);
  const watched = ground.inside(
    'db1',
    'sh',
    '-c',
    'for i in $(seq 60); do ps -ewwo args; cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"; sleep 0.1; done',
  );
  const run = await through(ground, 'backup', 'shop-data');
  await writer;
  expect([run.end, run.message]).toEqual(['succeeded', expect.stringContaining('read back')]);
  const [entry] = await catalogue(ground, 'shop-data');
  expect(entry).toMatchObject({ source: 'shop-data', host: 'db1', kind: 'full', parent: null });
  expect(entry!.content).toMatchObject({ uncovered: ['shop.old'] });
  const tables = entry!.content.kind === 'mariadb' ? entry!.content.tables : [];
  expect(tables.map(({ name }) => name)).toEqual(['shop.odd ` name', 'shop.old', 'shop.orders']);
  const seen = await watched;
  expect(seen).toContain('mariadb-dump');
  for (const secret of Object.values(PASSWORDS)) expect(seen).not.toContain(secret);
});

it('folders of all hosts of a role', async () => {
  expect((await through(ground, 'backup', 'web-files')).end).toBe('succeeded');
  expect((await catalogue(ground, 'web-files')).map(({ host }) => host).sort()).toEqual(['n1', 'n2']);
});

it('hosts can add to the store, and do nothing else there', async () => {
  const ssh = 'ssh -F /var/lib/pawl/backups/shop-data/ssh_config store';
  const shell = await ground.inside(
    'db1',
    'sh',
    '-c',
    `timeout 5 ${ssh} 'touch /tmp/mine; echo in' </dev/null 2>&1 || true`,
  );
  expect(shell).not.toMatch(/^in$/m);
  expect(await onStore('ls /tmp/mine 2>/dev/null || true')).toBe('');
  const before = await onStore(
    `find ${STORE}/*/repository/data ${STORE}/*/repository/snapshots -type f | sort`,
  );
  const forget = `mkdir -p /run/try; printf %s '${PASSWORDS.store}' >/run/try/p; RESTIC_PASSWORD_FILE=/run/try/p timeout 20 restic -r rclone:x -o rclone.program='${ssh}' forget --prune --keep-last 1 --group-by '' 2>&1 || true; rm -r /run/try`;
  await ground.inside('db1', 'sh', '-c', forget);
  expect(
    await onStore(`find ${STORE}/*/repository/data ${STORE}/*/repository/snapshots -type f | sort`),
  ).toBe(before);
});

it('a drill restores what was backed up, finds it equal, and leaves nothing but the proof', async () => {
  const data = await through(ground, 'restoreDrill', 'shop-data');
  expect([data.end, data.message]).toEqual([
    'succeeded',
    expect.stringMatching(
      /can be restored: 3 tables with 50,\d{3} rows, 3 by checksum, 2 queries; it could be used after \d+ s$/,
    ),
  ]);
  const files = await through(ground, 'restoreDrill', 'web-files', { host: 'n2' });
  expect([files.end, files.message]).toEqual([
    'succeeded',
    expect.stringMatching(/ files, each byte of them;/),
  ]);
  for (const source of ['shop-data', 'web-files'])
    expect((await onStore(`ls ${STORE}/${source}/proofs`)).split('\n')).toHaveLength(1);
  expect([await leftOn(ground, 'bk1'), await leftOn(ground, 'db1')]).toEqual(['', '']);
  expect(await onStore('pgrep mariadbd || true')).toBe('');
});

it('routines, events and triggers are in it', async () => {
  const [entry] = await catalogue(ground, 'shop-data');
  const dump = `cd /; printf %s '${PASSWORDS.store}' >/tmp/p; chown pawl-backup /tmp/p; setpriv --reuid pawl-backup --regid pawl-backup --clear-groups env HOME=/tmp RESTIC_PASSWORD_FILE=/tmp/p restic --no-cache -r ${STORE}/shop-data/repository dump ${entry!.snapshot} /dump.sql | grep -oE 'PROCEDURE .one|EVENT .never|TRIGGER .?twice' | sort -u; rm /tmp/p`;
  expect((await onStore(dump)).replaceAll('`', '')).toBe('EVENT never\nPROCEDURE one\nTRIGGER twice');
});

it('a drill finds what is otherwise', async () => {
  const file = `$(ls ${STORE}/shop-data/catalogue/*.json)`;
  await onStore(
    `sed -i 's/"name":"shop.orders","engine":"InnoDB","rows":[0-9]*/"name":"shop.orders","engine":"InnoDB","rows":7/' ${file}`,
  );
  const run = await through(ground, 'restoreDrill', 'shop-data');
  expect([run.end, run.message]).toEqual([
    'Failed',
    expect.stringMatching(/is not proven: shop\.orders has 50\d{3} rows, and had 7/),
  ]);
});

it('no password stands in a history, a log, or a file that stays', async () => {
  const found: string[] = [readFileSync(join(stateDir, 'workers', `${NAME}.log`), 'utf8')];
  for await (const { workflowId } of ground.client.workflow.list())
    found.push(...texts(await ground.client.workflow.getHandle(workflowId).fetchHistory()));
  for (const host of ['db1', 'bk1', 'n1'])
    found.push(
      await ground.inside(
        host,
        'sh',
        '-c',
        'cat $(find /var/lib/pawl /var/cache/pawl /var/log -type f -size -4M) | tr -d "\\0"; journalctl --no-pager -q | tail -n 5000',
      ),
    );
  expect(found.join('').length).toBeGreaterThan(10_000);
  for (const secret of Object.values(PASSWORDS))
    expect(found.filter((text) => text.includes(secret))).toEqual([]);
});
