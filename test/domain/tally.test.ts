import fc from 'fast-check';
import type { Requests, ServerTally, UsageReading } from '../../src/contracts/gate';
import { emptyHistogram, measured, percentile, slowerThan } from '../../src/domain/histogram';
import { counted, noRequests, used } from '../../src/domain/tally';
import { usageOf } from '../../src/domain/usage';

const requests = (answers: number, serverErrors = 0, failures = 0): Requests => ({
  answers,
  serverErrors,
  failures,
});
const begun: ServerTally = { host: 'n1', generation: 'a', last: requests(100, 5, 1), sum: noRequests() };

describe('requests', () => {
  it.each([
    { what: 'go on', now: { generation: 'a', requests: requests(110, 6, 1) }, sum: requests(10, 1, 0) },
    { what: 'stand still', now: { generation: 'a', requests: requests(100, 5, 1) }, sum: requests(0) },
    {
      what: 'begin anew after a reload',
      now: { generation: 'b', requests: requests(7, 1, 2) },
      sum: requests(7, 1, 2),
    },
    {
      what: 'begin anew after a reload, with more',
      now: { generation: 'b', requests: requests(900, 9, 2) },
      sum: requests(900, 9, 2),
    },
    {
      what: 'begin anew when counters are cleared',
      now: { generation: 'a', requests: requests(3) },
      sum: requests(3),
    },
  ])('$what', ({ now, sum }) => {
    expect(counted(begun, now)).toEqual({ host: 'n1', generation: now.generation, last: now.requests, sum });
  });

  it('never become fewer, whatever a balancer shows', () => {
    const shown = fc.record({
      generation: fc.constantFrom('a', 'b', 'c'),
      requests: fc.record({ answers: fc.nat(1_000), serverErrors: fc.nat(1_000), failures: fc.nat(1_000) }),
    });
    fc.assert(
      fc.property(fc.array(shown, { maxLength: 30 }), (looks) => {
        let tally = begun;
        for (const look of looks) {
          const next = counted(tally, look);
          for (const name of ['answers', 'serverErrors', 'failures'] as const)
            expect(next.sum[name]).toBeGreaterThanOrEqual(tally.sum[name]);
          tally = next;
        }
      }),
    );
  });
});

describe('use', () => {
  const reading = (seconds: number, cpu: number, more: Partial<UsageReading> = {}): UsageReading => ({
    at: seconds * 1_000,
    invocation: 'first',
    unitCpuSeconds: cpu,
    unitCpus: 2,
    unitMemoryBytes: 100,
    unitMemoryMaxBytes: 1_000,
    hostBusySeconds: seconds,
    hostTotalSeconds: seconds * 4,
    hostMemoryBytes: 300,
    hostMemoryMaxBytes: 1_000,
    ...more,
  });

  it('is that of the time between two readings', () => {
    const tally = used(used(undefined, reading(100, 50)), reading(110, 60));
    expect(usageOf(tally)).toEqual({
      seconds: 10,
      unitCpu: 0.5,
      unitMemory: 0.1,
      hostCpu: 0.25,
      hostMemory: 0.3,
      memory: [
        [100, 0],
        [110, 0],
      ],
      memoryMaxMiB: 1_000 / 1_024 ** 2,
    });
  });

  it('knows memory over time, since the unit was started, and no more of it than it may keep', () => {
    const grows = Array.from({ length: 500 }, (_, n) =>
      reading(n * 2, n, { invocation: n < 100 ? 'first' : 'second', unitMemoryBytes: n * 1_024 ** 2 }),
    );
    const { memory } = usageOf(grows.slice(1).reduce(used, used(undefined, grows[0]!)));
    expect([memory.length, memory[0], memory.at(-1)]).toEqual([40, [200, 100], [998, 499]]);
    expect(memory.every(([at, mib]) => at === mib * 2)).toBe(true);
  });

  it('forgets what was long ago', () => {
    const readings = [0, 10, 20, 30, 40, 50, 60, 70].map((at) => reading(at, at < 30 ? 0 : (at - 30) * 2));
    const tally = readings.slice(1).reduce(used, used(undefined, readings[0]!));
    expect(usageOf(tally)).toMatchObject({ seconds: 40, unitCpu: 1 });
  });

  it('begins anew with the unit', () => {
    const tally = used(used(undefined, reading(100, 50)), reading(110, 1, { invocation: 'second' }));
    expect(usageOf(tally).seconds).toBe(0);
  });
});

describe('response times', () => {
  it('are told within 2 %', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.2, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (all) => {
          const histogram = emptyHistogram();
          for (const one of all) measured(histogram, one);
          const sorted = [...all].sort((one, other) => one - other);
          const truly = sorted[Math.ceil(0.95 * all.length) - 1]!;
          expect(percentile(histogram, 0.95)).toBeLessThanOrEqual(truly * 1.021);
          expect(histogram.samples).toBe(all.length);
          expect(histogram.buckets.map(([, upTo]) => upTo)).toEqual(
            histogram.buckets.map(([, upTo]) => upTo).sort((one, other) => one - other),
          );
          const slow = all.filter((one) => one > 100 * 1.03).length;
          const fast = all.filter((one) => one < 100 / 1.03).length;
          expect(slowerThan(histogram, 100)).toBeGreaterThanOrEqual(slow);
          expect(slowerThan(histogram, 100)).toBeLessThanOrEqual(all.length - fast);
        },
      ),
    );
  });

  it('count as slow for ever where there was no answer', () => {
    const histogram = emptyHistogram();
    for (const ms of [10, 10, Infinity]) measured(histogram, ms);
    expect(slowerThan(histogram, 1e8)).toBe(1);
    expect(JSON.parse(JSON.stringify(histogram))).toEqual(histogram);
  });
});
