/** What a change says of lost requests, by readings of counters that are made up here. */
import type { Looked } from '../../src/contracts/certificate';
import { FakeCluster, Harness, fails } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(30_000);

const QUICK = { minHealthySeconds: 0, soakSeconds: 60, watchSeconds: 60 };

/** A balancer that answers ten requests between two looks, and has lost what `losing` says of the hosts out now. */
function counting(
  cluster: FakeCluster,
  losing: (out: Set<string>) => [host: string, lost: number][] = () => [],
) {
  let [ended, lost] = [1_000, 5];
  const hosts: Record<string, number> = {};
  cluster.counters = (): Looked[] => {
    ended += 10;
    for (const [host, count] of losing(cluster.out)) {
      hosts[host] = (hosts[host] ?? 0) + count;
      lost += count;
    }
    const is = { generation: 'a', came: ended, ended, lost, repeated: 0, hosts: { ...hosts } };
    return [{ balancer: 'edge', backend: 'web', known: true, is }];
  };
}

it('ends with what was lost: nothing', async () => {
  const cluster = new FakeCluster();
  counting(cluster);
  const { end, report } = await harness.run(cluster, QUICK);
  expect(end).toBe('succeeded');
  const { requests, lost, where } = report.certificate!;
  expect([lost, where]).toEqual([0, []]);
  // each of three hosts was looked at when it had left, when it was to come back, and when it was back
  expect(requests).toBeGreaterThanOrEqual(90);
  expect(report.certificate!.text).toMatch(/^0 of [\d,]+ requests lost \(counted at edge\)$/);
});

it.each([
  ['nodeOffline', { hosts: ['n1'], reason: 'new disk', by: 'ann' }],
  [
    'nodeOnline',
    {
      hosts: ['n1'],
      ramp: [
        { percent: 0, seconds: 10 },
        { percent: 100, seconds: 10 },
      ],
      gate: { enabled: false },
    },
  ],
  ['emergencyRollback', { reason: 'orders fail', by: 'ann', version: '0.9.0' }],
])('%s has one too', async (type, more) => {
  const cluster = new FakeCluster();
  if (type === 'nodeOnline') cluster.out.add('n1');
  counting(cluster);
  const { end, report } = await harness.run(
    cluster,
    { cluster: 'fake.yaml', service: 'web', ...more },
    undefined,
    type,
  );
  expect(end).toBe('succeeded');
  expect(report.certificate?.text).toMatch(/^0 of [\d,]+ requests lost \(counted at edge\)$/);
});

it('names host and step of what was lost, whatever the end', async () => {
  const cluster = new FakeCluster();
  counting(cluster, (out) => (out.has('n2') ? [['n2', 4]] : []));
  cluster.trouble['proveHealthy n2'] = () => {
    if (cluster.versions['n2'] === '2.0.0') fails('Unhealthy', 'n2: /health answers 500')();
  };
  const { end, report } = await harness.run(cluster, QUICK);
  expect(end).toBe('RolledBack');
  const { lost, where } = report.certificate!;
  expect(lost).toBeGreaterThan(0);
  expect(where.reduce((sum, one) => sum + one.lost, 0)).toBe(lost);
  // a look that a busy worker makes late counts for the step before, too
  expect(
    where
      .map((one) => `${one.at} ${one.while}`)
      .filter((one) => !/^n2 while it was (not changed yet|drained|out|taken back|put back)$/.test(one)),
  ).toEqual([]);
});

it('balancers that cannot be read keep nobody from going on', async () => {
  const cluster = new FakeCluster();
  cluster.trouble['counters'] = fails('Failed', 'nobody there');
  const { end, report } = await harness.run(cluster, QUICK);
  expect(end).toBe('succeeded');
  expect(report.certificate?.text).toBe(
    'lost requests were not counted; not in it: edge could not be read at last (nobody there)',
  );
});

it('a dry run counts nothing', async () => {
  const { report } = await harness.run(new FakeCluster(), { ...QUICK, dryRun: true });
  expect(report.certificate).toBeUndefined();
});
