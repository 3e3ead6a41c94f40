import fc from 'fast-check';
import { chainOf } from '../../../src/domain/backups/catalogue';
import { childrenFirst, wholeOf } from '../../../src/domain/backups/chains';
import { entry, someEntries } from './entries';

const CATALOGUE = [
  'f full 2026-11-22T02:00:00Z',
  'd diff 2026-11-23T02:00:00Z f',
  'i inc 2026-11-24T02:00:00Z d',
  'j inc 2026-11-25T02:00:00Z lost',
  'k inc 2026-11-26T02:00:00Z j',
  'o inc 2026-11-24T02:00:00Z',
  'p inc 2026-11-25T02:00:00Z q',
  'q inc 2026-11-26T02:00:00Z p',
  'r inc 2026-11-27T02:00:00Z q',
].map(entry);

it.each<[string, string[] | string]>([
  ['f', ['f']],
  ['d', ['f', 'd']],
  ['i', ['f', 'd', 'i']],
  ['x', 'x is not in the catalogue'],
  ['j', 'lost, which j builds on, is not in the catalogue'],
  ['k', 'lost, which j builds on, is not in the catalogue'],
  ['o', 'o is incremental, and says nothing of what it builds on'],
  ['r', 'q builds on itself'],
])('%s is restored from %j', (id, expected) => {
  const chain = chainOf(CATALOGUE, id);
  expect(typeof chain === 'string' ? chain : chain.map((one) => one.id)).toEqual(expected);
});

it('sees of all at once what it sees of each', () => {
  fc.assert(
    fc.property(someEntries, (entries) => {
      const each = entries.filter(({ id }) => typeof chainOf(entries, id) !== 'string').map(({ id }) => id);
      expect([...wholeOf(childrenFirst(entries))].sort()).toEqual(each.sort());
    }),
  );
});

it('has all, and none behind what it builds on, except in circles', () => {
  fc.assert(
    fc.property(someEntries, (entries) => {
      const ordered = childrenFirst(entries);
      expect(new Set(ordered)).toEqual(new Set(entries));
      expect(ordered).toHaveLength(entries.length);
      const place = new Map(ordered.map(({ id }, nth) => [id, nth]));
      const straight = ordered.filter(({ id }) => chainOf(entries, id) !== `${id} builds on itself`);
      for (const { id, parent } of straight)
        expect(place.get(id)!).toBeLessThan(place.get(parent ?? '') ?? Infinity);
    }),
  );
});
