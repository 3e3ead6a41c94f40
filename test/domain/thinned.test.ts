import fc from 'fast-check';
import { thinned } from '../../src/domain/thinned';

/** Looks some seconds apart, as gates take them. */
const looks = fc
  .array(fc.double({ min: 0.5, max: 15, noNaN: true }), { minLength: 1, maxLength: 300 })
  .map((gaps) => gaps.reduce<[number][]>((all, gap) => [...all, [(all.at(-1)?.[0] ?? 0) + gap]], []));
const most = fc.integer({ min: 2, max: 60 });

/** One after the other, as they come. */
const kept = (seen: [number][], count: number) =>
  seen.reduce<[number][]>((all, one) => thinned([...all, one], count), []);

it('keeps no more than it may, the first and the last among them, in order', () => {
  fc.assert(
    fc.property(looks, most, (seen, count) => {
      const left = kept(seen, count);
      expect(left.length).toBe(Math.min(count, seen.length));
      expect([left[0], left.at(-1)]).toEqual([seen[0], seen.at(-1)]);
      expect(seen.filter((one) => left.includes(one))).toEqual(left);
    }),
  );
});

it('leaves no gap that is long beside the whole time', () => {
  fc.assert(
    fc.property(looks, most, (seen, count) => {
      const left = kept(seen, count);
      const whole = left.at(-1)![0] - left[0]![0];
      const gaps = left.slice(1).map(([at], nth) => at - left[nth]![0]);
      expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(Math.max(15, (2 * whole) / (count - 1)) + 1e-6);
    }),
  );
});
