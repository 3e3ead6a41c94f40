/** What a restore is refused for, all at once and before anything is touched; a host and a store in memory. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { restoreActivities } from '../../src/activities/backups/restore';
import { restorePlan, type WantedRestore } from '../../src/activities/backups/restore-plan';
import { sourceNamed } from '../../src/activities/backups/source';
import type { World, Worlds } from '../../src/activities/world';
import type { BackupEntry } from '../../src/contracts/backups';
import { Cluster } from '../../src/contracts/cluster';
import type { Jobs } from '../../src/contracts/world';
import { mistakeText } from '../../src/domain/mistakes';

process.env['RESTORE_TEST_PASSWORD'] = 'x';
const cluster = Cluster.parse({
  ...{ cluster: 'fake', balancers: {}, services: {} },
  hosts: {
    db1: { roles: ['database'] },
    n1: { roles: ['app'] },
    n2: { roles: ['app'] },
    bk1: { roles: ['backup'] },
  },
  backups: {
    store: { host: 'bk1', password: 'env:RESTORE_TEST_PASSWORD' },
    sources: {
      data: { kind: 'mariadb', method: 'physical', host: 'db1' },
      web: { kind: 'folders', role: 'app', folders: ['/opt/web', '/etc'], units: ['web.service'] },
    },
  },
});

/** `data.db1 02:00`, `data.db1 03:00 on 02:00`, `web.n1 02:00` */
function entry(line: string): BackupEntry {
  const [of = '', time = '', , parent] = line.split(' ');
  const [source = '', host = ''] = of.split('.');
  const id = (at: string) => `${of}.20261129T${at.replace(':', '')}00000Z`;
  return {
    ...{ format: 1, id: id(time), source, host, at: `2026-11-29T${time}:00Z`, seconds: 9, bytes: 1_000_000 },
    ...{ kind: parent ? 'incremental' : 'full', parent: parent ? id(parent) : null, stored: 1, run: 'r' },
    ...{ snapshot: 'aaaaaaaa', sha256: null },
    content:
      source === 'web'
        ? { kind: 'folders', folders: ['/opt/web', '/opt/web/deep', '/etc'], files: 3 }
        : {
            ...{ kind: 'mariadb', server: '10.11.18-MariaDB', position: null, tables: [], uncovered: [] },
            physical: { fromLsn: '0', toLsn: '1', lastLsn: '2', birth: 'b' },
          },
  };
}

const WELL = ['version 10.11.18-MariaDB', 'target /var/lib/mysql', 'free 8 900000000'];
/** @param looks what `look-restore` says */
function world(entries: string[], looks: string[] = WELL): World {
  const asked: string[][] = [];
  const on = (name: string) => ({
    name,
    run: (script: string, args: readonly string[]) => {
      asked.push([name, script, ...args]);
      const lines =
        script === 'look-restore' ? looks : entries.map((line) => `catalogue ${JSON.stringify(entry(line))}`);
      return Promise.resolve({ code: 0, stdout: `${lines.join('\n')}\n`, stderr: '', truncated: false });
    },
  });
  return { cluster, folder: '/', hosts: { on }, asked } as unknown as World;
}
const plan = (of: World, source: string, wanted: Partial<WantedRestore> = {}) =>
  restorePlan(
    of,
    sourceNamed(of, source),
    { pick: 'newest', place: 'inPlace', ...wanted },
    new AbortController().signal,
  );
const told = ({ mistakes }: Awaited<ReturnType<typeof plan>>) =>
  mistakes.map((one) => mistakeText(one, 'input'));

const CHAIN = ['data.db1 02:00', 'data.db1 03:00 on 02:00', 'data.db1 05:00 on 04:00'];

it('the newest of which the whole chain is there comes back, and it is said why no newer one', async () => {
  const found = await plan(world(CHAIN), 'data');
  expect(told(found)).toEqual([]);
  expect(found.plan).toMatchObject({
    ...{ host: 'db1', on: 'db1', backup: 'data.db1.20261129T030000000Z', at: '2026-11-29T03:00:00Z' },
    ...{ bytes: 2_000_000, needed: 304_000_000, units: ['mariadb.service'], targets: ['/var/lib/mysql'] },
    notTaken: [expect.stringMatching(/050000000Z cannot be restored: data\.db1\.20261129T040000000Z, which/)],
  });
});

it.each<[string, string, Partial<WantedRestore>, string]>([
  ['a moment', 'data', { at: '2026-11-29T02:30:00Z' }, 'data.db1.20261129T020000000Z'],
  ['an id', 'data', { pick: { id: 'data.db1.20261129T020000000Z' } }, 'data.db1.20261129T020000000Z'],
  ['a host of several', 'web', { host: 'n2' }, 'web.n2.20261129T020000000Z'],
])('%s says which', async (_, source, wanted, id) => {
  const found = await plan(
    world([...CHAIN, 'web.n1 02:00', 'web.n2 02:00'].filter((line) => line.startsWith(source))),
    source,
    wanted,
  );
  expect([found.plan?.backup, told(found)]).toEqual([id, []]);
});

it.each<[string, string, string[], Partial<WantedRestore>, string[], RegExp[]]>([
  ['no backup', 'data', [], {}, WELL, [/^source: data: there is no backup of it that can be restored$/]],
  [
    'none of that moment',
    ...(['data', CHAIN, { at: '2026-11-28T02:00:00Z' }, WELL] as const),
    [/there is no backup of it that brings 2026-11-28T02:00:00Z back: .* is too new/],
  ],
  ['whose', 'web', ['web.n1 02:00', 'web.n2 02:00'], {}, WELL, [/^host: whose backup\? n1, n2 have some$/]],
  [
    'an unknown id',
    ...(['data', CHAIN, { pick: { id: 'data.db1.x' } }, WELL] as const),
    [/^pick\.id: data\.db1\.x: there is no such name/],
  ],
  [
    'a broken chain',
    ...(['data', CHAIN, { pick: { id: 'data.db1.20261129T050000000Z' } }, WELL] as const),
    [/^pick: .*it cannot be restored/],
  ],
  ['an unknown host', 'data', CHAIN, { on: 'n9' }, WELL, [/^on: n9: there is no such name/]],
  [
    'all that a host has against it',
    ...(['data', CHAIN, {}] as const),
    [
      ...[
        'missing mbstream',
        'nounit mariadb.service',
        'version 11.4.2-MariaDB',
        'target /var/lib/mysql',
        'free 8 1000',
      ],
      'trouble /var/lib/mysql is a link: nothing is restored through links',
    ],
    [
      /has no mbstream: install it there/,
      /mariadb\.service: there is no such unit there/,
      /\/var\/lib\/mysql: is a link/,
      /files of 10\.11 need a server of that series/,
      /1 MiB are free where it comes back, and 290 may be needed/,
    ],
  ],
])('%s', async (_, source, entries, wanted, looks, rules) => {
  const of = world(
    entries.filter((line) => line.startsWith(source)),
    looks,
  );
  const words = told(await plan(of, source, wanted));
  expect(words).toEqual(rules.map((rule): unknown => expect.stringMatching(rule)));
});

it.each([
  [{}, ['cluster', 'source']],
  [{ cluster: 'c', source: 's', pick: 'oldest' }, ['pick']],
  [{ cluster: 'c', source: 's', pick: { id: 'x' }, at: '2026-11-29T02:00:00Z' }, ['']],
  [{ cluster: 'c', source: 's', at: 'yesterday', folder: 'relative' }, ['at', 'folder']],
  [{ cluster: 'c', source: 's', folder: `/${'x'.repeat(90)}` }, ['folder']],
  [{ cluster: 'c', source: 's', folder: '/a/../b', inPlace: true }, ['folder', 'inPlace']],
])('an input of %j', async (input, paths) => {
  const { planRestore } = restoreActivities({} as Worlds, {} as Jobs);
  const failed = new MockActivityEnvironment().run(planRestore, input);
  await expect(failed).rejects.toMatchObject({
    type: 'BadInput',
    details: { mistakes: paths.map((path): unknown => expect.objectContaining({ path })) },
  });
});
