import { afterStep, cannotRamp, rampMistakes, shareOf, weightAt } from '../../src/domain/ramp';
import { shareText } from '../../src/render/ramp';

const steps = (...percents: number[]) => percents.map((percent) => ({ percent, seconds: 1 }));

it.each([
  { full: 100, percent: 0, weight: 0 },
  { full: 100, percent: 10, weight: 10 },
  { full: 256, percent: 50, weight: 128 },
  { full: 7, percent: 10, weight: 1 },
  { full: 1, percent: 10, weight: 0 },
])('$percent % of weight $full is $weight', ({ full, percent, weight }) => {
  expect(weightAt(full, percent)).toBe(weight);
});

// the source's example: one host beside three, each of weight 10, at 0, 1, 5 and 10
it.each([
  { weight: 0, others: 30, share: '0.0 %' },
  { weight: 1, others: 30, share: '3.2 %' },
  { weight: 5, others: 30, share: '14 %' },
  { weight: 10, others: 30, share: '25 %' },
  { weight: 10, others: 0, share: '100 %' },
  { weight: 0, others: 0, share: '0.0 %' },
])('weight $weight beside $others brings $share', ({ weight, others, share }) => {
  expect(shareText(shareOf(weight, others))).toBe(share);
});

it.each([
  { ramp: steps(0, 10, 50, 100), paths: [] },
  { ramp: steps(100), paths: [] },
  { ramp: steps(10, 10, 100), paths: ['ramp.1.percent'] },
  { ramp: steps(50, 10), paths: ['ramp.1.percent', 'ramp.1.percent'] },
  { ramp: steps(0, 10, 50), paths: ['ramp.2.percent'] },
])('a ramp of $ramp has mistakes at $paths', ({ ramp, paths }) => {
  expect(rampMistakes(ramp).map(({ path }) => path)).toEqual(paths);
});

it.each([
  { full: 100, why: undefined },
  { full: 10, why: undefined },
  { full: 4, why: '0 % and 10 % of it are the same weight' },
  { full: 1, why: '0 % and 10 % of it are the same weight' },
  { full: 0, why: 'no full weight is known' },
])('a full weight of $full: $why', ({ full, why }) => {
  const said = cannotRamp(full, steps(0, 10, 50, 100));
  expect(said).toEqual(why === undefined ? undefined : expect.stringContaining(why));
});

it('a step above 0 % that would bring no weight is none, whatever the step before it is', () => {
  expect(cannotRamp(4, steps(10, 50, 100))).toMatch(/^10 % of it is no weight/);
  expect(cannotRamp(4, steps(0, 25, 100))).toBeUndefined();
});

it.each([
  { at: 0, setbacks: 0, worse: false, onWorse: 'stepBack', next: { at: 1, setbacks: 0 } },
  { at: 3, setbacks: 0, worse: false, onWorse: 'stepBack', next: 'up' },
  { at: 2, setbacks: 0, worse: true, onWorse: 'stepBack', next: { at: 1, setbacks: 1 } },
  { at: 0, setbacks: 0, worse: true, onWorse: 'stepBack', next: { at: 0, setbacks: 1 } },
  { at: 1, setbacks: 1, worse: false, onWorse: 'stepBack', next: { at: 2, setbacks: 1 } },
  { at: 2, setbacks: 1, worse: true, onWorse: 'stepBack', next: 'out' },
  { at: 2, setbacks: 0, worse: true, onWorse: 'out', next: 'out' },
] as const)('at step $at after $setbacks setbacks, worse: $worse, $onWorse → $next', (of) => {
  expect(afterStep(of, of.worse, { steps: 4, onWorse: of.onWorse })).toEqual(of.next);
});
