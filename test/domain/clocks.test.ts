import { judgeClocks, offBy, offText } from '../../src/domain/clocks';

it.each([
  { shown: 100, off: 0, when: 'within' },
  { shown: 150, off: 0, when: 'within' },
  { shown: 90, off: -10, when: 'before' },
  { shown: 170, off: 20, when: 'after' },
])('a clock that shows $shown $when 100 to 150 is off by $off', ({ shown, off }) => {
  expect(offBy(shown, 100, 150)).toBe(off);
});

describe('of clocks that are off', () => {
  it.each<{
    what: string;
    offsets: Record<string, number>;
    ours: number | null;
    theirs: Record<string, number>;
  }>([
    { what: 'none', offsets: {}, ours: null, theirs: {} },
    { what: 'none within the limit', offsets: { n1: 1_000, n2: -1_000, n3: 0 }, ours: null, theirs: {} },
    { what: 'one of three', offsets: { n1: 0, n2: 5_000, n3: 0 }, ours: null, theirs: { n2: 5_000 } },
    {
      what: 'ours, when all others agree',
      offsets: { n1: 5_000, n2: 5_001, n3: 4_999 },
      ours: -5_000,
      theirs: {},
    },
    {
      what: 'ours and one of theirs',
      offsets: { n1: 5_000, n2: 5_000, n3: 0 },
      ours: -5_000,
      theirs: { n3: -5_000 },
    },
    {
      what: 'both of two: nobody can tell',
      offsets: { n1: 5_000, n2: 5_000 },
      ours: null,
      theirs: { n1: 5_000, n2: 5_000 },
    },
  ])('$what', ({ offsets, ours, theirs }) => {
    expect(judgeClocks(offsets, 2_000)).toEqual({ ours, theirs });
  });
});

it.each([
  [5_000, '5 s ahead'],
  [-119_400, '119 s behind'],
  [-7_200_000, '120 min behind'],
])('%d ms is %s', (ms, words) => expect(offText(ms)).toBe(words));
