/** What it takes to bring a backup back. */
import type { BackupEntry, Content } from '../../../src/contracts/backups';
import {
  neededBytes,
  outermost,
  restoredFolder,
  seriesTrouble,
  useText,
} from '../../../src/domain/backups/restore';

const mysql: Content = { kind: 'mysql', server: '9.7.4-2', position: null, tables: [], uncovered: [] };
const database = (physical: boolean, server = '10.11.18-MariaDB'): Content => ({
  ...{ kind: 'mariadb', server, position: null, tables: [], uncovered: [] },
  ...(physical && { physical: { fromLsn: '0', toLsn: '1', lastLsn: '2', birth: 'b' } }),
});
const entry = (content: Content, bytes = 1_000): BackupEntry => ({
  ...{ format: 1, id: 'b01', source: 's', host: 'h', kind: 'full', parent: null, at: '2026-11-29T02:00:00Z' },
  ...{ seconds: 1, bytes, stored: 1, snapshot: 'aaaaaaaa', sha256: null, content, run: 'r' },
});

it.each<[string, Content[], number]>([
  ['folders', [{ kind: 'folders', folders: ['/a'], files: 1 }], 100_001_000],
  ['a repository beside its bundle', [{ kind: 'git', repository: '/r', refs: [] }], 100_003_000],
  ['a dump, as tables', [database(false)], 300_003_000],
  ['a chain, of which parts lie there twice', [database(true), database(true)], 300_004_000],
])('room for %s', (_, chain, bytes) => {
  expect(neededBytes(chain.map((content) => entry(content)))).toBe(bytes);
});

it.each([
  ['2026-11-29T02:00:00Z', '20261129T020000Z'],
  ['2026-11-29T02:00:00.123Z', '20261129T020000Z'],
])('the folder of %s', (at, name) => {
  expect(restoredFolder('shop-data', at)).toBe(`/var/lib/pawl-restored/shop-data-${name}`);
});

it('folders that lie in others come with them, and each comes once', () => {
  expect(outermost(['/a/b', '/a', '/a/b/c', '/ab', '/a'])).toEqual(['/a', '/ab']);
});

it.each<[string, Content, string, RegExp | undefined]>([
  ['the same series', database(true), '10.11.20-MariaDB', undefined],
  [
    'files of another series',
    database(true),
    '11.4.2-MariaDB',
    /files of 10\.11 need a server of that series/,
  ],
  ['a dump for a newer server', database(false), '11.4.2-MariaDB', undefined],
  [
    'a dump for an older server',
    database(false),
    '10.6.1-MariaDB',
    /has MariaDB 10\.6, and the dump is of 10\.11/,
  ],
  ['a dump of MySQL', mysql, '9.7.9', undefined],
  ['a dump of MySQL for a newer server', mysql, '9.8.0', /has MySQL 9\.8, and dumps of 9\.7 need/],
  ['a server that says nothing', database(true), '', undefined],
  ['no database', { kind: 'folders', folders: [], files: 0 }, '', undefined],
])('%s', (_, content, version, trouble) => {
  const found = seriesTrouble(entry(content), version);
  expect(found).toEqual(trouble === undefined ? undefined : expect.stringMatching(trouble));
});

it('how it is used', () => {
  expect(useText('mariadb', '/r', '--innodb_page_size=16384')).toBe(
    'a server on it that nobody but root can reach: mariadbd --no-defaults --user=mysql --datadir=/r ' +
      '--socket=/r/restored.sock --skip-networking --skip-grant-tables --innodb_page_size=16384 & ' +
      'mariadb --socket=/r/restored.sock',
  );
  expect(useText('git', '/r', '')).toBe('git clone /r');
});
