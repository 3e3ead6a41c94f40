/** What a recovery brings back of backups: a store and hosts in memory. */
import { restorable } from '../../src/activities/recovery/restorable';
import type { World } from '../../src/activities/world';
import type { BackupEntry } from '../../src/contracts/backups';
import { Cluster } from '../../src/contracts/cluster';
import type { Mistake } from '../../src/contracts/failures';
import { DisasterRecoveryInput } from '../../src/contracts/inputs/disaster-recovery';
import type { Looked } from '../../src/contracts/recovery';
import { mistakeText } from '../../src/domain/mistakes';

process.env['RESTORABLE_TEST_PASSWORD'] = 'x';
const cluster = Cluster.parse({
  ...{ cluster: 'fake', balancers: {}, services: {} },
  hosts: {
    db1: { roles: ['database'] },
    n1: { roles: ['app'] },
    n2: { roles: ['app'] },
    bk1: { roles: ['backup'] },
  },
  backups: {
    store: { host: 'bk1', password: 'env:RESTORABLE_TEST_PASSWORD' },
    sources: {
      data: { kind: 'mariadb', host: 'db1', maxHours: 1 },
      web: { kind: 'folders', role: 'app', folders: ['/opt/web'], level: 'application' },
    },
  },
});

function entry(line: string): BackupEntry {
  const [source = '', host = '', hour = ''] = line.split(' ');
  return {
    ...{ format: 1, id: `${source}.${host}.${hour}`, source, host, at: `2026-11-29T${hour}:00:00Z` },
    ...{ kind: 'full', parent: null, seconds: 9, bytes: 1_000, stored: 1, run: 'r', snapshot: 'aaaaaaaa' },
    ...{ sha256: null, content: { kind: 'folders', folders: ['/opt/web'], files: 3 } },
  };
}

const ENTRIES = ['data db1 02', 'data db1 03', 'web n1 02', 'web n2 02'];

/** @param looks what `look-restore` says */
function world(looks: string[] = ['free 8 900000000000']): World {
  const on = (name: string) => ({
    name,
    run: (script: string, args: readonly string[]) => {
      const own = ENTRIES.map(entry).filter(({ source }) => args.includes(source));
      const lines = script === 'look-restore' ? looks : own.map((one) => `catalogue ${JSON.stringify(one)}`);
      return Promise.resolve({ code: 0, stdout: `${lines.join('\n')}\n`, stderr: '', truncated: false });
    },
  });
  return { cluster, folder: '/', hosts: { on } } as unknown as World;
}

const damaged = (source: string, host: string): Looked => ({
  ...{ host, level: 'database', subject: { kind: 'source', source }, is: 'damaged', found: [] },
});

async function found(restore: object[], looked: Looked[] = [], of = world()) {
  const mistakes: Mistake[] = [];
  const input = DisasterRecoveryInput.parse({ cluster: 'c', restore });
  const all = await restorable(of, input, looked, new AbortController().signal, mistakes);
  return {
    mistakes: mistakes.map((one) => mistakeText(one, 'input')),
    all: all.map(({ source, host, level, candidates, startFirst, trouble }) =>
      [
        `${source} on ${host}: ${level}`,
        ...candidates.map(({ id }) => id),
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
      'data on db1: database, data.db1.03, data.db1.02, start first',
      'web on n2: application, web.n2.02',
    ],
  },
  {
    what: 'what somebody asks for, on all hosts, and never because it stands still',
    restore: [{ source: 'web' }, { source: 'data', at: '2026-11-29T02:30:00Z' }],
    looked: [damaged('data', 'db1')],
    all: [
      'web on n1: application, web.n1.02',
      'web on n2: application, web.n2.02',
      'data on db1: database, data.db1.02',
    ],
  },
  {
    what: 'a backup by its id, on its own host',
    restore: [{ source: 'web', backup: 'web.n2.02' }],
    all: ['web on n2: application, web.n2.02'],
  },
])('$what', async ({ restore = [], looked = [], all }) => {
  expect(await found(restore, looked)).toEqual({ mistakes: [], all });
});

it.each<[string, object[], string[]]>([
  ['an id that nobody has', [{ source: 'data', backup: 'x' }], ['restore.0.backup: x: ']],
  [
    'one of another host',
    [{ source: 'web', host: 'n1', backup: 'web.n2.02' }],
    ['restore.0.backup: web.n2.02: '],
  ],
  ['nothing so old', [{ source: 'data', at: '2026-11-29T01:00:00Z' }], ['restore.0.source: data: no backup']],
  ['one twice', [{ source: 'web', host: 'n1' }, { source: 'web' }], ['restore.1: web on n1: each source']],
])('%s', async (_, restore, begins) => {
  const { mistakes } = await found(restore);
  expect(mistakes.map((text, nth) => text.slice(0, begins[nth]?.length))).toEqual(begins);
});

it('what keeps it from coming back is a mistake where it was asked for, and left to people where it was found', async () => {
  const full = world(['free 8 10']);
  expect((await found([{ source: 'web', host: 'n1' }], [], full)).mistakes).toEqual([
    expect.stringContaining('MiB are free where it comes back'),
  ]);
  const { mistakes, all } = await found([], [damaged('web', 'n1')], full);
  expect(mistakes).toEqual([]);
  expect(all[0]).toContain('MiB are free where it comes back');
});
