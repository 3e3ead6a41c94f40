/** What a recovery brings back of backups: a store and hosts in memory. */
import { restorableAsked } from '../../src/activities/recovery/asked';
import { restorableFound } from '../../src/activities/recovery/restorable';
import type { Mistake } from '../../src/contracts/failures';
import { DisasterRecoveryInput } from '../../src/contracts/inputs/disaster-recovery';
import type { Looked } from '../../src/contracts/recovery';
import { mistakeText } from '../../src/domain/mistakes';
import { backupStore, idOf, type Said } from './backup-store';

const ENTRIES = ['data.db1 02:00', 'data.db1 03:00', 'web.n1 02:00', 'web.n2 02:00', 'web.n3 02:00'];
const world = (more: Said = {}) => backupStore({ entries: ENTRIES, ...more });

const damaged = (source: string, host: string): Looked => ({
  ...{ host, level: 'database', subject: { kind: 'source', source }, is: 'damaged', found: [] },
});

/** Ids as `data.db1 02:00`. */
async function found(restore: object[], looked: Looked[] = [], of = world(), more: object = {}) {
  const mistakes: Mistake[] = [];
  const input = DisasterRecoveryInput.parse({ cluster: 'c', restore, ...more });
  const { signal } = new AbortController();
  const asked = await restorableAsked(of, input, input.restore, signal, mistakes);
  const all = [...asked, ...(await restorableFound(of, input, looked, asked, signal))];
  return {
    mistakes: mistakes.map((one) => mistakeText(one, 'input')),
    all: all.map(({ source, host, level, candidates, startFirst, trouble }) =>
      [
        `${source} on ${host}: ${level}`,
        ...candidates.map(({ id }) => ENTRIES.find((line) => idOf(line) === id)),
        startFirst ? 'start first' : '',
        ...trouble,
      ]
        .filter(Boolean)
        .join(', '),
    ),
  };
}

it.each<{ what: string; restore?: object[]; looked?: Looked[]; all: string[] }>([
  {
    what: 'what a look found damaged; a database is started first',
    looked: [damaged('data', 'db1'), damaged('web', 'n2')],
    all: [
      'data on db1: database, data.db1 03:00, data.db1 02:00, start first',
      'web on n2: application, web.n2 02:00',
    ],
  },
  {
    what: 'what somebody asks for, on all hosts, and never because it stands still',
    restore: [{ source: 'web' }, { source: 'data', at: '2026-11-29T02:30:00Z' }],
    looked: [damaged('data', 'db1')],
    all: [
      'web on n1: application, web.n1 02:00',
      'web on n2: application, web.n2 02:00',
      'data on db1: database, data.db1 02:00',
    ],
  },
  {
    what: 'a backup by its id, on its own host',
    restore: [{ source: 'web', backup: idOf('web.n2 02:00') }],
    all: ['web on n2: application, web.n2 02:00'],
  },
])('$what', async ({ restore = [], looked = [], all }) => {
  expect(await found(restore, looked)).toEqual({ mistakes: [], all });
});

it.each<[string, object[], string[]]>([
  ['an id that nobody has', [{ source: 'data', backup: 'x' }], ['restore.0.backup: x: ']],
  [
    'one of another host',
    [{ source: 'web', host: 'n1', backup: idOf('web.n2 02:00') }],
    [`restore.0.backup: ${idOf('web.n2 02:00')}: there is no such name`],
  ],
  [
    'nothing so old',
    [{ source: 'data', at: '2026-11-29T01:00:00Z' }],
    ['restore.0.source: data: there is no backup of it on db1 that brings 2026-11-29T01:00:00.000Z back: '],
  ],
  [
    'one of a host that is none of the source any more',
    [{ source: 'web', backup: idOf('web.n3 02:00') }],
    [`restore.0.backup: ${idOf('web.n3 02:00')}: it is of n3, and web is of n1, n2: `],
  ],
  ['one twice', [{ source: 'web', host: 'n1' }, { source: 'web' }], ['restore.1: web on n1: each source']],
])('%s', async (_, restore, begins) => {
  const { mistakes } = await found(restore);
  expect(mistakes.map((text, nth) => text.slice(0, begins[nth]?.length))).toEqual(begins);
});

it('what keeps it from coming back is a mistake where it was asked for, and left to people where it was found', async () => {
  const full = world({ looks: ['free 8 10'] });
  expect((await found([{ source: 'web', host: 'n1' }], [], full)).mistakes).toEqual([
    expect.stringContaining('MiB are free where it comes back'),
  ]);
  const { mistakes, all } = await found([], [damaged('web', 'n1')], full);
  expect(mistakes).toEqual([]);
  expect(all[0]).toContain('MiB are free where it comes back');
});

it('nothing outside of the hosts that are named comes back', async () => {
  const { mistakes } = await found([{ source: 'web' }, { source: 'data' }], [], world(), {
    hosts: ['n1', 'db1'],
  });
  expect(mistakes).toEqual([
    'restore.0: web on n2: n2 is not among `hosts`: add it there, or say which host of the source is meant (`host`)',
  ]);
});

it('a store that does not answer is said once where it was asked, and holds up nothing else where it was not', async () => {
  const away = world({
    says: (script) => (script === 'read-catalogue' ? { code: 1, stderr: 'no disk' } : undefined),
  });
  expect((await found([{ source: 'web' }, { source: 'data', backup: 'x' }], [], away)).mistakes).toEqual([
    'backups.store.host: bk1: its catalogue cannot be read: no disk',
  ]);
  expect(await found([], [damaged('data', 'db1')], away)).toEqual({
    mistakes: [],
    all: ['data on db1: database, start first, bk1: its catalogue cannot be read: no disk'],
  });
});
