import { planBatches } from '../../src/domain/batches';
import { shareOf, weightAt } from '../../src/domain/ramp';
import { withShares } from '../../src/domain/shares';
import { STRATEGIES } from '../../src/domain/strategies';

const hosts = (count: number) => Array.from({ length: count }, (_, index) => `n${index + 1}`);
const weighing = (weight: number, count: number) =>
  Object.fromEntries(hosts(count).map((name) => [name, { edge: weight }]));

const gray = (count: number, weight = 100) =>
  withShares(
    planBatches(STRATEGIES.gray.batches, hosts(count)).batches,
    weighing(weight, count),
    weight * count,
    { testers: false, out: 1 },
  );

it('six hosts go gray: one at 5 and 15 %, two at 30 %, all', () => {
  expect(gray(6)).toEqual({
    batches: [
      { adds: ['n1'], share: 5, percent: 26, soakSeconds: 300 },
      { adds: [], share: 15, percent: 88, soakSeconds: 300 },
      { adds: ['n2'], share: 30, percent: 86, soakSeconds: 300 },
      { adds: ['n3', 'n4', 'n5', 'n6'] },
    ],
    mistakes: [],
    notes: [],
  });
});

it.each([2, 3, 6, 10, 40])(
  'of %i hosts those with the change get their share, to a percent or so',
  (count) => {
    const { batches } = gray(count);
    let carrying = 0;
    for (const { adds, share, percent } of batches) {
      carrying += adds.length;
      if (share === undefined || percent === undefined) continue;
      const own = carrying * weightAt(100, percent);
      const is = 100 * shareOf(own, 100 * (count - carrying));
      if (percent < 100) expect(Math.abs(is - share)).toBeLessThan(1);
      else expect(is).toBeLessThanOrEqual(share);
    }
  },
);

it('says so where the full weights bring less, or a weight cannot be shared', () => {
  expect(gray(40).notes).toEqual([
    'batch 1: n1 have 3 % of the requests at their full weights, not 5 %',
    'batch 2: n1 have 3 % of the requests at their full weights, not 15 %',
  ]);
  expect(gray(3, 1).mistakes).toEqual([
    expect.objectContaining({ code: 'cannotShare', path: 'batches.0.share', value: '5' }),
    expect.objectContaining({ code: 'cannotShare', path: 'batches.1.share', value: '15' }),
  ]);
});

it.each([
  { what: 'shares that fall', batches: [{ to: 1, share: 20 }, { to: 1, share: 10 }, '100%'] as const, at: 1 },
  { what: 'a share after all requests', batches: [1, { to: '100%', share: 50 }] as const, at: 1 },
  { what: 'a share at the end', batches: [{ to: '100%', share: 50 }] as const, at: 0 },
])('$what: a mistake', ({ batches, at }) => {
  const { mistakes } = planBatches([...batches], hosts(6));
  expect(mistakes).toEqual([expect.objectContaining({ path: `batches.${at}` })]);
});

describe('a share for test users only', () => {
  const shares = (to: number, may: { testers: boolean; out: number }) =>
    withShares(
      planBatches([{ to, share: 0 }, { to: 2, share: 20 }, '100%'], hosts(6)).batches,
      weighing(100, 6),
      600,
      may,
    );

  it('is a weight of nothing', () => {
    const { batches, mistakes } = shares(1, { testers: true, out: 1 });
    expect([batches[0], mistakes]).toEqual([{ adds: ['n1'], share: 0, percent: 0 }, []]);
  });

  it.each([
    { what: 'nobody can be told apart', to: 1, may: { testers: false, out: 1 }, path: 'batches.0.share' },
    { what: 'too few would serve', to: 2, may: { testers: true, out: 1 }, path: 'batches.0.to' },
  ])('is refused where $what', ({ to, may, path }) => {
    expect(shares(to, may).mistakes).toEqual([expect.objectContaining({ path })]);
  });
});
