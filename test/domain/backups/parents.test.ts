/** On which backup of a server's files the next one may build, and why not on others. */
import type { BackupEntry, BackupKind } from '../../../src/contracts/backups';
import { leftBehind, parentFor } from '../../../src/domain/backups/parents';

const NOW = { server: '10.11.18-MariaDB', lsn: '5000', birth: 'files 1' };

interface Of {
  kind?: BackupKind;
  parent?: string;
  birth?: string;
  lastLsn?: string;
  server?: string;
  logical?: true;
}

/** @param hour of the day, which is its id, too: `b07` */
function entry(hour: number, of: Of = {}): BackupEntry {
  const { kind = 'full', parent = null, birth = NOW.birth, lastLsn = String(hour * 100), logical } = of;
  const physical = { fromLsn: '0', toLsn: String(hour * 100 - 10), lastLsn, birth };
  const id = `b${String(hour).padStart(2, '0')}`;
  return {
    ...{ format: 1, id, source: 'shop', host: 'db1', kind, parent, seconds: 1, bytes: 1, stored: 1 },
    ...{ at: `2026-11-29T${id.slice(1)}:00:00Z`, snapshot: 'abcdef12', sha256: null, run: 'r' },
    content: {
      ...{ kind: 'mariadb', server: of.server ?? NOW.server, position: null, tables: [], uncovered: [] },
      ...(!logical && { physical }),
    },
  };
}

const full = entry(1);
const first = entry(2, { kind: 'incremental', parent: 'b01' });
const second = entry(3, { kind: 'incremental', parent: 'b02' });
const differential = entry(4, { kind: 'differential', parent: 'b01' });
const restored = { birth: 'files 0' };

it.each<[string, 'incremental' | 'differential', BackupEntry[], string | null, string | null]>([
  ['nothing yet', 'incremental', [], null, 'there is no full backup of its files yet'],
  ['a dump', 'incremental', [entry(1, { logical: true })], null, 'there is no full backup of its files yet'],
  ['a full one', 'incremental', [full], 'b01', null],
  ['an increment', 'incremental', [second, full, first], 'b03', null],
  ['a differential one', 'incremental', [full, first, differential], 'b04', null],
  ['the newest full one', 'differential', [full, first, second, differential], 'b01', null],
  ['a newer full one', 'differential', [full, entry(5), first], 'b05', null],
  [
    'a chain that lost its full one',
    'incremental',
    [first, second],
    null,
    'nothing can build on b03: b01, which b02 builds on, is not in the catalogue',
  ],
  [
    'a chain that lost a part in between',
    'incremental',
    [full, second],
    'b01',
    'nothing can build on b03: b02, which b03 builds on, is not in the catalogue',
  ],
  [
    'a server that was restored',
    'incremental',
    [entry(1, restored), entry(2, { ...restored, kind: 'incremental', parent: 'b01' })],
    null,
    'nothing can build on b02: the server has other files since, as after a restore',
  ],
  ['a full one after that', 'differential', [entry(1, restored), entry(2)], 'b02', null],
  [
    'an LSN that went back',
    'incremental',
    [entry(1, { lastLsn: '5001' })],
    null,
    'nothing can build on b01: the server is at LSN 5000 and was at 5001 then, as after a restore',
  ],
  [
    'a server of another version',
    'differential',
    [entry(1, { server: '10.6.4-MariaDB' })],
    null,
    'nothing can build on b01: the server was of version 10.6 then, and is of 10.11',
  ],
])('%s', (_, kind, entries, parent, passedOver) => {
  for (const order of [entries, [...entries].reverse()]) {
    const found = parentFor(kind, order, NOW);
    expect([found.parent?.id ?? null, found.passedOver]).toEqual([parent, passedOver]);
  }
});

const LOGGED = { server: NOW.server, birth: NOW.birth, logs: { 'bin.000007': 'aa', 'bin.000008': 'bb' } };
const logged = (
  hour: number,
  file: string,
  mark: string,
  of: Of & { from?: { file: string; at: number } } = {},
): BackupEntry => {
  const one = entry(hour, { ...of, logical: true });
  const { birth = NOW.birth, from = null } = of;
  const binlog = { from, mark, birth, zone: 'UTC' };
  return { ...one, content: { ...one.content, position: { file, at: 4 }, binlog } as BackupEntry['content'] };
};
const dump = logged(1, 'bin.000007', 'aa');
const from = { file: 'bin.000007', at: 4 };

it.each<[string, 'incremental' | 'differential', BackupEntry[], string | null, string | null]>([
  ['a dump', 'incremental', [dump], 'b01', null],
  [
    'a dump from before there were logs',
    'incremental',
    [entry(1, { logical: true })],
    null,
    'there is no full backup yet that knows its place in the binary logs',
  ],
  [
    'logs on it',
    'incremental',
    [dump, logged(2, 'bin.000008', 'bb', { kind: 'incremental', parent: 'b01', from })],
    'b02',
    null,
  ],
  [
    'logs on it, but all since the full one are wanted',
    'differential',
    [dump, logged(2, 'bin.000008', 'bb', { kind: 'incremental', parent: 'b01', from })],
    'b01',
    null,
  ],
  [
    'a log that was purged',
    'incremental',
    [logged(1, 'bin.000006', 'cc')],
    null,
    'nothing can build on b01: the server does not have its binary log bin.000006 any more: it was purged, or all were reset',
  ],
  [
    'a log that was begun anew',
    'incremental',
    [logged(1, 'bin.000007', 'cc')],
    null,
    'nothing can build on b01: the server has begun its binary log bin.000007 anew, as after RESET MASTER',
  ],
  [
    'a server that was restored, with all its logs',
    'incremental',
    [logged(1, 'bin.000007', 'aa', restored)],
    null,
    'nothing can build on b01: the server has other files since, as after a restore',
  ],
  ['a copy of files', 'incremental', [dump, entry(2)], 'b01', null],
])('by binary logs, %s', (_, kind, entries, parent, passedOver) => {
  const found = parentFor(kind, entries, LOGGED);
  expect([found.parent?.id ?? null, found.passedOver]).toEqual([parent, passedOver]);
});

it('LSNs are compared as the 64 bits they are', () => {
  const old = entry(1, { lastLsn: '9007199254740993' });
  expect(leftBehind(old, { ...NOW, lsn: '9007199254740992' })).toContain('as after a restore');
  expect(leftBehind(old, { ...NOW, lsn: '9007199254740993' })).toBeNull();
  expect(leftBehind(old, { ...NOW, lsn: '18446744073709551615', server: '10.11.2-MariaDB' })).toBeNull();
});
