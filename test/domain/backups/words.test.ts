import { ENTRY_HEADS, entryCells } from '../../../src/domain/backups/words';
import { before, HOUR, NOW } from './entries';

const backup = (hours: number) => ({
  ...{ id: 'shop.db1.20261129T020000Z', host: 'db1', kind: 'full' as const, at: before(hours * HOUR) },
  ...{ bytes: 41_231_686_041, stored: 1_300_000 },
});

it.each([
  { hours: 10, proven: undefined, age: '10 h', says: 'never' },
  { hours: 80, proven: { at: before(50 * HOUR) }, age: '3 d', says: '2 d ago' },
  { hours: -5, proven: undefined, age: 'in the future', says: 'never' },
])('$hours h old, proven $says', ({ hours, proven, age, says }) => {
  const cells = entryCells(backup(hours), proven, NOW);
  expect(cells).toEqual(['shop.db1.20261129T020000Z', 'db1', 'full', age, '38.4 GiB', '+1.2 MiB', says]);
  expect(cells).toHaveLength(ENTRY_HEADS.length);
});
