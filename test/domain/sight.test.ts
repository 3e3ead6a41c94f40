import type { PlannedGate } from '../../src/contracts/gate';
import { Gate } from '../../src/contracts/inputs/gate';
import { emptyHistogram, measured } from '../../src/domain/histogram';
import type { Seen } from '../../src/domain/judge';
import { sightOf, together } from '../../src/domain/sight';
import type { Usage } from '../../src/domain/usage';
import { sight } from '../render/sights';

const { enabled: _, ...defaults } = Gate.parse({});
const limits: PlannedGate = { ...defaults, latency: null, probePaths: ['/'], own: [] };

const probes = emptyHistogram();
for (let n = 0; n < 100; n += 1) measured(probes, 20);
const use = (unitMemory: number, unitCpu: number): Usage => ({
  ...{ seconds: 30, unitCpu, unitMemory, hostCpu: 0, hostMemory: 0 },
  ...{ memory: [], memoryMaxMiB: 500 },
});
const counts = (answers: number, serverErrors: number, failures: number) => ({
  ...{ answers, serverErrors, failures },
});
const seen: Seen = {
  seconds: 12.345,
  requests: {
    known: true,
    is: { changed: { n1: counts(100, 3, 1), n2: counts(200, 0, 0) }, others: counts(900, 1, 0) },
  },
  latency: { known: true, is: { changed: probes, others: emptyHistogram() } },
  usual: { p95Ms: 40, from: 'before the change' },
  usage: { known: true, is: { changed: { n1: use(0.1, 0.2), n2: use(0.3, 0.123) }, others: {} } },
  own: {},
};
const hosts = { changed: 2, peers: 3 };

it('is what was counted, and what those that use most use', () => {
  const { looks, limits: drawn } = sightOf(seen, limits, hosts);
  expect(looks).toEqual([[12.3, [300, 3, 1, expect.closeTo(20, 0), 150, 20], [900, 1, 0, null, null, null]]]);
  expect(drawn).toEqual({ errorPercent: 0.1, p95Ms: 50, memoryMiB: 400, cpuPercent: 80 });
});

it('is nothing where requests are not known, and gaps where other things are not', () => {
  const unknown = { known: false, why: 'it is away' } as const;
  expect(sightOf({ ...seen, requests: unknown }, limits, hosts).looks).toEqual([]);
  const { looks } = sightOf({ ...seen, usage: unknown, latency: unknown }, limits, hosts);
  expect(looks[0]![1]).toEqual([300, 3, 1, null, null, null]);
});

it('stays within some kilobytes, however long a gate looks', () => {
  const { looks, ...rest } = sight(5_000);
  let all = { ...rest, looks: looks.slice(0, 1) };
  for (const look of looks) all = together(all, { ...rest, looks: [look] });
  expect(all.looks).toHaveLength(48);
  // at 1,000 requests a second for a week; figures of a usual gate are shorter
  expect(JSON.stringify(all).length).toBeLessThan(5_200);
});
