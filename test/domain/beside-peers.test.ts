import type { Histogram, PlannedGate } from '../../src/contracts/gate';
import { Gate } from '../../src/contracts/inputs/gate';
import { besidePeers } from '../../src/domain/beside-peers';
import { emptyHistogram, measured } from '../../src/domain/histogram';
import { chance } from './chance';

const { enabled: _, ...defaults } = Gate.parse({});
const limits: PlannedGate = { ...defaults, latency: null, probePaths: ['/'], own: [] };

/** Response times as services have them: half below `median`, some much above. */
function answers(samples: number, median: number, seed: number): Histogram {
  const histogram = emptyHistogram();
  const next = chance(seed);
  for (let n = 0; n < samples; n += 1) {
    const normal = Math.sqrt(-2 * Math.log(next() || 1e-9)) * Math.cos(2 * Math.PI * next());
    measured(histogram, median * Math.exp(normal / 2));
  }
  return histogram;
}

const judged = (changed: Histogram, others: Histogram, more: Partial<PlannedGate> = {}) =>
  besidePeers({ changed, others }, { ...limits, ...more }, 0.999);

it.each([
  { slower: 1, samples: 120, verdict: 'pass' },
  { slower: 1.1, samples: 600, verdict: 'pass' },
  { slower: 1.25, samples: 600, verdict: 'hold' },
  { slower: 1.5, samples: 120, verdict: 'fail' },
  { slower: 0.5, samples: 30, verdict: 'pass' },
])('$slower times as slow as its peers, $samples answers: $verdict', ({ slower, samples, verdict }) => {
  expect(judged(answers(samples, 100 * slower, 1), answers(samples, 100, 2))?.verdict).toBe(verdict);
});

it('says by how much', () => {
  const { text = '' } = judged(answers(300, 160, 3), answers(300, 100, 4)) ?? {};
  expect(text).toMatch(
    /^beside peers: median 1\d\d ms, peers \d+(\.\d)? ms; \d\d % of pairs above what peers allow$/,
  );
});

it('few answers tell nothing', () => {
  expect(judged(answers(19, 300, 5), answers(500, 100, 6))?.verdict).toBe('hold');
});

it('a version that is as good is never stopped, however often it is looked at', () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const [changed, others] = [answers(600, 110, 2 * seed), answers(600, 100, 2 * seed + 1)];
    expect(judged(changed, others)?.verdict).not.toBe('fail');
  }
});

it('what own probes cannot tell apart is no difference', () => {
  expect(judged(answers(300, 9, 7), answers(300, 3, 8))?.verdict).toBe('pass');
  const histogram = { histogram: 'times', unit: 'seconds' as const, labels: {}, hostLabel: 'instance' };
  expect(judged(answers(300, 9, 7), answers(300, 3, 8), { latency: histogram })?.verdict).toBe('fail');
});

it('answers that never came are slower than any, and as slow as each other', () => {
  const none = emptyHistogram();
  for (let n = 0; n < 100; n += 1) measured(none, Infinity);
  expect(judged(none, answers(100, 100, 9))?.verdict).toBe('fail');
  expect(judged(none, none)?.verdict).toBe('hold');
});

it('coarse buckets of somebody else condemn nobody who is in the next one by a little', () => {
  const coarse = (count: number, above: number, upTo: number): Histogram => ({
    samples: count,
    buckets: [[above, upTo, count]],
  });
  const histogram = { histogram: 'times', unit: 'seconds' as const, labels: {}, hostLabel: 'instance' };
  expect(judged(coarse(500, 10, 25), coarse(500, 5, 10), { latency: histogram })?.verdict).toBe('pass');
});

it('without peers, or a limit, nothing is claimed', () => {
  expect(judged(answers(100, 100, 1), emptyHistogram())).toBeNull();
  expect(judged(answers(100, 100, 1), answers(100, 100, 2), { timePercentOfPeers: undefined })).toBeNull();
});
