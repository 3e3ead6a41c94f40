/** Hosts leave only while the others can carry what comes; the load is made up here. */
import { FakeCluster, Harness, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const QUICK = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 };
const six = () => {
  const cluster = new FakeCluster(['n1', 'n2', 'n3', 'n4', 'n5', 'n6']);
  cluster.capacity = { requestsPerSecond: 100, percent: 80 };
  return cluster;
};
const changed = (cluster: FakeCluster) =>
  Object.values(cluster.versions).filter((version) => version === '2.0.0').length;

/** As the real one: who is on its way out is gone already. */
function carrying(cluster: FakeCluster, needed: () => number): void {
  cluster.room = (host, away) => {
    const gone = new Set([...away, ...cluster.out]);
    return cluster.hosts.length - gone.size - 1 >= needed()
      ? null
      : `${host} waits for load: ${needed()} needed`;
  };
}

it('takes out as many at once as the load lets it, and fewer when it doubles on the way', async () => {
  const cluster = six();
  let mostSince = 0;
  carrying(cluster, () => (changed(cluster) < 2 ? 3 : 5));
  for (const host of cluster.hosts)
    cluster.trouble[`switchRelease ${host}`] = async () => {
      if (changed(cluster) < 2) await new Promise((resolve) => setTimeout(resolve, 200));
      else mostSince = Math.max(mostSince, changed(cluster) >= 4 ? cluster.out.size : 0);
    };
  const { end } = await harness.run(cluster, { ...QUICK, batches: ['100%'], maxUnavailable: 4 });
  expect(end).toBe('succeeded');
  // four might be out, three may: two of them went before the load rose
  expect([cluster.mostOut, mostSince]).toEqual([3, 1]);
  expect(changed(cluster)).toBe(6);
});

it('waits as it is, says for what, and goes on when the load falls', async () => {
  const cluster = six();
  let needed = 6;
  carrying(cluster, () => needed);
  const { end, report } = await harness.run(cluster, { ...QUICK, batches: ['100%'] }, async (handle) => {
    await until(handle, ({ hosts }) => hosts[0]?.note === 'n1 waits for load: 6 needed');
    expect(cluster.journal.some((line) => line.startsWith('takeOut'))).toBe(false);
    needed = 5;
  });
  expect(end).toBe('succeeded');
  expect(report.hosts.map(({ state, note }) => [state, note])).toEqual(
    cluster.hosts.map(() => ['done', undefined]),
  );
});

it('stops when it does not fall until the progress deadline, and puts back what it had changed', async () => {
  const cluster = six();
  carrying(cluster, () => (changed(cluster) < 2 ? 5 : 6));
  const { end, message } = await harness.run(cluster, {
    ...QUICK,
    batches: ['100%'],
    progressDeadlineSeconds: 600,
  });
  expect(end).toBe('RolledBack');
  expect(message).toMatch(/no host got further in \d+ s: .*n3 waits for load: 6 needed/);
  expect([changed(cluster), cluster.out.size]).toEqual([0, 0]);
});

it.each([
  ['pause', 'resume'],
  ['skip', null],
])('hears %s while it waits', async (message, then) => {
  const cluster = six();
  let needed = 6;
  carrying(cluster, () => needed);
  const { end, report } = await harness.run(cluster, { ...QUICK, batches: ['100%'] }, async (handle) => {
    await until(handle, ({ hosts }) => hosts[0]?.note !== undefined);
    await handle.executeUpdate(message, { args: [{ by: 'ann', ...(message === 'skip' && { host: 'n1' }) }] });
    if (then) {
      await until(handle, ({ phase }) => phase === 'paused');
      await handle.executeUpdate(then, { args: [{ by: 'ann' }] });
    }
    needed = 5;
  });
  expect(end).toBe('succeeded');
  expect(report.hosts[0]!.state).toBe(message === 'skip' ? 'skipped' : 'done');
});

it('ends at once when it is aborted while it waits', async () => {
  const cluster = six();
  carrying(cluster, () => 6);
  const { end } = await harness.run(cluster, { ...QUICK, batches: ['100%'] }, async (handle) => {
    await until(handle, ({ hosts }) => hosts[0]?.note !== undefined);
    await handle.executeUpdate('abort', { args: [{ by: 'ann', undo: true }] });
  });
  expect(end).toBe('Aborted');
  expect(cluster.journal.some((line) => line.startsWith('takeOut'))).toBe(false);
});

it('an emergency waits for no load', async () => {
  const cluster = six();
  carrying(cluster, () => 6);
  const input = { cluster: 'fake.yaml', service: 'web', reason: 'orders fail', by: 'ann', version: '0.9.0' };
  const { end } = await harness.run(cluster, input, undefined, 'emergencyRollback');
  expect(end).toBe('succeeded');
});

it('nodeOffline waits too', async () => {
  const cluster = six();
  carrying(cluster, () => 6);
  const input = {
    cluster: 'fake.yaml',
    service: 'web',
    hosts: ['n1'],
    reason: 'new disk',
    by: 'ann',
    progressDeadlineSeconds: 600,
  };
  const { end, message } = await harness.run(cluster, input, undefined, 'nodeOffline');
  expect([end, message]).toEqual(['Failed', expect.stringContaining('n1 waits for load')]);
});
