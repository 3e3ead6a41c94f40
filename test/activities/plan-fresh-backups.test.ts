/** Backups that a change wants before it touches anything, and a store that says which there are. */
import { planFreshBackups } from '../../src/activities/plan/fresh-backups';
import type { World } from '../../src/activities/world';
import type { BackupEntry } from '../../src/contracts/backups';
import { Cluster } from '../../src/contracts/cluster';
import { FreshBackup } from '../../src/contracts/inputs/rolling-upgrade';

const SOURCES = {
  'shop-data': { kind: 'mariadb', role: 'database' },
  files: { kind: 'folders', role: 'nobody', folders: ['/srv'] },
};
const cluster = (sources?: object) =>
  Cluster.parse({
    cluster: 'lab',
    hosts: {
      db1: { roles: ['database'] },
      db2: { roles: ['database'] },
      bk1: { roles: ['backup'] },
      n1: { roles: ['nobody'] },
    },
    balancers: {},
    services: {},
    ...(sources && { backups: { store: { host: 'bk1', password: 'env:X' }, sources } }),
  });
const entry = (host: string, minutes: number): BackupEntry => ({
  ...{ format: 1, id: `${host}-${minutes}`, source: 'shop-data', host, kind: 'full', parent: null },
  ...{ at: new Date(Date.now() - minutes * 60_000).toISOString(), seconds: 60, bytes: 1, stored: 1 },
  ...{
    snapshot: '0'.repeat(64),
    sha256: null,
    run: 'r',
    content: { kind: 'folders', folders: ['/x'], files: 1 },
  },
});

/** @param says what the store answers; a number: how its program ends */
function plan(wanted: object[], says: BackupEntry[] | number = [], of = cluster(SOURCES)) {
  const world = {
    cluster: of,
    hosts: {
      on: (name: string) => ({
        name,
        run: () =>
          Promise.resolve(
            typeof says === 'number'
              ? { code: says, stdout: '', stderr: 'no disk' }
              : {
                  code: 0,
                  stderr: '',
                  stdout: says.map((one) => `catalogue ${JSON.stringify(one)}\n`).join(''),
                },
          ),
      }),
    },
  } as unknown as World;
  return planFreshBackups(
    wanted.map((one) => FreshBackup.parse(one)),
    world,
    new AbortController().signal,
  );
}

const DATA = { source: 'shop-data' };
const PLANNED = { source: 'shop-data', maxAgeMinutes: 60, take: true, hosts: ['db1', 'db2'] };

it.each([
  {
    ...{ what: 'all are young enough', entries: [entry('db1', 5), entry('db2', 7), entry('db2', 500)] },
    note: 'the newest backup of shop-data on db1 is 5 min old; the newest backup of shop-data on db2 is 7 min old: none is taken',
  },
  {
    ...{ what: 'one is old, and one is not there', entries: [entry('db1', 180)] },
    note: 'the newest backup of shop-data on db1 is 3 h old; there is no backup of shop-data on db2: one is taken before anything is touched',
  },
])('$what: the plan is the same, and a note tells it', async ({ entries, note }) => {
  expect(await plan([DATA], entries)).toEqual({
    backups: [PLANNED],
    notes: [note],
    unready: [],
    mistakes: [],
  });
});

it('an old one that is not to be taken keeps the change from beginning', async () => {
  const { unready, notes } = await plan([{ ...DATA, take: false }], [entry('db1', 5), entry('db2', 90)]);
  expect([unready, notes]).toEqual([
    [
      {
        ...{ code: 'tooOld', path: 'backups.0.source', value: 'shop-data' },
        rule: 'the newest backup of shop-data on db2 is 1 h old; at most 60 min are allowed: take one first, or let the change do it ("take": true)',
      },
    ],
    [],
  ]);
});

it('a store that does not answer may do so in a while', async () => {
  const { unready, mistakes } = await plan([DATA], 1);
  expect([unready, mistakes]).toEqual([
    [
      {
        ...{ code: 'CommandFailed', path: 'backups.0.source', value: 'shop-data' },
        rule: 'bk1: its catalogue cannot be read: no disk',
      },
    ],
    [],
  ]);
});

it('all that nobody knows is told at once', async () => {
  const wanted = [{ source: 'shop-date' }, DATA, { source: 'constructor' }];
  const { mistakes } = await plan(wanted);
  expect(mistakes.map(({ code, path, value }) => [code, path, value])).toEqual([
    ['unknownName', 'backups.0.source', 'shop-date'],
    ['unknownName', 'backups.2.source', 'constructor'],
  ]);
  expect((await plan([DATA], [], cluster())).mistakes).toMatchObject([
    { code: 'missing', path: 'backups.0' },
  ]);
});

it('a source whose role nobody has is refused', async () => {
  const of = cluster({ files: { ...SOURCES.files, role: 'none' } });
  expect((await plan([{ source: 'files' }], [], of)).mistakes).toMatchObject([
    { code: 'nobody', path: 'backups.0.source', value: 'files' },
  ]);
});
