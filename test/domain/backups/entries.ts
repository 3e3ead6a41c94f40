import fc from 'fast-check';
import type { Dated } from '../../../src/domain/backups/retention';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** A Sunday, the last day of week 48. */
export const NOW = Date.parse('2026-11-29T12:00:00Z');
export const before = (ms: number) => new Date(NOW - ms).toISOString();

/**
 * `full` and `diff` without a word behind them build on nothing: `a full 2026-11-28T02:00:00Z`,
 * `b inc 2026-11-29T02:00:00Z a`
 */
export function entry(line: string): Dated {
  const [id = '', kind, at = '', parent = null] = line.split(' ');
  const kinds = { full: 'full', inc: 'incremental', diff: 'differential' } as const;
  return { id, kind: kinds[kind as keyof typeof kinds], at, parent };
}

/** Logs of a server, as they are backed up on another one. */
export const logs = (line: string) => {
  const binlog = { from: { file: 'bin.000001', at: 4 }, mark: 'aa', birth: '1', zone: 'UTC' };
  const position = { file: 'bin.000002', at: 4 };
  const content = { kind: 'mariadb', server: '10.11', position, tables: [], uncovered: [], binlog } as const;
  return { ...entry(line), content: { ...content, tables: [], uncovered: [] } };
};

/** Weeks are long beside it, so that some of each period are there; some are dated in the future. */
const hours = fc.oneof(fc.integer({ min: -48, max: 24 * 40 }), fc.integer({ min: 0, max: 24 * 800 }));
const kind = fc.constantFrom('full', 'incremental', 'differential');
/** By its place among all: circles, and parents that are younger, happen where clocks and files are wrong. */
const parent = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 6, arbitrary: fc.nat(39) },
  { weight: 1, arbitrary: fc.constant('lost' as const) },
);

/** Whatever a catalogue may say. */
export const anyEntries: fc.Arbitrary<Dated[]> = fc
  .array(fc.tuple(hours, kind, parent), { minLength: 1, maxLength: 40 })
  .map((list) =>
    list.map(([age, what, on], nth): Dated => {
      const builds = typeof on === 'number' ? `b${on % list.length}` : on;
      return {
        id: `b${nth}`,
        at: before(age * HOUR),
        kind: builds === null ? what : 'incremental',
        parent: builds,
      };
    }),
  );

/** One after the other as they are taken, a full one now and then, and one of them lost at times. */
const orderly: fc.Arbitrary<Dated[]> = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), kind), { minLength: 1, maxLength: 60 }),
    fc.nat(200),
  )
  .map(([list, lost]) => {
    let [age, full, last] = [list.reduce((sum, [gap]) => sum + gap, -24), '', ''];
    const all = list.map(([gap, what], nth): Dated => {
      const [id, at] = [`b${nth}`, before((age -= gap) * HOUR)];
      const on = what === 'full' || full === '' ? null : what === 'differential' ? full : last;
      if (on === null) full = id;
      last = id;
      return { id, at, kind: on === null ? 'full' : what, parent: on };
    });
    return all.length > 1 ? all.filter((_, nth) => nth !== lost) : all;
  });

export const someEntries = fc.oneof(anyEntries, orderly);
