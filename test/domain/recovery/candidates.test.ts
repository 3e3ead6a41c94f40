import { candidates } from '../../../src/domain/recovery/candidates';
import { entry, logs } from '../backups/entries';

const ENTRIES = [
  'f full 2026-11-20T02:00:00Z',
  'i inc 2026-11-21T02:00:00Z f',
  'j inc 2026-11-22T02:00:00Z i',
  'g full 2026-11-23T02:00:00Z',
  'k inc 2026-11-24T02:00:00Z lost',
].map((line) => ({ ...entry(line), bytes: 10 }));

it.each([
  ['the newest three that can be restored', { until: Infinity }, ['g 10', 'j 30', 'i 20']],
  ['none that is younger than the moment', { until: Date.parse('2026-11-22T01:00:00Z') }, ['i 20', 'f 10']],
  ['that moment itself', { until: Date.parse('2026-11-20T02:00:00Z') }, ['f 10']],
  ['nothing from before the first', { until: Date.parse('2026-11-19T02:00:00Z') }, []],
  ['one by its id, and no other', { id: 'j' }, ['j 30']],
  ['nothing of a broken chain', { id: 'k' }, []],
  ['nothing that nobody knows', { id: 'x' }, []],
])('%s', (_, wanted, found) => {
  expect(candidates(ENTRIES, wanted).map(({ id, bytes }) => `${id} ${bytes}`)).toEqual(found);
});

it('logs that cover the moment are the best, and what is older waits behind them', () => {
  const hourly = [...ENTRIES, { ...logs('l inc 2026-11-25T02:00:00Z g'), bytes: 1 }];
  expect(candidates(hourly, { until: Date.parse('2026-11-24T12:00:00Z') })).toEqual([
    { id: 'l', at: '2026-11-24T12:00:00.000Z', bytes: 11, until: '2026-11-24T12:00:00.000Z' },
    { id: 'g', at: '2026-11-23T02:00:00Z', bytes: 10 },
    { id: 'j', at: '2026-11-22T02:00:00Z', bytes: 30 },
  ]);
  expect(candidates(hourly, { until: Infinity })[0]).toEqual({
    id: 'l',
    at: '2026-11-25T02:00:00Z',
    bytes: 11,
  });
});
