import fc from 'fast-check';
import { trend, type Samples } from '../../src/domain/trend';
import reference from './trend/reference.json';

/** Equal to nine digits. */
const close = (is: number, must: number) => Math.abs(is - must) <= 1e-9 * Math.max(Math.abs(must), 1e-6);

it('is as SciPy says', () => {
  const wrong = reference.rows.filter(({ samples, ...must }) => {
    const is = trend(samples as unknown as Samples);
    return (['slope', 'tau', 'rising'] as const).some((name) => !close(is[name], must[name]));
  });
  expect(wrong).toEqual([]);
});

const values = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 3, maxLength: 40 });
const every = (given: number[]): Samples => given.map((value, nth) => [nth, value]);

it('turned round, it says the opposite', () => {
  fc.assert(
    fc.property(values, (given) => {
      const [one, other] = [trend(every(given)), trend(every([...given].reverse()))];
      expect(other.slope).toBeCloseTo(-one.slope, 9);
      expect(other.tau).toBeCloseTo(-one.tau, 9);
      if (one.tau !== 0) expect(other.rising).toBeCloseTo(1 - one.rising, 9);
    }),
  );
});

it('one wild value moves little', () => {
  const steady = Array.from({ length: 20 }, (_, n) => n);
  expect(trend(every(steady.with(7, 1e6))).slope).toBeCloseTo(1, 9);
});

it('nothing, or nothing but one value, shows no trend', () => {
  const none = { slope: 0, tau: 0, rising: 1 };
  expect(trend([])).toEqual(none);
  expect(trend(every([1, 2]))).toEqual(none);
  expect(trend(every([5, 5, 5, 5]))).toEqual(none);
});
