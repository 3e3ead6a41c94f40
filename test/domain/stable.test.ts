import { lastStable, mostOften, provenHours } from '../../src/domain/stable';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-28T12:00:00Z');
const ago = (hours: number) => new Date(NOW - hours * HOUR).toISOString();
const stable = (version: string, hours: number, more: object = {}) => ({
  version,
  since: ago(hours),
  change: 'upgrade-1',
  ...more,
});

it.each([
  { what: 'the newest', known: ['3', '2'], running: ['3', '4'], is: '3' },
  { what: 'the one before, where all run the newest', known: ['3', '2'], running: ['3', '3'], is: '2' },
  {
    what: 'the newest, where all run it and another one is on its way',
    known: ['3', '2'],
    running: ['3', '3', '4'],
    is: '3',
  },
  { what: 'whatever a silent host runs', known: ['3', '2'], running: ['3', ''], is: '2' },
  { what: 'nothing before it', known: ['3'], running: ['3'], is: undefined },
  { what: 'nothing known', known: [], running: ['3'], is: undefined },
])('back to $what', ({ known, running, is }) => {
  expect(
    lastStable(
      known.map((version, index) => stable(version, index)),
      running,
    ),
  ).toBe(is);
});

it('most hosts run it', () => {
  expect(mostOften(['1', '2', '2', '', ''])).toBe('2');
  expect(mostOften(['', ''])).toBeUndefined();
});

it.each([
  { what: 'since its change was over', known: stable('2', 5), is: 5 },
  {
    what: 'since its first proof, where the service came back to it',
    known: stable('2', 1, { first: ago(90) }),
    is: 90,
  },
  {
    what: 'always, where it was there before all changes',
    known: stable('2', 1, { change: null }),
    is: Infinity,
  },
  { what: 'not at all', known: stable('1', 5), is: 0 },
])('has proven itself $what', ({ known, is }) => expect(provenHours([known], '2', NOW)).toBe(is));
