/** All hosts at once, behind a page. */
import { FakeCluster, Harness, fails } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(30_000);

const ALL = {
  batches: ['100%'],
  maxUnavailable: 3,
  minHealthySeconds: 0,
  watchSeconds: 60,
  maintenance: { minutes: 10, content: 'a faster database', allow: { addresses: [], passes: [] } },
};
const doors = (cluster: FakeCluster) =>
  cluster.journal
    .filter((line) => /^(close|open|flag|no flag) /.test(line))
    .map((line) => line.replace(/ until .* at/, ' at'));
const CLOSED = ['flag on n1', 'flag on n2', 'flag on n3', 'close web at edge', 'close web at inner'];

it('closes the service first, changes all hosts side by side, and opens before users judge it', async () => {
  const cluster = new FakeCluster();
  const { end, report } = await harness.run(cluster, ALL);
  expect(end).toBe('succeeded');
  expect(cluster.mostOut).toBe(3);
  expect([...doors(cluster).slice(0, 3).sort(), ...doors(cluster).slice(3, 5)]).toEqual(CLOSED);
  const at = (line: string) => cluster.journal.findIndex((one) => one.startsWith(line));
  expect(at('close web until')).toBeLessThan(at('takeOut'));
  expect(at('open web at inner')).toBeGreaterThan(
    cluster.journal.findLastIndex((line) => line.startsWith('putBack')),
  );
  expect(report.steps.map(({ note }) => note)).toEqual(['open again', 'open again', 'open again']);
});

it('a release that is bad goes back behind the page, and the service is open again', async () => {
  const cluster = new FakeCluster();
  cluster.trouble['proveHealthy n2'] = () => {
    if (cluster.versions['n2'] === '2.0.0') fails('Unhealthy', 'n2: /health answers 500')();
  };
  const { end, report } = await harness.run(cluster, ALL);
  expect(end).toBe('RolledBack');
  expect(Object.values(cluster.versions)).toEqual(['1.0.0', '1.0.0', '1.0.0']);
  expect(
    doors(cluster)
      .slice(-5)
      .map((line) => line.replace(/n[123]/, 'host')),
  ).toEqual(['open web at inner', 'open web at edge', ...Array.from({ length: 3 }, () => 'no flag on host')]);
  expect(report.leftToDo).toEqual([]);
});

it('a page that cannot be shown stops it before any host is touched', async () => {
  const cluster = new FakeCluster();
  cluster.step = async (name, host) => {
    if (name.startsWith('close web')) fails('BalancerRefused', 'edge takes no page')();
    cluster.journal.push(`${name} ${host}`);
    return Promise.resolve();
  };
  const { end, message } = await harness.run(cluster, ALL);
  expect([end, message]).toEqual(['RolledBack', expect.stringContaining('edge takes no page')]);
  expect(cluster.journal.filter((line) => line.startsWith('takeOut'))).toEqual([]);
});
