import fc from 'fast-check';
import type { BalancerFinding } from '../../src/contracts/balancer-truth';
import { NEWS_EVERY, STEADY, newTruth, newWatch, newsOf, takeNews } from '../../src/domain/balancer-truth';

const ROUND = 3_000;
const finding = (key: string): BalancerFinding => ({ key, service: 'web', what: `${key} is out` });

/** What is told of a series of looks, each with the keys that are seen, as `round: keys`. */
function told(looks: string[], known: string[] = [], repaired: number[] = []): string[] {
  const watch = newWatch(known.map(finding), 0);
  for (const [round, keys] of looks.entries()) {
    const look = {
      findings: [...keys].map(finding),
      repaired: repaired.includes(round) ? ['set again'] : [],
    };
    const news = newsOf(watch, look, round * ROUND);
    if (news) return [`${round}: ${news.findings.map(({ key }) => key).join('')}`, ...news.repaired];
  }
  return [];
}

it.each([
  { what: 'what lasts is told once it has lasted', looks: ['a', 'a', 'a', 'a', 'a'], is: ['4: a'] },
  { what: 'what passes is not', looks: ['a', 'a', 'a', '', 'a', 'a', 'a', ''], is: [] },
  { what: 'what is known is not told again', looks: Array(9).fill('a') as string[], known: ['a'], is: [] },
  {
    what: 'what is over is told when it stays so',
    looks: ['', '', '', '', '', ''],
    known: ['a'],
    is: ['4: '],
  },
  { what: 'what comes back is not over', looks: ['', '', 'a', '', '', 'a', ''], known: ['a'], is: [] },
  {
    what: 'a repair is told, not too soon',
    looks: ['', '', '', '', ''],
    repaired: [1, 2],
    is: ['4: ', 'set again', 'set again'],
  },
])('$what', ({ looks, known, repaired, is }) => {
  expect([STEADY, NEWS_EVERY]).toEqual([10_000, 10_000]);
  expect(told(looks, known, repaired)).toEqual(is);
});

it('whatever is seen, news comes at most so often, and each finding begins and ends in turn', () => {
  const look = fc.record({ keys: fc.subarray(['a', 'b', 'c']), repaired: fc.boolean() });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 60 }), (looks) => {
      const truth = newTruth();
      let watch = newWatch([], 0);
      let last = 0;
      const open = new Set<string>();
      for (const [round, { keys, repaired }] of looks.entries()) {
        const now = round * ROUND;
        const news = newsOf(watch, { findings: keys.map(finding), repaired: repaired ? ['r'] : [] }, now);
        if (!news) continue;
        expect(now - last).toBeGreaterThanOrEqual(NEWS_EVERY);
        last = now;
        const { begun, over } = takeNews(truth, { kept: [], ...news }, new Date(now).toISOString());
        for (const { key } of begun) expect(open.has(key)).toBe(false);
        for (const { key } of over) expect(open.delete(key)).toBe(true);
        for (const { key } of begun) open.add(key);
        expect([...open].sort()).toEqual(truth.findings.map(({ key }) => key).sort());
        watch = newWatch(truth.findings, now);
      }
      expect(truth.repairs.length).toBeLessThanOrEqual(20);
    }),
  );
});
