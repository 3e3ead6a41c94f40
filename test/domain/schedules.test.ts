import { INPUTS } from '../../src/contracts/schemas';
import { typeNames } from '../../src/cli/workflow-types';
import { parseCron, valuesIn, type Calendar } from '../../src/domain/schedules/cron';
import { lostDay, scheduleFindings, seconds } from '../../src/domain/schedules/findings';

const calendar = (text: string) => parseCron(text) as Calendar;

it.each([
  ['0 2 * * *', 'hour', [2]],
  ['*/20 * * * *', 'minute', [0, 20, 40]],
  ['5/20 * * * *', 'minute', [5, 25, 45]],
  ['0 8-18/5,23 * * *', 'hour', [8, 13, 18, 23]],
  ['0 0 1,15 * *', 'dayOfMonth', [1, 15]],
  ['@hourly', 'minute', [0]],
] as const)('%s: %s %j', (text, field, values) => {
  expect(valuesIn(calendar(text)[field])).toEqual(values);
});

it.each([
  ['0 0 * * 7', [{ start: 'SUNDAY', end: 'SUNDAY', step: 1 }]],
  ['0 0 * * 0-7', [{ start: 'SUNDAY', end: 'SATURDAY', step: 1 }]],
  ['0 0 * * *', [{ start: 'SUNDAY', end: 'SATURDAY', step: 1 }]],
  ['0 0 * * mon-FRI', [{ start: 'MONDAY', end: 'FRIDAY', step: 1 }]],
  ['0 0 * * 5-7', ['FRIDAY', 'SATURDAY', 'SUNDAY'].map((day) => ({ start: day, end: day, step: 1 }))],
])('%s is on %j', (text, days) => {
  expect(calendar(text).dayOfWeek).toEqual(days);
});

it.each([
  ['', 'five fields'],
  ['* * * *', 'five fields'],
  ['@every 1h', 'five fields'],
  ['60 * * * *', 'minute "60": from 0 to 59'],
  ['* 5-1 * * *', 'hour "5-1"'],
  ['* * 0 * *', 'day of month "0"'],
  ['* * * 13 *', 'month "13": from 1 to 12 or JAN to DEC'],
  ['* * * * 8', 'day of week "8": from 0 to 7 or SUN to SAT'],
  ['*/0 * * * *', 'minute "*/0"'],
  ['1,, * * * *', 'minute ""'],
  ['0 0 30 2 *', 'never comes'],
  ['0 0 31 4,6,9,11 *', 'never comes'],
  ['-1 * * * *', 'minute "-1"'],
  ['1e1 * * * *', 'minute "1e1"'],
])('%j is refused', (text, words) => {
  expect(parseCron(text)).toEqual(expect.stringContaining(words));
});

it('29 February comes', () => expect(calendar('0 0 29 2 *').comment).toBe('0 0 29 2 *'));

const NOON = Date.parse('2026-11-29T12:00:00Z');
it.each([
  ['30 2 * * *', 'Europe/Berlin', '2027-03-28'],
  ['30 2 * * *', 'America/New_York', '2027-03-14'],
  ['30 3 * * *', 'Europe/Berlin', undefined],
  ['30 2,14 * * *', 'Europe/Berlin', undefined],
  ['0 * * * *', 'Europe/Berlin', undefined],
  ['30 2 * * *', 'UTC', undefined],
  ['30 2 * * *', 'Asia/Shanghai', undefined],
])('%s in %s is left out on %s', (cron, zone, day) => {
  expect(lostDay(calendar(cron), zone, NOON)).toBe(day);
});

it.each([
  ['45s', 45],
  ['30m', 1_800],
  ['2h', 7_200],
  ['1d', 86_400],
])('%s is %d s', (text, count) => expect(seconds(text)).toBe(count));

it('says nothing of what is no list, and knows every type that is started', () => {
  for (const odd of [null, 'x', {}, [null], [1]]) expect(() => scheduleFindings(odd)).not.toThrow();
  expect(Object.keys(INPUTS).sort()).toEqual([...typeNames].sort());
});
