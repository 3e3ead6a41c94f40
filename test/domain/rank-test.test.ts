import fc from 'fast-check';
import { normalTail, rankTest, type Counted } from '../../src/domain/rank-test';
import reference from './rank-test/reference.json';

/** Equal to nine digits, however small, as far as numbers reach. */
const close = (is: number, must: number) => Math.abs(is - must) <= Math.max(1e-9 * Math.abs(must), 1e-300);

describe('as SciPy says', () => {
  it('values are larger here, or smaller', () => {
    const wrong = reference.pairs.filter(({ here, there, ...must }) => {
      const is = rankTest(here as unknown as Counted, there as unknown as Counted);
      return (['effect', 'larger', 'smaller'] as const).some((name) => !close(is[name], must[name]));
    });
    expect(wrong).toEqual([]);
  });

  it('so much of a normal distribution is above a value', () => {
    expect(reference.tails.filter(({ z, p }) => !close(normalTail(z), p))).toEqual([]);
  });
});

const counted = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 50 })), {
  minLength: 1,
  maxLength: 20,
});

it('turned round, it says the opposite', () => {
  fc.assert(
    fc.property(counted, counted, (here, there) => {
      const [one, other] = [rankTest(here, there), rankTest(there, here)];
      expect(other.effect).toBeCloseTo(1 - one.effect, 9);
      expect(other.larger).toBeCloseTo(one.smaller, 9);
      expect(other.smaller).toBeCloseTo(one.larger, 9);
    }),
  );
});

it('nothing, or nothing but one value, proves nothing', () => {
  const nothing = { effect: 0.5, larger: 1, smaller: 1 };
  expect(rankTest([], [[1, 100]])).toEqual(nothing);
  expect(rankTest([[1, 100]], [])).toEqual(nothing);
  expect(rankTest([[1, 100]], [[1, 7]])).toEqual(nothing);
});
