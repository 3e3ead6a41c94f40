import fc from 'fast-check';
import {
  durationOf,
  extendedEnd,
  minutesToSpare,
  noticesBefore,
  windowMistakes,
  windowOf,
} from '../../src/domain/maintenance';

const NOW = Date.parse('2026-12-01T10:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ahead = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom('m', 'h', 'd'))
  .map(([count, unit]) => `${count}${unit}`);
const when = fc.integer({ min: 0, max: 400 * 24 * 60 }).map((minutes) => NOW + minutes * MINUTE);

test.each([
  { start: 49 * HOUR, due: ['48h', '24h'], past: [] },
  { start: 48 * HOUR, due: ['24h'], past: ['48h'] },
  { start: 25 * HOUR, due: ['24h'], past: ['48h'] },
  { start: 5 * MINUTE, due: [], past: ['48h', '24h'] },
  { start: 0, due: [], past: ['48h', '24h'] },
])('$start ms before it, $due are still to come', ({ start, due, past }) => {
  const found = noticesBefore(['24h', '48h'], NOW + start, NOW);
  expect(found.due.map(({ ahead: label }) => label)).toEqual(due);
  expect(found.past).toEqual(past);
});

test('notices come in order, each so long before the start, and none is lost', () => {
  fc.assert(
    fc.property(fc.uniqueArray(ahead, { maxLength: 10 }), when, (labels, from) => {
      const { due, past } = noticesBefore(labels, from, NOW);
      expect([...due.map(({ ahead: label }) => label), ...past].sort()).toEqual([...labels].sort());
      for (const [index, { ahead: label, at }] of due.entries()) {
        expect(at).toBe(from - durationOf(label));
        expect(at).toBeGreaterThan(NOW);
        expect(at).toBeLessThan(from);
        expect(at).toBeGreaterThanOrEqual(due[index - 1]?.at ?? 0);
      }
    }),
  );
});

test('an extension never shortens, and never goes beyond the longest time', () => {
  const minutes = fc.integer({ min: 1, max: 10_080 });
  fc.assert(
    fc.property(when, minutes, minutes, fc.integer({ min: 0, max: 20_000 }), (from, lasts, most, more) => {
      const window = { from, to: from + lasts * MINUTE };
      const end = extendedEnd(window, more, most);
      expect(end).toBeGreaterThanOrEqual(window.to);
      expect(end).toBeLessThanOrEqual(Math.max(window.to, from + most * MINUTE));
      // what is said to be left is what can be added
      const spare = minutesToSpare(window, end, most);
      if (spare > 0) expect(end + spare * MINUTE).toBeLessThanOrEqual(from + most * MINUTE);
      expect(extendedEnd(window, more + spare, most)).toBeGreaterThanOrEqual(end);
    }),
  );
});

test('now is when it begins, an end of its own counts instead of a duration', () => {
  expect(windowOf({ start: 'now', durationMinutes: 30, maxMinutes: 60 }, NOW)).toEqual({
    from: NOW,
    to: NOW + 30 * MINUTE,
  });
  expect(
    windowOf({ start: '2026-12-01T20:00:00+08:00', end: '2026-12-01T13:00:00Z', maxMinutes: 60 }, NOW),
  ).toEqual({ from: NOW + 2 * HOUR, to: NOW + 3 * HOUR });
});

test.each([
  {
    what: 'a past start',
    start: '2026-12-01T09:59:00Z',
    durationMinutes: 30,
    path: 'start',
    rule: /is past: it is/,
  },
  {
    what: 'a start far ahead',
    start: '2028-01-01T00:00:00Z',
    durationMinutes: 30,
    path: 'start',
    rule: /a year/,
  },
  {
    what: 'an end before its start',
    start: '2026-12-01T11:00:00Z',
    end: '2026-12-01T10:30:00Z',
    path: 'end',
    rule: /not after/,
  },
  { what: 'an end that is past', start: 'now', end: '2026-12-01T09:00:00Z', path: 'end', rule: /not after/ },
  {
    what: 'more than maxMinutes',
    start: 'now',
    durationMinutes: 61,
    path: 'durationMinutes',
    rule: /at most maxMinutes/,
  },
  {
    what: 'an end too late',
    start: 'now',
    end: '2026-12-01T12:00:00Z',
    path: 'end',
    rule: /at most maxMinutes/,
  },
])('$what is a mistake', ({ path, rule, what: _, ...times }) => {
  const found = windowMistakes({ ...times, maxMinutes: 60 }, NOW);
  expect(found).toEqual([expect.objectContaining({ path, rule: expect.stringMatching(rule) as string })]);
});

test('good times are no mistake', () => {
  expect(windowMistakes({ start: 'now', durationMinutes: 60, maxMinutes: 60 }, NOW)).toEqual([]);
  expect(windowMistakes({ start: '2026-12-03T10:00:00Z', durationMinutes: 60, maxMinutes: 60 }, NOW)).toEqual(
    [],
  );
});
