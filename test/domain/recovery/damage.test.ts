/** What of what was measured is damage. */
import type { Level } from '../../../src/contracts/backups';
import type { DriftKind } from '../../../src/contracts/config-drift';
import {
  judgeConfig,
  judgeFolders,
  judgeGit,
  judgeHost,
  judgePackages,
  judgeService,
  judgeTables,
  type Held,
  type Known,
  type SeenFolders,
  type SeenGit,
  type SeenService,
  type SeenTables,
} from '../../../src/domain/recovery/damage';
import { levelOf } from '../../../src/domain/recovery/limits';

const UNREAD = { unknown: 'the store is away' };

describe('a database', () => {
  const seen = (more: Partial<SeenTables> = {}): SeenTables => ({
    ...{ tables: ['s.a', 's.b'], reads: ['s.a', 's.b'], gone: [], checks: [], faults: [] },
    ...{ blind: false, late: { reading: false, checking: false } },
    ...more,
  });
  it.each<[string, SeenTables, Known<string[] | null>, string, string[]]>([
    ['all there', seen(), { known: ['s.a'] }, 'well', ['answers; 2 tables can be read']],
    [
      'a table is missing',
      seen({ tables: ['s.a'], reads: ['s.a'] }),
      { known: ['s.a', 's.b'] },
      'damaged',
      ['1 of 2 tables is missing: s.b'],
    ],
    [
      'a table cannot be read',
      seen({ reads: ['s.a'], faults: [{ table: 's.b', words: 'Got error 194' }] }),
      { known: ['s.a', 's.b'] },
      'damaged',
      ['1 table cannot be read: s.b (Got error 194)'],
    ],
    [
      'a table that is read is corrupt',
      seen({
        checks: [
          { table: 's.a', type: 'status', words: 'OK' },
          { table: 's.b', type: 'error', words: 'Corrupt' },
        ],
      }),
      { known: [] },
      'damaged',
      ['s.b: Corrupt'],
    ],
    [
      'a warning is no fault',
      seen({ checks: [{ table: 's.a', type: 'Warning', words: '1 client is using it' }] }),
      { known: [] },
      'well',
      ['answers; 2 tables can be read'],
    ],
    ['a file is gone', seen({ gone: ['/d/s/a.ibd'] }), { known: [] }, 'damaged', ['not there: /d/s/a.ibd']],
    [
      'no time for all',
      seen({ reads: ['s.a'], late: { reading: true, checking: true } }),
      { known: [] },
      'well',
      [
        'answers; 1 table can be read',
        'of 2: there was no time for the others',
        '0 of 2 were checked: there was no time for more',
      ],
    ],
    [
      'no backup',
      seen(),
      { known: null },
      'well',
      ['answers; 2 tables can be read', 'no backup names the tables that it should have'],
    ],
    [
      'a login that may not read',
      seen({ tables: [], reads: [], blind: true }),
      { known: ['s.a'] },
      'unknown',
      ['answers', 'the login may not read all tables; give it SELECT, as a dump needs it'],
    ],
    [
      'the same, and a file is gone',
      seen({ gone: ['/x'], blind: true }),
      UNREAD,
      'damaged',
      ['not there: /x'],
    ],
    ['no store', seen(), UNREAD, 'unknown', ['answers; 2 tables can be read', 'the store is away']],
    ['no store, and damage', seen({ gone: ['/x'] }), UNREAD, 'damaged', ['not there: /x']],
  ])('%s', (_, tables, wanted, is, found) => {
    expect(judgeTables(tables, wanted)).toEqual({ is, found });
  });
});

describe('folders', () => {
  const held = (count: number, total = count): Known<Held> => ({
    known: { total, files: Array.from({ length: count }, (_, n) => ({ path: `/f/${n}`, kind: 'file' })) },
  });
  const seen = (there: number, more: Partial<SeenFolders> = {}): SeenFolders => ({
    folders: [{ path: '/f', is: 'there' }],
    kinds: new Map(Array.from({ length: there }, (_, n) => [`/f/${n}`, 'file'])),
    cannot: [],
    ...more,
  });
  it.each<[string, Level, SeenFolders, Known<Held | null>, string, string[]]>([
    ['all there', 'configuration', seen(4), held(4), 'well', ['4 files are there']],
    [
      'one of many is missing',
      'configuration',
      seen(3),
      held(4),
      'damaged',
      ['1 of 4 files is missing: /f/3'],
    ],
    ['logs come and go', 'logs', seen(3), held(4), 'well', ['1 of 4 files is missing: /f/3']],
    ['half of them', 'logs', seen(2), held(4), 'damaged', ['2 of 4 files are missing: /f/2, /f/3']],
    ['a sample', 'documents', seen(2), held(2, 1_234_567), 'well', ['2 of 1,234,567 files are there']],
    [
      'a folder is gone',
      'logs',
      seen(0, { folders: [{ path: '/f', is: 'absent' }] }),
      { known: { total: 0, files: [] } },
      'damaged',
      ['/f is not there'],
    ],
    [
      'an empty one, of logs',
      'logs',
      seen(4, { folders: [{ path: '/f', is: 'empty' }] }),
      held(4),
      'damaged',
      ['/f is empty'],
    ],
    [
      'an empty one, as it was',
      'logs',
      seen(0, { folders: [{ path: '/f', is: 'empty' }] }),
      held(0),
      'well',
      ['0 files are there'],
    ],
    [
      'a file in its place',
      'logs',
      seen(0, { folders: [{ path: '/f', is: 'other' }] }),
      held(0),
      'damaged',
      ['/f is no folder'],
    ],
    [
      'another type',
      'application',
      seen(2, { kinds: new Map([['/f/0', 'dir']]) }),
      held(1),
      'damaged',
      ['1 file is of another type: /f/0'],
    ],
    [
      'unreadable',
      'application',
      seen(1, { cannot: ["error reading '/f/0': Input/output error"] }),
      held(1),
      'damaged',
      ["1 file cannot be read: error reading '/f/0': Input/output error"],
    ],
    [
      'no backup',
      'logs',
      seen(0),
      { known: null },
      'well',
      ['1 folder is there; there is no backup to compare with'],
    ],
    ['no store', 'logs', seen(0), UNREAD, 'unknown', ['1 folder is there', 'the store is away']],
  ])('%s', (_, level, folders, wanted, is, found) => {
    expect(judgeFolders(folders, wanted, level)).toEqual({ is, found });
  });
});

describe('a repository', () => {
  const seen = (more: Partial<SeenGit> = {}): SeenGit => ({
    ...{ refs: 2, faults: [], lost: [], dropped: [], late: null },
    ...more,
  });
  it.each<[string, SeenGit, Known<[] | null>, string, string[]]>([
    ['whole', seen(), { known: [] }, 'well', ['git finds it whole; 2 refs']],
    [
      'a merged branch was removed',
      seen({ dropped: ['refs/heads/x'] }),
      { known: [] },
      'well',
      ['git finds it whole; 2 refs', 'missing, and merged into others: refs/heads/x'],
    ],
    [
      'a lost one',
      seen({ lost: ['refs/heads/x'] }),
      { known: [] },
      'damaged',
      ['1 ref is missing, and nothing has their commits: refs/heads/x'],
    ],
    ['broken', seen({ faults: ['missing tree a'] }), UNREAD, 'damaged', ['git says: missing tree a']],
    ['late', seen({ late: 9 }), { known: [] }, 'unknown', ['2 refs', 'git has not come through in 9 s']],
    ['no store', seen(), UNREAD, 'unknown', ['git finds it whole; 2 refs', 'the store is away']],
  ])('%s', (_, git, wanted, is, found) => {
    expect(judgeGit(git, wanted)).toEqual({ is, found });
  });
});

describe('a service', () => {
  const WELL: SeenService = {
    ...{ unit: 'web.service', port: 80, load: 'loaded', active: 'active', listening: true },
    ...{ fault: undefined, release: undefined, version: '1.0.0', out: undefined },
  };
  it.each<[string, Partial<SeenService>, string, string[]]>([
    ['well', {}, 'well', ['web.service is active, listens on port 80 and is healthy; version 1.0.0']],
    ['no unit', { load: 'not-found', active: 'inactive' }, 'damaged', ['there is no unit web.service']],
    ['stopped', { active: 'failed' }, 'damaged', ['web.service is failed']],
    ['deaf', { listening: false }, 'damaged', ['nothing listens on port 80']],
    ['ill', { fault: '/health answers 503' }, 'damaged', ['/health answers 503']],
    ['out on purpose', { active: 'inactive', listening: false, out: 'n1 is out' }, 'well', ['n1 is out']],
    ['out, and without a release', { out: 'n1 is out', release: 'none' }, 'damaged', ['none']],
  ])('%s', (_, more, is, found) => {
    const out = 'out' in more ? { out: true } : {};
    expect(judgeService({ ...WELL, ...more })).toEqual({ is, found, ...out });
  });
});

it.each<[DriftKind[], string, string[]]>([
  [[], 'well', ['as revision abc has it']],
  [['behind'], 'well', ['/0 is behind']],
  [['behind', 'missing', 'rights'], 'damaged', ['/1 is missing', '/2 is rights']],
  [['edited'], 'damaged', ['/0 is edited']],
])('configuration with %j is %s', (kinds, is, found) => {
  const findings = kinds.map((kind, at) => ({
    ...{ host: 'n1', path: `/${at}`, kind, text: `is ${kind}`, key: '' },
  }));
  expect(judgeConfig(findings, 'abc')).toEqual({ is, found });
});

it('names packages with what is wrong of each', () => {
  const files = [
    { how: 'missing' as const, path: '/b/2', package: 'b' },
    { how: 'changed' as const, path: '/a/1', package: 'a' },
    { how: 'missing' as const, path: '/b/1', package: 'b' },
  ];
  expect(judgePackages({ files, packages: ['a', 'b', 'c'], more: 1 })).toEqual({
    ...{ is: 'damaged', packages: ['a', 'b', 'c'] },
    found: ['files of a changed: /a/1', 'files of b missing: /b/2, /b/1', 'and 1 more file'],
  });
  expect(judgePackages({ files: [], packages: [], more: 0 })).toMatchObject({ is: 'well', packages: [] });
});

it('mentions of a host what is no damage', () => {
  const finding = (code: string) => ({ code, where: 'n1', what: code, command: '' });
  expect(judgeHost([finding('programMissing')])).toMatchObject({
    ...{ is: 'well', found: [expect.any(String), 'programMissing'] },
  });
  expect(judgeHost([finding('programMissing'), finding('diskFull')])).toEqual({
    ...{ is: 'damaged', found: ['diskFull'] },
  });
  const balancers = [finding('forgets'), { ...finding('noAnswer'), where: 'edge' }];
  expect(judgeHost([], balancers)).toEqual({ is: 'damaged', found: ['balancer edge: noAnswer'] });
});

it.each([
  [{ kind: 'host' }, 'application'],
  [{ kind: 'packages', packages: [] }, 'application'],
  [{ kind: 'service', service: 'web' }, 'application'],
  [{ kind: 'config', service: 'web' }, 'configuration'],
  [{ kind: 'source', source: 'data' }, 'database'],
  [{ kind: 'source', source: 'files' }, 'configuration'],
  [{ kind: 'source', source: 'logs' }, 'logs'],
  [{ kind: 'source', source: 'code' }, 'application'],
] as const)('%j is brought back with %s', (subject, level) => {
  const sources = {
    data: { kind: 'mariadb' },
    files: { kind: 'folders' },
    code: { kind: 'git' },
    logs: { kind: 'folders', level: 'logs' },
  } as const;
  expect(levelOf(subject as never, sources)).toBe(level);
});
