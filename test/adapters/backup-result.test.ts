/** What the programs on hosts keep of backups and drills. */
import { parseRestored, parseResult, parseSwapped } from '../../src/adapters/backups/result';

const RESTIC =
  'restic {"snapshot_id":"7c6c3b38","total_bytes_processed":1000,"data_added":100,"total_files_processed":1}';

it('a copy of files says where it stands in the history of its server', () => {
  const text = [
    'at 2026-11-29T20:57:43Z',
    RESTIC,
    `sum ${'a'.repeat(64)}`,
    'server 10.11.18-MariaDB-0+deb12u1',
    "position MASTER_LOG_FILE='mysql-bin.000001', MASTER_LOG_POS=5573158;",
    'lsn 0 8077228 16094693',
    'birth 10127654:1795984233 10127700:1795984240',
    '',
  ].join('\n');
  expect(parseResult(text).database).toEqual({
    server: '10.11.18-MariaDB-0+deb12u1',
    position: { file: 'mysql-bin.000001', at: 5_573_158 },
    ...{ tables: [], uncovered: [] },
    physical: {
      ...{ fromLsn: '0', toLsn: '8077228', lastLsn: '16094693' },
      birth: '10127654:1795984233 10127700:1795984240',
    },
  });
});

it('newer ones of MySQL call a position otherwise', () => {
  const position = "position SOURCE_LOG_FILE='binlog.000003', SOURCE_LOG_POS=158;";
  const { database } = parseResult(['at 2026-11-29T20:57:43Z', RESTIC, position].join('\n'));
  expect(database.position).toEqual({ file: 'binlog.000003', at: 158 });
});

it('a dump says nothing of that', () => {
  const { database } = parseResult(['at 2026-11-29T20:57:43Z', RESTIC, ''].join('\n'));
  expect(database).toEqual({ server: 'unknown', position: null, tables: [], uncovered: [] });
});

it('a drill tells faults, tables and answers', () => {
  const text = [
    'seconds 9',
    'shape --innodb_page_size=16384 ',
    'fault the server says: InnoDB: page is corrupted',
    'fault shop.orders: Corrupt',
    'checked 34',
    'table\tYES\tInnoDB\t5\tshop.orders',
    'shop.orders\t77',
    'query 1 0',
    '',
  ].join('\n');
  expect(parseRestored(text)).toEqual({
    ...{ seconds: 9, shape: '--innodb_page_size=16384', files: 0, checked: 34, refs: [], answers: ['0'] },
    tables: [{ name: 'shop.orders', engine: 'InnoDB', rows: 5, checksum: 77 }],
    faults: ['the server says: InnoDB: page is corrupted', 'shop.orders: Corrupt'],
  });
});

it.each([
  ['bare git:git refs/heads/main', { bare: true, owner: 'git:git', head: 'refs/heads/main' }],
  ['files root:root ', { bare: false, owner: 'root:root' }],
  [undefined, {}],
])('a repository that is %s', (form, repository) => {
  const line = form === undefined ? [] : [`repository ${form}`];
  expect(parseResult(['at 2026-11-29T20:57:43Z', RESTIC, ...line, ''].join('\n')).repository).toEqual(
    repository,
  );
});

it('a swap tells where what was there lies now', () => {
  expect(parseSwapped('seconds 3\naside /a.aside-1\naside /b.aside-1\n')).toEqual({
    ...{ seconds: 3, aside: ['/a.aside-1', '/b.aside-1'] },
  });
});

const AT = 'at 2026-11-29T20:57:43Z';

it.each([
  ['', null],
  ['from bin.000007 342', { file: 'bin.000007', at: 342 }],
])('logs know where others can build on them: %s', (line, from) => {
  const text = [AT, RESTIC, line, 'log 7fb80c Europe/Berlin', 'birth 1:2 3:4', ''].join('\n');
  expect(parseResult(text).database.binlog).toEqual({
    ...{ from, mark: '7fb80c', birth: '1:2 3:4', zone: 'Europe/Berlin' },
  });
});

it('what a dump held before logs were replayed stands by itself', () => {
  const text = [
    ...['seconds 9', 'table\tYES\tInnoDB\t5\tshop.orders', 'shop.orders\t77', 'replayed'],
    ...['table\tYES\tInnoDB\t6\tshop.orders', 'shop.orders\t78', 'query 1 0', ''],
  ].join('\n');
  const table = { name: 'shop.orders', engine: 'InnoDB' };
  expect(parseRestored(text)).toMatchObject({
    dumped: [{ ...table, rows: 5, checksum: 77 }],
    tables: [{ ...table, rows: 6, checksum: 78 }],
    answers: ['0'],
  });
});

it.each([
  [
    'own yes 2026-11-29T08:12:03Z',
    'own yes 2026-11-29T08:12:03Z',
    { complete: true, at: '2026-11-29T08:12:03Z', why: '' },
  ],
  [
    'in part',
    'own no 2026-11-29T08:12:03Z Event crc check failed',
    { complete: false, at: '2026-11-29T08:12:03Z', why: 'Event crc check failed' },
  ],
  ['none', 'own no - there is no such log', { complete: false, at: null, why: 'there is no such log' }],
  ['not asked', '', undefined],
])("a server's own logs: %s", (_, line, own) => {
  expect(parseSwapped(['seconds 3', 'aside /var/lib/mysql.aside-1', line, ''].join('\n')).own).toEqual(own);
});
