import fc from 'fast-check';
import { chainOf, newest, servesAt } from '../../../src/domain/backups/catalogue';
import { entry, HOUR, logs, NOW, someEntries } from './entries';

const CATALOGUE = [
  'a full 2026-11-22T02:00:00Z',
  'b diff 2026-11-23T02:00:00Z a',
  'c inc 2026-11-24T02:00:00Z lost',
  'd inc 2026-11-25T02:00:00Z c',
  'e full 2026-11-26T02:00:00Z',
  'f diff 2026-11-27T02:00:00Z e',
].map(entry);
const TOO_NEW = 'f is too new';
const BROKEN = 'lost, which c builds on, is not in the catalogue';

it.each<{ moment: string; entry?: string; notTaken: string[] }>([
  { moment: '2026-11-28T00:00:00Z', entry: 'f', notTaken: [] },
  { moment: '2026-11-27T02:00:00Z', entry: 'f', notTaken: [] },
  { moment: '2026-11-27T01:59:59Z', entry: 'e', notTaken: [TOO_NEW] },
  {
    moment: '2026-11-25T12:00:00Z',
    entry: 'b',
    notTaken: [
      'e is too new, and so is 1 after it',
      `d cannot be restored: ${BROKEN}`,
      `c cannot be restored: ${BROKEN}`,
    ],
  },
  { moment: '2026-11-22T12:00:00Z', entry: 'a', notTaken: ['b is too new, and so are 4 after it'] },
  { moment: '2026-11-21T00:00:00Z', notTaken: ['a is too new, and so are 5 after it'] },
])('at $moment: $entry', ({ moment, entry: id, notTaken }) => {
  const serves = servesAt(CATALOGUE, Date.parse(moment));
  expect({ ...serves, entry: serves.entry?.id }).toEqual({ entry: id, notTaken });
});

const HOURLY = [
  entry('a full 2026-11-28T02:00:00Z'),
  logs('b inc 2026-11-28T03:00:00Z a'),
  logs('c inc 2026-11-28T04:00:00Z b'),
  logs('d diff 2026-11-28T04:30:00Z a'),
  entry('e full 2026-11-29T02:00:00Z'),
  logs('f inc 2026-11-29T04:00:00Z lost'),
];

it.each<[string, string, string | undefined]>([
  ['2026-11-28T02:00:00.9Z', 'a', undefined],
  ['2026-11-28T02:00:01Z', 'b', '2026-11-28T02:00:01.000Z'],
  ['2026-11-28T03:00:00Z', 'b', undefined],
  ['2026-11-28T03:30:12.345Z', 'c', '2026-11-28T03:30:12.000Z'],
  ['2026-11-28T04:10:00Z', 'd', '2026-11-28T04:10:00.000Z'],
  ['2026-11-28T12:00:00Z', 'd', undefined],
  ['2026-11-29T03:00:00Z', 'e', undefined],
])('with binary logs, at %s: %s up to %s', (moment, id, until) => {
  const serves = servesAt(HOURLY, Date.parse(moment));
  expect([serves.entry?.id, serves.until]).toEqual([id, until]);
});

it('serves nothing from nothing', () => {
  expect(servesAt([], NOW)).toEqual({ entry: undefined, notTaken: [] });
  expect(newest([])).toBeUndefined();
});

it('the newest is that of the latest moment, whatever its text looks like', () => {
  const tenths = ['a full 2026-11-22T02:00:00Z', 'b full 2026-11-22T02:00:00.5Z'].map(entry);
  expect(newest(tenths)?.id).toBe('b');
  expect(newest([...CATALOGUE].reverse())?.id).toBe('f');
});

it('takes the newest of all that are not too new and can be restored', () => {
  fc.assert(
    fc.property(someEntries, fc.integer({ min: -72, max: 24 * 800 }), (entries, hours) => {
      const moment = NOW - hours * HOUR;
      const could = entries.filter(
        ({ id, at }) => Date.parse(at) <= moment && typeof chainOf(entries, id) !== 'string',
      );
      expect(servesAt(entries, moment).entry).toBe(newest(could));
    }),
  );
});
