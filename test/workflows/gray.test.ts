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
  // the two come to their whole weights side by side
  const seen = traffic(cluster);
  expect([...seen.slice(0, 6), ...seen.slice(6, 8).sort(), ...seen.slice(8)]).toEqual([
    ...['takeOut n1', 'weight 26 n1'],
    'weight 88 n1',
    ...['weight 86 n1', 'takeOut n2', 'weight 86 n2'],
    ...['weight 100 n1', 'weight 100 n2'],
    ...['n3', 'n4', 'n5', 'n6'].flatMap((host) => [`takeOut ${host}`, `putBack ${host}`]),
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

describe('test users', () => {
  const steered = (cluster: FakeCluster) =>
    cluster.journal.filter((line) => /^(test users|takeOut n1|weight .* n1|putBack n1)/.test(line));
  const TESTED = { ...GRAY, testers: true, batches: [{ to: 1, share: 0, soakSeconds: 60 }, '100%'] as const };

  it('get the new version first and alone, and are like all others at the end', async () => {
    const cluster = six();
    const { end, report } = await harness.run(cluster, { ...TESTED, batches: [...TESTED.batches] });
    expect(end).toBe('succeeded');
    expect(steered(cluster)).toEqual([
      ...['takeOut n1', 'weight 0 n1', 'test users to n1', 'weight 100 n1', 'test users to all'],
    ]);
    expect(report.notes).toContain('test users go to n1');
  });

  it('are like all others before their host goes back', async () => {
    const cluster = six();
    cluster.trouble['proveHealthy n2'] = () => {
      if (cluster.versions['n2'] === '2.0.0') fails('Unhealthy', 'no')();
    };
    const { end } = await harness.run(cluster, { ...TESTED, batches: [...TESTED.batches] });
    expect(end).toBe('RolledBack');
    expect(steered(cluster).slice(-3)).toEqual(['test users to all', 'takeOut n1', 'putBack n1']);
  });

  it('that cannot be sent there end the change, and all is undone', async () => {
    const cluster = six();
    cluster.trouble['test users to n1'] = fails('BalancerRefused', 'edge: Unknown map');
    const { end, message } = await harness.run(cluster, { ...TESTED, batches: [...TESTED.batches] });
    expect([end, message]).toEqual(['RolledBack', expect.stringContaining('test users: edge: Unknown map')]);
    expect(cluster.versions['n1']).toBe('1.0.0');
  });

  it('are sent to the next host where the first one fails within the budget', async () => {
    const cluster = six();
    const bad = fails('Unhealthy', 'n1 did not stay healthy', { host: 'n1' });
    cluster.trouble['confirm n1'] = () => {
      if (!cluster.journal.includes('takeOut n2')) bad();
    };
    const { end } = await harness.run(cluster, {
      ...GRAY,
      testers: true,
      batches: [1, '100%'],
      failureBudget: 1,
    });
    expect(end).toBe('succeeded');
    expect(cluster.journal.filter((line) => line.startsWith('test users'))).toEqual([
      ...['test users to n1', 'test users to all', 'test users to n2', 'test users to all'],
    ]);
  });
});
