import { lastStable, mostOften, provenHours, releaseKey } from '../../src/domain/stable';

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
  const allRun = ({ version }: { version: string }) => running.every((one) => one === '' || one === version);
  const list = known.map((version, index) => stable(version, index));
  expect(lastStable(list, allRun)?.version).toBe(is);
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
  { what: 'not at all', known: undefined, is: 0 },
])('has proven itself $what', ({ known, is }) => expect(provenHours(known, NOW)).toBe(is));

it('is one of version and configuration', () => {
  expect([{ version: '2' }, { version: '2', config: 'c1' }].map(releaseKey)).toEqual(['2', '2/c1']);
});
