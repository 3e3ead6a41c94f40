import fc from 'fast-check';
import type { Keep } from '../../../src/contracts/backups';
import { chainOf, newest } from '../../../src/domain/backups/catalogue';
import { isoWeek } from '../../../src/domain/backups/periods';
import { retentionOf, type Dated } from '../../../src/domain/backups/retention';
import { anyEntries, DAY, entry, HOUR, NOW, someEntries } from './entries';

const NOTHING: Keep = { days: 1, weeks: 0, months: 0, years: 0 };

it.each([
  ['2026-11-23T00:00:00Z', '2026-W48'],
  ['2026-11-29T23:59:59.999Z', '2026-W48'],
  ['2026-11-30T00:00:00Z', '2026-W49'],
  ['2026-12-31T12:00:00Z', '2026-W53'],
  ['2027-01-03T23:59:59Z', '2026-W53'],
  ['2027-01-04T00:00:00Z', '2027-W01'],
  ['2024-12-30T00:00:00Z', '2025-W01'],
  ['2023-01-01T00:00:00Z', '2022-W52'],
  ['1969-12-29T00:00:00Z', '1970-W01'],
])('%s is in %s', (at, week) => expect(isoWeek(Date.parse(at))).toBe(week));

describe('what stays, and why', () => {
  it.each<{ what: string; keep: Partial<Keep>; lines: string[]; stays: string[]; goes: string[] }>([
    { what: 'nothing of nothing', keep: {}, lines: [], stays: [], goes: [] },
    {
      what: 'every one of some days, to the millisecond',
      keep: { days: 7 },
      lines: [
        'a full 2026-11-29T02:00:00Z',
        'b full 2026-11-22T12:00:00.001Z',
        'c full 2026-11-22T12:00:00Z',
      ],
      stays: ['a: newest, 7 days', 'b: 7 days'],
      goes: ['c'],
    },
    {
      what: 'the newest of each week that has one, this week among them',
      keep: { weeks: 2 },
      lines: [
        'a full 2026-11-27T02:00:00Z',
        'b full 2026-11-26T02:00:00Z',
        'c full 2026-11-08T23:00:00Z',
        'd full 2026-11-08T22:00:00Z',
        'e full 2026-11-01T02:00:00Z',
      ],
      stays: ['a: newest, week 2026-W48', 'c: week 2026-W45'],
      goes: ['e', 'd', 'b'],
    },
    {
      what: 'the newest of each month and each year',
      keep: { months: 2, years: 3 },
      lines: [
        'a full 2026-11-01T00:00:00Z',
        'b full 2026-10-31T23:59:59Z',
        'c full 2026-09-30T02:00:00Z',
        'd full 2025-01-01T00:00:00Z',
        'e full 2023-05-05T02:00:00Z',
        'f full 2022-05-05T02:00:00Z',
      ],
      stays: ['a: newest, month 2026-11, year 2026', 'b: month 2026-10', 'd: year 2025', 'e: year 2023'],
      goes: ['f', 'c'],
    },
    {
      what: 'the newest, however old it is',
      keep: {},
      lines: ['a full 2019-01-01T00:00:00Z', 'b full 2018-01-01T00:00:00Z'],
      stays: ['a: newest'],
      goes: ['b'],
    },
    {
      what: 'what others build on, named by the newest of them',
      keep: { days: 2 },
      lines: [
        'f full 2026-11-22T02:00:00Z',
        'd diff 2026-11-23T02:00:00Z f',
        'i inc 2026-11-28T02:00:00Z d',
        'j inc 2026-11-29T02:00:00Z i',
        'x inc 2026-11-24T02:00:00Z d',
        'y inc 2026-11-25T02:00:00Z x',
      ],
      stays: ['j: newest, 2 days', 'i: 2 days', 'd: what i builds on', 'f: what i builds on'],
      goes: ['y', 'x'],
    },
    {
      what: 'nothing because of one that is dated in the future',
      keep: { weeks: 1 },
      lines: ['z full 2030-01-01T00:00:00Z', 'a full 2026-11-20T00:00:00Z', 'b full 2026-11-12T00:00:00Z'],
      stays: ['z: newest, dated in the future', 'a: newest that can be restored, week 2026-W47'],
      goes: ['b'],
    },
    {
      what: 'a good one beside a newer one that cannot be restored',
      keep: { weeks: 1 },
      lines: [
        'k inc 2026-11-27T02:00:00Z lost',
        'f full 2026-11-26T02:00:00Z',
        'e full 2026-11-25T02:00:00Z',
      ],
      stays: ['k: newest, week 2026-W48', 'f: newest that can be restored, week 2026-W48'],
      goes: ['e'],
    },
    {
      what: 'broken ones as long as if they were not, and no good one goes for them',
      keep: { weeks: 2 },
      lines: [
        'a full 2026-11-27T02:00:00Z',
        'k inc 2026-11-20T02:00:00Z lost',
        'l inc 2026-11-19T02:00:00Z lost',
        'b full 2026-11-13T02:00:00Z',
        'c full 2026-11-06T02:00:00Z',
      ],
      stays: ['a: newest, week 2026-W48', 'k: week 2026-W47', 'b: week 2026-W46'],
      goes: ['c', 'l'],
    },
    {
      what: 'those that build on each other in a circle, which end nothing',
      keep: { days: 3 },
      lines: [
        'a full 2026-11-20T02:00:00Z',
        'p inc 2026-11-29T02:00:00Z q',
        'q inc 2026-11-10T02:00:00Z p',
        'r inc 2026-11-09T02:00:00Z s',
        's inc 2026-11-08T02:00:00Z r',
      ],
      stays: ['p: newest, 3 days', 'a: newest that can be restored', 'q: what p builds on'],
      goes: ['s', 'r'],
    },
  ])('$what', ({ keep, lines, stays, goes }) => {
    const found = retentionOf({ entries: lines.map(entry), keep: { ...NOTHING, ...keep }, now: NOW });
    expect(found.stays.map(({ id, why }) => `${id}: ${why}`)).toEqual(stays);
    expect(found.goes).toEqual(goes);
  });

  it('the newest of which all is good', () => {
    const entries = [
      'a full 2026-11-20T02:00:00Z',
      'b full 2026-11-21T02:00:00Z',
      'c inc 2026-11-22T02:00:00Z b',
    ].map(entry);
    const { stays } = retentionOf({ entries, keep: NOTHING, now: NOW, isGood: ({ id }) => id !== 'b' });
    expect(stays.map(({ id, why }) => `${id}: ${why}`)).toEqual([
      'c: newest',
      'b: what c builds on',
      'a: newest that can be restored',
    ]);
  });

  it('all, where nobody knows what time it is', () => {
    const entries = ['a full 2026-11-20T02:00:00Z', 'b full 2019-11-21T02:00:00Z'].map(entry);
    expect(retentionOf({ entries, keep: NOTHING, now: NaN }).goes).toEqual([]);
  });
});

describe('whatever there is', () => {
  const keep: fc.Arbitrary<Keep> = fc.record({
    days: fc.integer({ min: 1, max: 20 }),
    weeks: fc.nat(6),
    months: fc.nat(6),
    years: fc.nat(3),
  });
  /** Some that nobody calls good, by the last digit of their ids. */
  const bad = fc.subarray(['3', '7', '8']);
  const asked = fc.record({ entries: someEntries, keep, bad }).map(({ bad, ...rest }) => ({
    ...rest,
    now: NOW,
    isGood: ({ id }: Dated) => !bad.includes(id.at(-1)!),
  }));
  type Asked = typeof asked extends fc.Arbitrary<infer A> ? A : never;
  const left = (of: Asked): Dated[] => {
    const ids = new Set(retentionOf(of).stays.map(({ id }) => id));
    return of.entries.filter(({ id }) => ids.has(id));
  };
  const holds = (claim: (of: Asked) => void) => fc.assert(fc.property(asked, claim), { numRuns: 300 });
  const idsOf = (entries: readonly { id: string }[]) => entries.map(({ id }) => id).sort();

  it('each goes or stays, and some stay', () =>
    holds((of) => {
      const { goes, stays } = retentionOf(of);
      expect([...goes, ...stays.map(({ id }) => id)].sort()).toEqual(idsOf(of.entries));
      expect(stays).not.toHaveLength(0);
      expect(stays.every(({ why }) => why !== '')).toBe(true);
    }));

  it('the newest stays, and the newest that can be restored, with what they build on', () =>
    holds((of) => {
      const stay = new Set(left(of));
      const past = of.entries.filter(({ at }) => Date.parse(at) <= of.now);
      const chain = (entry: Dated) => {
        const found = chainOf(of.entries, entry.id);
        return typeof found !== 'string' && found.every(of.isGood) ? found : undefined;
      };
      const good = newest(past.filter(chain));
      for (const one of [newest(of.entries)!, ...(good ? chain(good)! : [])]) expect(stay).toContain(one);
    }));

  it('what stays keeps all that it builds on, at each step on the way there', () =>
    holds((of) => {
      const all = new Map(of.entries.map((one) => [one.id, one]));
      const there = new Set(all.keys());
      const stays = left(of);
      const lost = ({ parent }: Dated) => parent !== null && all.has(parent) && !there.has(parent);
      const inCircles = ({ id }: Dated) => {
        const chain = chainOf(of.entries, id);
        return typeof chain === 'string' && chain.endsWith('builds on itself');
      };
      const straight = of.entries.filter((one) => !inCircles(one));
      for (const id of retentionOf(of).goes) {
        there.delete(id);
        expect(stays.filter(lost)).toEqual([]);
        const orphans = straight.filter((one) => there.has(one.id) && lost(one));
        expect(orphans).toEqual([]);
      }
    }));

  it('what would stay anyway is the same when the rest has gone', () =>
    holds((of) => {
      const entries = left(of);
      const again = retentionOf({ ...of, entries });
      expect(again).toEqual({ goes: [], stays: retentionOf(of).stays });
    }));

  it('time brings nothing back, and a run that was left out makes no difference', () =>
    fc.assert(
      fc.property(asked, fc.nat(24 * 400), (of, hours) => {
        const later = { ...of, now: of.now + hours * HOUR };
        expect(idsOf(left(of))).toEqual(expect.arrayContaining(idsOf(left(later))));
        expect(idsOf(left({ ...later, entries: left(of) }))).toEqual(idsOf(left(later)));
      }),
      { numRuns: 300 },
    ));

  it('whoever keeps more loses none of it', () =>
    fc.assert(
      fc.property(asked, keep, (of, more) => {
        const fields = Object.keys(more) as (keyof Keep)[];
        const sum = Object.fromEntries(fields.map((field) => [field, of.keep[field] + more[field]])) as Keep;
        expect(idsOf(left({ ...of, keep: sum }))).toEqual(expect.arrayContaining(idsOf(left(of))));
      }),
      { numRuns: 300 },
    ));

  it('good ones stay as if there were no broken ones', () =>
    fc.assert(
      fc.property(asked, anyEntries, (of, others) => {
        const broken = others.map((one) => ({
          ...one,
          id: `x${one.id}`,
          kind: 'incremental' as const,
          parent: 'lost',
        }));
        const whole = of.entries.filter(({ id }) => {
          const chain = chainOf(of.entries, id);
          return typeof chain !== 'string' && chain.every(of.isGood);
        });
        expect(idsOf(left({ ...of, entries: [...of.entries, ...broken] }))).toEqual(
          expect.arrayContaining(idsOf(left({ ...of, entries: whole }))),
        );
      }),
      { numRuns: 300 },
    ));

  it('in whatever order', () =>
    fc.assert(
      fc.property(
        asked.chain((of) =>
          fc.tuple(fc.constant(of), fc.shuffledSubarray(of.entries, { minLength: of.entries.length })),
        ),
        ([of, entries]) => expect(retentionOf({ ...of, entries })).toEqual(retentionOf(of)),
      ),
    ));

  it('nothing young goes', () =>
    holds((of) => {
      const gone = new Set(retentionOf(of).goes);
      const oldest = Math.max(...of.entries.filter(({ id }) => gone.has(id)).map(({ at }) => Date.parse(at)));
      expect(oldest).toBeLessThanOrEqual(of.now - of.keep.days * DAY);
    }));
});
