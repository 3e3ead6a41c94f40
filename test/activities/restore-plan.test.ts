/** What a restore is refused for, all at once and before anything is touched; a host and a store in memory. */
import { restorePlan, type WantedRestore } from '../../src/activities/backups/restore-plan';
import { sourceNamed } from '../../src/activities/backups/source';
import type { World } from '../../src/activities/world';
import { mistakeText } from '../../src/domain/mistakes';
import { withoutChinese } from '../cli/chinese';
import { backupStore, FILE, ROOMY as WELL } from './backup-store';

const world = (entries: readonly string[], looks?: readonly string[]) =>
  backupStore({ entries, ...(looks && { looks }) });
const plan = (of: World, source: string, wanted: Partial<WantedRestore> = {}) =>
  restorePlan(
    of,
    sourceNamed(of, source),
    { pick: 'newest', place: 'inPlace', ...wanted },
    new AbortController().signal,
  );
function told({ mistakes }: Awaited<ReturnType<typeof plan>>): string[] {
  expect(withoutChinese(mistakes)).toEqual([]);
  return mistakes.map((one) => mistakeText(one, 'input'));
}

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
  const found = await plan(world([...CHAIN, 'web.n1 02:00', 'web.n2 02:00']), source, wanted);
  expect([found.plan?.backup, told(found)]).toEqual([id, []]);
});

it.each<[string, string, readonly string[], Partial<WantedRestore>, readonly string[], RegExp[]]>([
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
    'a host that has none of it',
    ...(['web', ['web.n3 02:00'], { host: 'db1' }, WELL] as const),
    [/^host: db1: there is no such name; there are n1, n2, n3$/],
  ],
  [
    'a backup of another source',
    ...(['data', [...CHAIN, 'web.n1 02:00'], { pick: { id: 'web.n1.20261129T020000000Z' } }, WELL] as const),
    [/^pick\.id: web\.n1\.20261129T020000000Z: there is no such name.*; there are data\.db1/],
  ],
  [
    'a moment that is yet to come',
    ...(['data', CHAIN, { at: '2126-11-29T02:00:00Z' }, WELL] as const),
    [/^at: 2126-11-29T02:00:00Z: it lies in the future; where it is left out, now counts$/],
  ],
  [
    'a folder in which backups lie',
    ...(['data', CHAIN, { on: 'bk1', place: { folder: '/srv/pawl-backups/data' } }, WELL] as const),
    [
      /^hosts\.bk1: \/srv\/pawl-backups\/data: backups lie there \(\/srv\/pawl-backups\): restore to another folder$/,
    ],
  ],
  [
    'all of that at once',
    'web',
    [],
    { host: 'x', on: 'y', at: '2126-11-29T02:00:00Z' },
    WELL,
    [/^at: /, /^host: x: there is no such name/, /^on: y: there is no such name/],
  ],
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
      'trouble /var/lib/mysql is a link: nothing is restored through links. Back up what it points to',
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
  const words = told(await plan(world(entries, looks), source, wanted));
  expect(words).toEqual(rules.map((rule): unknown => expect.stringMatching(rule)));
});

it.each([
  ['/srv', false],
  ['/srv/pawl-backups/data', false],
  ['/srv/pawl-backups-old', true],
])('what goes aside on the store is not where backups lie: %s may: %s', async (target, may) => {
  const sources = { data: { ...FILE.backups.sources.data, host: 'bk1' } };
  const file = { ...FILE, backups: { ...FILE.backups, sources } };
  const looks = [...WELL.filter((line) => !line.startsWith('target')), `target ${target}`];
  const words = told(await plan(backupStore({ file, entries: ['data.bk1 02:00'], looks }), 'data'));
  const rule = `hosts.bk1: ${target}: backups lie there (/srv/pawl-backups): restore to another folder`;
  expect(words).toEqual(may ? [] : [rule]);
});
