/** A new version that gets a share of the requests first, and more and more of them. */
import { STRATEGIES } from '../../src/domain/strategies';
import { FakeCluster, Harness, fails } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(30_000);

const six = () => new FakeCluster(['n1', 'n2', 'n3', 'n4', 'n5', 'n6']);
const GRAY = { batches: STRATEGIES.gray.batches, minHealthySeconds: 0, watchSeconds: 60 };
const traffic = (cluster: FakeCluster) =>
  cluster.journal.filter((line) => /^(takeOut|putBack|weight) /.test(line.replace(/^weight \d+/, 'weight')));

it('weights rise from batch to batch, and are whole at the end', async () => {
  const cluster = six();
  const { end, report } = await harness.run(cluster, GRAY);
  expect(end).toBe('succeeded');
  // the last two come to their whole weights side by side
  const seen = traffic(cluster);
  expect([...seen.slice(0, -2), ...seen.slice(-2).sort()]).toEqual([
    ...['takeOut n1', 'weight 26 n1'],
    'weight 88 n1',
    ...['takeOut n2', 'weight 86 n2', 'weight 86 n1'],
    ...['n3', 'n4', 'n5', 'n6'].flatMap((host) => [`takeOut ${host}`, `putBack ${host}`]),
    ...['weight 100 n1', 'weight 100 n2'],
  ]);
  expect(report.hosts.map(({ state, balancers }) => [state, balancers['edge']?.weight])).toEqual(
    Array.from({ length: 6 }, () => ['done', 100]),
  );
  // its own soak after each, then the watch
  const seconds = (Date.parse(report.endedAt!) - Date.parse(report.startedAt)) / 1_000;
  expect(seconds).toBeGreaterThan(3 * 300 + 60);
});

it('a version that is bad at a share is undone, with its whole weight', async () => {
  const cluster = six();
  cluster.trouble['proveHealthy n2'] = () => {
    if (cluster.versions['n2'] === '2.0.0') fails('Unhealthy', 'n2: /health answers 500')();
  };
  const { end, report } = await harness.run(cluster, GRAY);
  expect(end).toBe('RolledBack');
  expect(traffic(cluster).slice(-4)).toEqual(['takeOut n2', 'putBack n2', 'takeOut n1', 'putBack n1']);
  expect(report.hosts.slice(0, 2).map(({ state, version }) => [state, version])).toEqual([
    ['undone', '1.0.0'],
    ['undone', '1.0.0'],
  ]);
});

it('a host that does not take its weight is a failure of that host', async () => {
  const cluster = six();
  cluster.trouble['weight 88 n1'] = fails('Unhealthy', 'n1 does not come up: DOWN at edge');
  const { end, message } = await harness.run(cluster, GRAY);
  expect(end).toBe('RolledBack');
  expect(message).toContain('n1 does not come up');
});
