import type { PlannedGate } from '../../src/contracts/gate';
import { Gate } from '../../src/contracts/inputs/gate';
import { memoryGrowth } from '../../src/domain/memory-growth';
import { thinned } from '../../src/domain/thinned';
import type { Samples } from '../../src/domain/trend';
import type { Usage } from '../../src/domain/usage';
import { chance } from './chance';

const { enabled: _, ...defaults } = Gate.parse({});
const limits: PlannedGate = { ...defaults, latency: null, probePaths: ['/'], own: [] };
const MAX = 512;

/** Memory over time, looked at as gates do, with noise of half a mebibyte and more. */
function samples(seconds: number, mib: (at: number) => number, seed = 1): Samples {
  const next = chance(seed);
  let all: [number, number][] = [];
  for (let at = 0; at <= seconds; at += Math.min(15, Math.max(2, at / 10)))
    all = thinned([...all, [at, mib(at) + next()]], 40);
  return all;
}

const use = (memory: Samples): Usage => ({
  ...{ seconds: 30, unitCpu: 0.1, unitMemory: 0.1, hostCpu: 0.1, hostMemory: 0.1 },
  ...{ memory, memoryMaxMiB: MAX },
});

interface Case {
  seconds?: number;
  changed: (at: number) => number;
  peers?: (at: number) => number;
  usual?: number;
  seed?: number;
}

function judged({ seconds = 60, changed, peers = () => 40, usual, seed = 1 }: Case) {
  const others = Object.fromEntries(
    ['n2', 'n3'].map((host, nth) => [host, use(samples(seconds, peers, seed + nth + 1))]),
  );
  return memoryGrowth(
    { changed: { n1: use(samples(seconds, changed, seed)) }, others },
    limits,
    usual,
    0.999,
  );
}

/** From 40 MiB on, so many a minute. */
const leak = (perMinute: number) => (at: number) => 40 + (perMinute * at) / 60;
/** A cache that has two thirds of its size after so many seconds. */
const cache = (from: number, size: number, seconds: number) => (at: number) =>
  from + size * (1 - Math.exp(-at / seconds));

it.each<Case & { what: string; verdict: string; says: string }>([
  { what: 'none', changed: () => 40, verdict: 'pass', says: 'memory growth: none in 57 s' },
  {
    what: 'a leak that fills it in minutes',
    changed: leak(60),
    verdict: 'fail',
    says: 'MiB a minute at n1 (peers not), full in 7 min',
  },
  {
    what: 'one that fills it in a quarter of an hour',
    changed: leak(30),
    verdict: 'hold',
    says: 'not sure after 57 s',
  },
  { what: 'the same, watched for longer', seconds: 180, changed: leak(30), verdict: 'fail', says: 'full in' },
  {
    what: 'one that takes a day, of which a minute says nothing',
    changed: leak(1),
    verdict: 'pass',
    says: '',
  },
  {
    what: 'one that takes most of a day, after hours',
    seconds: 7_200,
    changed: leak(0.5),
    verdict: 'fail',
    says: 'memory growth: 0.5 MiB a minute at n1 (peers not), full in 14 h',
  },
  {
    what: 'one that takes longer than matters',
    seconds: 43_200,
    changed: leak(0.1),
    verdict: 'pass',
    says: 'full in',
  },
  {
    what: 'a start that looks like a leak, and is at what is usual',
    changed: leak(60),
    peers: () => 150,
    verdict: 'pass',
    says: 'MiB are usual',
  },
  {
    what: 'the same after the last batch, when what was usual before is all that is known',
    changed: leak(60),
    peers: () => 0,
    usual: 150,
    verdict: 'pass',
    says: 'MiB are usual',
  },
  { what: 'peers that leak, too', changed: leak(60), peers: leak(60), verdict: 'pass', says: '(peers too)' },
  {
    what: 'a cache that is larger than that of the peers and filled soon',
    changed: cache(40, 200, 20),
    verdict: 'pass',
    says: 'levels off',
  },
  {
    what: 'a leak that nobody has watched for long',
    seconds: 20,
    changed: leak(600),
    verdict: 'hold',
    says: 'full in 27 s, not sure after 20 s',
  },
  {
    what: 'too short a time',
    seconds: 20,
    changed: () => 40,
    verdict: 'pass',
    says: 'none in 20 s, too short to see more',
  },
])('$what: $verdict', ({ verdict, says, ...given }) => {
  const claim = judged(given);
  expect(claim).toMatchObject({ name: 'memory growth', verdict });
  expect(claim?.text).toContain(says);
});

it('says nothing where nobody knows how much is usual, and for plans that do not ask', () => {
  const changed = { n1: use(samples(60, leak(60))) };
  const { memoryHoursLeft: _unknown, ...older } = limits;
  expect(memoryGrowth({ changed, others: {} }, limits, undefined, 0.999)).toBeNull();
  expect(memoryGrowth({ changed, others: {} }, older, 40, 0.999)).toBeNull();
});

it('one host among ten that leaks is found', () => {
  const good = Array.from({ length: 9 }, (_, n) => [`g${n}`, use(samples(60, () => 40, 50 + n))] as const);
  const changed = { ...Object.fromEntries(good), bad: use(samples(60, leak(60), 99)) };
  const claim = memoryGrowth({ changed, others: {} }, limits, 40, 0.999);
  expect(claim).toMatchObject({ verdict: 'fail', text: expect.stringContaining('at bad, full in') });
});

describe('however often it is looked at', () => {
  const verdicts = (given: Omit<Case, 'seconds' | 'seed'>) =>
    Array.from({ length: 20 }, (_, run) => run * 1_000).flatMap((seed) =>
      [20, 30, 45, 60, 90, 120, 300, 600, 1_800].map(
        (seconds) => judged({ ...given, seconds, seed: seed + 1 })?.verdict,
      ),
    );

  it.each([
    { what: 'one that stays where it is', changed: () => 60 },
    { what: 'the cache of the peers, filled anew', changed: cache(20, 25, 60) },
    { what: 'a cache twice as large, filled in a minute', changed: cache(20, 80, 20) },
    { what: 'a cache twice as large, filled in half an hour', changed: cache(20, 80, 600) },
    { what: 'one that swings', changed: (at: number) => 60 + 15 * Math.sin(at / 20) },
    { what: 'one that is swept now and then', changed: (at: number) => 40 + ((at * 0.5) % 40) },
  ])('$what is never stopped', ({ changed }) => {
    expect(verdicts({ changed })).not.toContain('fail');
  });

  it('a leak that fills it in ten minutes is stopped within two', () => {
    const leaks = Array.from({ length: 100 }, (_, seed) =>
      judged({ seconds: 120, changed: leak(47), seed: seed * 7 }),
    );
    expect(leaks.filter((claim) => claim?.verdict !== 'fail')).toEqual([]);
  });
});
