/** What a drill says of a backup of files: of what it holds only the drill before knows. */
import type { Content, Proof, Table } from '../../../src/contracts/backups';
import { Content as ContentShape } from '../../../src/contracts/backups';
import { comparedText, wrongIn, wrongInDump } from '../../../src/domain/backups/drill';

const table = (rows: number, checksum: number | null): Table => ({
  ...{ name: 'shop.orders', engine: 'InnoDB', rows, checksum },
});
const CONTENT: Content = {
  ...{ kind: 'mariadb', server: '10.11.18-MariaDB', position: null, tables: [], uncovered: [] },
  physical: { fromLsn: '0', toLsn: '100', lastLsn: '200', birth: '1:2 3:4' },
};
const restored = { files: 0, answers: [], checked: 34, refs: [], faults: [] as string[] };
const proof = (tables?: Table[]): Proof => ({
  ...{ format: 1, id: 'b01', at: '2026-11-29T02:00:00Z', seconds: 9, run: 'r' },
  ...(tables && { tables }),
});

it.each([
  ['first', undefined, table(5, 77), []],
  ['equal', proof([table(5, 77)]), table(5, 77), []],
  ['other rows', proof([table(5, 77)]), table(5, 78), ['shop.orders has other rows than it had']],
  ['fewer rows', proof([table(5, 77)]), table(4, 77), ['shop.orders has 4 rows, and had 5']],
  ['proven before tables were noted', proof(), table(5, 77), []],
])('%s', (_, before, found, wrong) => {
  expect(wrongIn(CONTENT, { ...restored, tables: [found] }, [], before)).toEqual(wrong);
});

it('what the server finds itself comes first', () => {
  const faults = ['shop.orders: Corrupt'];
  const wrong = wrongIn(CONTENT, { ...restored, tables: [], faults }, [], proof([table(5, 77)]));
  expect(wrong).toEqual(['shop.orders: Corrupt', 'shop.orders did not come back']);
});

it('a report says what was compared', () => {
  const found = { ...restored, tables: [table(1_200, 77)] };
  const begin =
    'the server started on its files without an error, CHECK TABLE … EXTENDED found no fault in 34 tables; ' +
    '1 table with 1,200 rows, 1 by checksum, ';
  expect(comparedText(CONTENT, found, [])).toBe(
    `${begin}noted for later drills to compare, since a copy of files does not say what they hold`,
  );
  expect(comparedText(CONTENT, found, [{ name: 'sum' }], proof([table(1_200, 77)]))).toBe(
    `${begin}equal to what the drill of 2026-11-29T02:00:00Z found, 1 query`,
  );
});

describe('binary logs', () => {
  const { physical: _, ...dump } = { ...CONTENT, tables: [table(5, 77)] };
  const binlog = { from: { file: 'bin.000007', at: 342 }, mark: 'aa', birth: '1', zone: 'UTC' };
  const logs: Content = { ...dump, tables: [], binlog };
  const found = { ...restored, dumped: [table(5, 77)], tables: [table(9, 78)] };

  it('the dump is compared by itself, and what logs made of it with the drill before', () => {
    expect([wrongInDump(dump, found.dumped), wrongIn(logs, found, [])]).toEqual([[], []]);
    expect(wrongInDump(dump, [table(4, 76)])).toEqual(['shop.orders has 4 rows, and had 5']);
    expect(wrongIn(logs, found, [], proof([table(8, 76)]))).toEqual(['shop.orders has 9 rows, and had 8']);
  });

  it.each([
    [
      undefined,
      undefined,
      /^its dump as it was, 1 table with 5 rows, .* to their end: 1 table with 9 rows, .*noted for/,
    ],
    [proof([table(9, 78)]), undefined, /equal to what the drill of/],
    [
      undefined,
      '2026-11-29T08:00:00Z',
      /binary logs replayed up to 2026-11-29T08:00:00Z, before which nothing is lost: 1 table with 9 rows$/,
    ],
  ])('a report says so', (before, until, text) => {
    expect(comparedText(logs, found, [], before, until)).toMatch(text);
  });

  it('entries from before there were any are read as they are', () => {
    expect(ContentShape.parse(JSON.parse(JSON.stringify(dump)))).toEqual(dump);
    expect(ContentShape.parse(logs)).toEqual(logs);
    expect(ContentShape.safeParse({ ...logs, binlog: { ...binlog, zone: '../../etc/x y' } }).success).toBe(
      false,
    );
  });
});

it('a repository comes back with each ref at its commit', () => {
  const ref = (name: string, commit: string) => ({ name: `refs/${name}`, commit });
  const refs = [ref('heads/main', 'aa'), ref('heads/old', 'bb'), ref('tags/v1', 'cc')];
  const content: Content = { kind: 'git', repository: '/srv/code.git', refs };
  const found = { ...restored, tables: [], refs };
  expect(wrongIn(content, found, [])).toEqual([]);
  expect(comparedText(content, found, [])).toBe('git fsck found nothing wrong; 3 refs, each at its commit');
  const others = [ref('heads/main', 'ab'), ref('tags/v1', 'cc'), ref('heads/new', 'dd')];
  expect(wrongIn(content, { ...found, refs: others }, [])).toEqual([
    'refs/heads/main is at ab, and was at aa',
    'refs/heads/old did not come back',
    'refs/heads/new came back, and was not backed up',
  ]);
});
