/** A database that is written to all the time, by its binary logs: any moment comes back, and in its place the last one. */
import { setTimeout as delay } from 'node:timers/promises';
import { startOrders } from '../../lab/service';
import type { BackupEntry, Proof } from '../../src/contracts/backups';
import { longIt, selection } from '../long';
import { ended, type Ground } from './ground';
import { backedUp, catalogue, leftOn, sql, STORE, through } from './backups';
import { byHand, type ByHand } from './restores';

jest.setTimeout(240_000);
const NAME = 'test-binlogs';
const SOURCE = 'shop-data';
const LOGS = '/var/log/mysql';

let ground: Ground;
let hand: ByHand;
beforeAll(async () => {
  ground = await backedUp(NAME, 1, {
    [SOURCE]: {
      ...{ kind: 'mariadb', host: 'db1' },
      queries: [{ name: 'no-gap', sql: 'SELECT MAX(id) - COUNT(*) FROM shop.orders', equals: '0' }],
    },
  });
  hand = byHand(ground);
  // statements mean another time there than on the store
  await on('ln -sf /usr/share/zoneinfo/America/New_York /etc/localtime; systemctl restart mariadb');
  await startOrders(NAME, 'db1');
  await sql(ground, 'CREATE TABLE shop.notes (id INT PRIMARY KEY AUTO_INCREMENT, what TEXT, at DATETIME)');
}, 300_000);
afterAll(async () => {
  await hand?.close();
  await ground?.remove();
}, 60_000);

const on = (command: string, host = 'db1') => ground.inside(host, 'sh', '-c', command);
const newest = async () => (await catalogue(ground, SOURCE)).at(-1)!;
const backup = (kind: string) => through(ground, 'backup', SOURCE, { kind });
const drill = ({ id }: BackupEntry) => through(ground, 'restoreDrill', SOURCE, { pick: { id } });
const orders = (where: string) =>
  `SELECT COUNT(*), COALESCE(BIT_XOR(CONV(LEFT(SHA1(CONCAT(id, what, at)), 15), 16, 10)), 0) FROM shop.orders WHERE ${where}`;

/** Rows of orders that its last drill has found; the live table must have the same ones. */
async function equalToLive({ id }: BackupEntry): Promise<number> {
  const proof = JSON.parse(await on(`cat ${STORE}/${SOURCE}/proofs/${id}.json`, 'bk1')) as Proof;
  const found = (name: string) => proof.tables!.find((table) => table.name === name)!;
  const { rows, checksum } = found('shop.orders');
  const sums = await sql(
    ground,
    `CREATE TABLE shop.cmp LIKE shop.orders; INSERT INTO shop.cmp SELECT * FROM shop.orders WHERE id <= ${rows};
      CHECKSUM TABLE shop.cmp, shop.notes; DROP TABLE shop.cmp`,
  );
  expect(sums).toBe(`shop.cmp\t${checksum}\nshop.notes\t${found('shop.notes').checksum}`);
  return rows;
}

it('a full one, and two increments of binary logs, restored and equal to what was there', async () => {
  expect((await backup('incremental')).end).toBe('succeeded');
  const full = await newest();
  expect(full.kind).toBe('full');
  const rows: number[] = [];
  for (const more of [
    `INSERT INTO notes (what, at) VALUES ('by statement', NOW()); CREATE USER ann@localhost IDENTIFIED BY 'x';
      GRANT SELECT ON shop.* TO ann@localhost; CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1`,
    `ALTER TABLE notes ADD COLUMN more INT DEFAULT 7; INSERT INTO notes (what, at) SELECT REPEAT('y', 1000), NOW() FROM seq_1_to_2000;
      CREATE PROCEDURE one() SELECT 1; UPDATE notes SET more = RAND() * 1000`,
  ]) {
    await sql(ground, `USE shop; ${more}`);
    const run = await backup('incremental');
    expect([run.end, run.message]).toEqual(['succeeded', expect.stringContaining('read back')]);
    const entry = await newest();
    const drilled = await drill(entry);
    console.log(run.report.notes, drilled.message);
    expect([drilled.end, drilled.message]).toEqual([
      'succeeded',
      expect.stringMatching(
        /its dump as it was, .*; binary logs replayed to their end: .*noted for later drills/,
      ),
    ]);
    rows.push(await equalToLive(entry));
  }
  expect(rows[1]).toBeGreaterThan(rows[0]!);
  const [, first, second] = await catalogue(ground, SOURCE);
  expect([first!.parent, second!.parent]).toEqual([full.id, first!.id]);
  expect((await drill(second!)).message).toContain('equal to what the drill of');
  const run = await backup('differential');
  const last = await newest();
  expect([run.end, last.kind, last.parent]).toEqual(['succeeded', 'differential', full.id]);
  expect((await drill(last)).end).toBe('succeeded');
  await equalToLive(last);
});

it('a moment between two backups comes back, to the second', async () => {
  const [, first, second] = await catalogue(ground, SOURCE);
  const middle = (Date.parse(first!.at) + Date.parse(second!.at)) / 2;
  const at = new Date(Math.floor(middle / 1_000) * 1_000).toISOString();
  const run = await through(ground, 'restore', SOURCE, { at, folder: '/srv/moment' });
  console.log(run.message, run.report.notes);
  expect([run.end, run.message]).toEqual([
    'succeeded',
    expect.stringContaining(`binary logs replayed up to ${at}`),
  ]);
  const [server, client] = run.report.notes.at(-1)!.split(': ')[1]!.split(' & ');
  await on(`systemd-run -q --unit=look ${server}
    for i in $(seq 100); do ${client} -e 'SELECT 1' && exit 0; sleep 0.1; done; exit 1`);
  const before = `at < FROM_UNIXTIME(${Date.parse(at) / 1_000})`;
  const found = await on(
    `${client} -N -e "${orders('1')}; SELECT User FROM mysql.user WHERE User LIKE 'pawl%'"`,
  );
  expect(found).toBe(await sql(ground, orders(before)));
  await on('systemctl stop look; rm -rf /srv/moment');
});

it('a log that lost bytes is no backup, and a full one is', async () => {
  const log = (await on(`ls ${LOGS}/mysql-bin.0* | tail -n 1`)).trim();
  await delay(500);
  const size = Number(await on(`stat -c %s ${log}`));
  const byte = `printf '\\377' | dd of=${log} bs=1 seek=${size - 40} conv=notrunc 2>&1`;
  await on(byte);
  const before = await catalogue(ground, SOURCE);
  const run = await backup('incremental');
  console.log(run.message);
  expect([run.end, run.message]).toEqual([
    'Failed',
    expect.stringMatching(/is broken, so it is not backed up.*take a full/),
  ]);
  expect(await catalogue(ground, SOURCE)).toEqual(before);
  expect((await backup('full')).end).toBe('succeeded');
  expect((await backup('incremental')).end).toBe('succeeded');
  expect((await newest()).kind).toBe('incremental');
});

const gone: [string, (log: string) => string, string][] = [
  ['purged', (log) => `PURGE BINARY LOGS TO '${log}'`, 'was purged, or all were reset'],
  ['begun anew', () => 'RESET MASTER', 'anew, as after RESET MASTER'],
];
it.each(selection(gone, 1))(
  'logs that were %s: the next one is full, and says why',
  async (_, statement, why) => {
    await backup('full');
    const last = await newest();
    const position = last.content.kind === 'mariadb' ? last.content.position! : undefined;
    await sql(ground, 'FLUSH BINARY LOGS; DO SLEEP(1.1)');
    const active = (await sql(ground, 'SHOW MASTER STATUS')).split('\t')[0]!;
    await sql(ground, statement(active));
    // until its name is there again
    for (let tries = 20; why.startsWith('anew') && tries > 0; tries -= 1) {
      const [file] = (await sql(ground, 'SHOW MASTER STATUS')).split('\t');
      if (file === position!.file) break;
      await sql(ground, 'FLUSH BINARY LOGS');
    }
    const run = await backup('incremental');
    expect([run.end, run.report.notes, (await newest()).kind]).toEqual([
      'succeeded',
      expect.arrayContaining([
        expect.stringMatching(new RegExp(`a full one is taken; nothing can build on ${last.id}: .*${why}`)),
      ]),
      'full',
    ]);
  },
);

describe('in its place, what its own logs hold since the backup', () => {
  /** Writes as fast as it can, and notes each number that the server has taken. */
  const write = () =>
    on(`systemctl stop writer 2>/dev/null; rm -f /srv/acked
      mariadb -e 'CREATE OR REPLACE TABLE shop.acked (id INT PRIMARY KEY)'
      systemd-run -q --unit=writer sh -c 'n=0; while mariadb shop -e "INSERT INTO acked VALUES ($n)"; do echo $n >>/srv/acked; n=$((n + 1)); done'`);
  const inPlace = async () => {
    const restore = { source: SOURCE, host: 'db1', on: 'db1', backup: (await newest()).id };
    const of = { ...hand.of({ ...restore, place: 'inPlace' }), ownLogs: true };
    await hand.stage(of);
    expect((await hand.judge(of)).wrong).toEqual([]);
    return of;
  };
  /** Numbers that the server had taken and has not any more. */
  const lost = async () => {
    const has = new Set((await sql(ground, 'SELECT id FROM shop.acked')).split('\n'));
    const acked = (await on('cat /srv/acked')).split('\n');
    return { acked: acked.length, lost: acked.filter((id) => !has.has(id)).length };
  };

  // the disaster of disaster.test.ts has the other one, too
  const damages = [
    ['a server that goes on until it is swapped', 'rm /var/lib/mysql/shop/notes.ibd'],
    [
      'a server that is gone',
      'systemctl kill -s KILL mariadb; sleep 1; rm -rf /var/lib/mysql/shop /var/lib/mysql/ibdata1',
    ],
  ];
  it.each(selection(damages, 1))('nothing is lost: %s', async (_, damage) => {
    await write();
    expect((await backup('full')).end).toBe('succeeded');
    expect((await backup('incremental')).end).toBe('succeeded');
    await delay(2_000);
    await on(damage);
    const of = await inPlace();
    await delay(1_000);
    await hand.swapIn(of);
    const { own, seconds, aside } = await hand.swapped(of);
    await hand.clear(of);
    const found = await lost();
    console.log(own, seconds, aside, found);
    expect(own).toEqual({
      complete: true,
      at: expect.stringMatching(/^20\d\d-.*T\d\d:\d\d:\d\dZ$/),
      why: '',
    });
    expect([found.lost, found.acked > 100]).toEqual([0, true]);
    expect(await sql(ground, 'SELECT COUNT(*) FROM mysql.user WHERE user LIKE "pawl%"')).toBe('0');
    const run = await backup('incremental');
    expect([run.end, run.report.notes[0]]).toEqual([
      'succeeded',
      expect.stringContaining('a full one is taken; nothing can build on'),
    ]);
  });

  longIt('as far as they can be read, where one has lost bytes', async () => {
    await write();
    expect((await backup('full')).end).toBe('succeeded');
    await delay(2_000);
    await on(`systemctl kill -s KILL mariadb; sleep 1; log=$(ls ${LOGS}/mysql-bin.0* | tail -n 1); rm -rf /var/lib/mysql/shop
      systemctl stop mariadb.socket mariadb
      printf '\\377' | dd of=$log bs=1 seek=$(($(stat -c %s $log) - 3000)) conv=notrunc`);
    const of = await inPlace();
    await hand.swapIn(of);
    const { own } = await hand.swapped(of);
    await hand.clear(of);
    const found = await lost();
    console.log(own, found);
    expect(own).toEqual({
      complete: false,
      at: expect.stringMatching(/Z$/),
      why: expect.stringMatching(/crc check failed|read/),
    });
    expect(found.lost).toBeGreaterThan(0);
    expect(found.lost).toBeLessThan(found.acked / 2);
  });

  longIt('nothing, where another backup came back since', async () => {
    const of = await inPlace();
    await hand.swapIn(of);
    const { own } = await hand.swapped(of);
    await hand.clear(of);
    expect(own).toEqual({ complete: false, at: null, why: 'another backup came back in its place since' });
  });
});

longIt('the moment before a mistake comes back in its place, between two backups', async () => {
  expect((await backup('full')).end).toBe('succeeded');
  await sql(ground, "INSERT INTO shop.notes (what, at) VALUES ('before the mistake', NOW())");
  const wanted = await sql(ground, 'CHECKSUM TABLE shop.notes');
  await delay(1_100);
  const at = new Date().toISOString();
  await delay(1_100);
  await sql(ground, 'DROP TABLE shop.notes');
  expect((await backup('incremental')).end).toBe('succeeded');
  const input = { approvals: [], onFailure: 'freeze', hosts: ['db1'], since: at };
  const restore = [{ source: SOURCE, host: 'db1', at }];
  const run = await ground.client.workflow.start('disasterRecovery', {
    ...{ taskQueue: 'pawl', workflowId: `recovery-${Date.now()}` },
    args: [{ cluster: ground.cluster, ...input, restore }],
  });
  const { message, report } = await ended(run);
  const [restored] = report.recovery!.steps;
  console.log(message, restored);
  expect(restored!.how).toMatch(/binary logs replayed up to .*, before which nothing is lost/);
  // moments are whole seconds
  expect(restored!.lostSeconds).toBeLessThanOrEqual(1);
  expect(await sql(ground, 'CHECKSUM TABLE shop.notes')).toBe(wanted);
});

it('a server without binary logs is told what to set', async () => {
  await on(
    'printf "[mysqld]\\nskip_log_bin\\n" >/etc/mysql/mariadb.conf.d/99-off.cnf; systemctl restart mariadb',
  );
  const run = await through(ground, 'backup', SOURCE, { kind: 'incremental', dryRun: true });
  expect([run.end, run.message]).toEqual([
    'BadInput',
    expect.stringMatching(/set log_bin, server_id and expire_logs_days/),
  ]);
  const full = await through(ground, 'backup', SOURCE, { dryRun: true });
  expect(full.report.notes).toEqual([
    'db1: its binary log is off: nothing between two backups can be restored',
  ]);
  await on('rm /etc/mysql/mariadb.conf.d/99-off.cnf; systemctl restart mariadb');
});

it('nothing is left but backups and proofs', async () => {
  expect([await leftOn(ground, 'db1'), await leftOn(ground, 'bk1')]).toEqual(['', '']);
});
