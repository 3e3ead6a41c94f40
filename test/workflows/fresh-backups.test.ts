/** A change that wants backups before it touches anything: those that are there count, others are taken, and waited for. */
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { backupPlan } from './fake-backups';
import { endOf, FakeCluster, fails, Harness, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

type Handle = Parameters<typeof until>[0] & Parameters<typeof endOf>[0];

const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, unreachableSeconds: 0 };
const wanted = (more: object = {}) => ({
  ...quick,
  backups: [{ source: 'shop-data', maxAgeMinutes: 60, take: true, ...more }],
});
const OLD = ['the newest backup of shop-data on db1 is 3 h old'];
const childOf = (id: string) => `${id}-backup-shop-data`;
const taken = ({ journal }: FakeCluster) => journal.filter((line) => line.startsWith('published'));
const touched = ({ journal }: FakeCluster) => journal.filter((line) => /^(stage|takeOut|switch)/.test(line));

/**
 * Attempt after attempt, with time between: the test server lets no time pass while an activity runs, and takes no
 * cancellation in the moment in which one ends.
 */
function atWork({ trouble }: FakeCluster) {
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  trouble['takeBackup db1'] = () => {
    begin();
    throw ApplicationFailure.create({ message: 'it is at it', nextRetryDelay: '7s' });
  };
  return { begun, ends: () => void delete trouble['takeBackup db1'] };
}

it('one that is young enough counts: none is taken', async () => {
  const cluster = new FakeCluster();
  const { end, report } = await harness.run(cluster, wanted());
  expect([end, cluster.journal[0], taken(cluster)]).toEqual(['succeeded', 'look for shop-data', []]);
  expect(report.steps).toEqual([
    { name: 'backup shop-data', host: 'db1, db2', state: 'done', note: 'not older than 60 min' },
  ]);
});

it('where it is older one is taken, before anything is touched', async () => {
  const cluster = new FakeCluster();
  cluster.stale = [OLD];
  const { end, report } = await harness.run(cluster, wanted());
  expect(end).toBe('succeeded');
  expect(taken(cluster)).toHaveLength(2);
  expect(cluster.journal.indexOf(touched(cluster)[0]!)).toBeGreaterThan(
    cluster.journal.lastIndexOf(taken(cluster)[1]!),
  );
  expect(report.steps).toEqual([
    {
      ...{ name: 'backup shop-data', host: 'db1, db2', state: 'done' },
      note: 'shop-data is backed up on db1, db2, and read back',
    },
  ]);
  const { status } = await harness.env.client.workflow.getHandle(childOf(report.id)).describe();
  expect(status.name).toBe('COMPLETED');
});

it.each([
  {
    what: 'the backup fails',
    more: {},
    why: 'shop-data is not backed up: db1: no luck; 1 others are; what there was is kept',
  },
  { what: 'it is not to take one', more: { take: false }, why: OLD[0] },
])('ends with nothing touched where $what', async ({ more, why }) => {
  const cluster = new FakeCluster();
  cluster.stale = [OLD];
  cluster.backups = [backupPlan({ attempts: 1 })];
  cluster.trouble['takeBackup db1'] = fails('CommandFailed', 'db1: no luck');
  const { end, message, report } = await harness.run(cluster, wanted(more));
  expect([end, message]).toEqual(['Failed', `${why}; no host was taken out of rotation`]);
  expect(report.steps).toMatchObject([{ state: 'failed', note: why }]);
  expect(touched(cluster)).toEqual([]);
});

it('ends with nothing touched where the catalogue cannot be read', async () => {
  const cluster = new FakeCluster();
  cluster.trouble['stale shop-data'] = fails('CommandFailed', 'bk1: its catalogue cannot be read');
  const { end, message } = await harness.run(cluster, wanted());
  expect([end, message]).toEqual([
    'Failed',
    'bk1: its catalogue cannot be read; no host was taken out of rotation',
  ]);
  expect([touched(cluster), taken(cluster)]).toEqual([[], []]);
});

it('an abort takes the backup along, and ends with nothing touched', async () => {
  const cluster = new FakeCluster();
  cluster.stale = [OLD];
  const backup = atWork(cluster);
  const { end, report } = await harness.run(cluster, wanted(), async (handle) => {
    await backup.begun;
    await delay(500);
    await handle.executeUpdate('abort', { args: [{ by: 'ann', undo: true }] });
  });
  expect([end, report.steps[0]?.state]).toEqual(['Aborted', 'failed']);
  expect([touched(cluster), cluster.journal.includes('clearBackup db1')]).toEqual([[], true]);
  const { status } = await harness.env.client.workflow.getHandle(childOf(report.id)).describe();
  expect(status.name).toBe('CANCELLED');
});

describe('one that is at work already, as after a reset,', () => {
  const beside = (cluster: FakeCluster, during: (handle: Handle) => Promise<unknown>) =>
    harness.with(cluster, async ({ taskQueue }) => {
      const { workflow } = harness.env.client;
      const id = `upgrade-twice-${Date.now()}`;
      await workflow.start('backup', { taskQueue, workflowId: childOf(id), args: [{}] });
      const handle = (await workflow.start('rollingUpgrade', {
        ...{ taskQueue, workflowId: id },
        args: [wanted()],
      })) as Handle;
      await until(handle, ({ steps }) => steps[0]?.note === `by ${childOf(id)}, which is at work already`);
      await delay(500);
      await during(handle);
      return endOf(handle);
    });

  it('is waited for and counts', async () => {
    const cluster = new FakeCluster();
    cluster.stale = [OLD];
    const backup = atWork(cluster);
    const { end, report } = await beside(cluster, async () => backup.ends());
    expect(end).toBe('succeeded');
    expect(taken(cluster)).toHaveLength(2);
    expect(report.steps[0]?.note).toBe('not older than 60 min');
  });

  it('is stopped by an abort, too', async () => {
    const cluster = new FakeCluster();
    cluster.stale = [OLD];
    atWork(cluster);
    const { end, report } = await beside(cluster, async (handle) => {
      await handle.executeUpdate('abort', { args: [{ by: 'ann', undo: true }] });
    });
    expect([end, touched(cluster)]).toEqual(['Aborted', []]);
    const other = harness.env.client.workflow.getHandle(childOf(report.id));
    await other.result().catch(() => undefined);
    expect((await other.describe()).status.name).toBe('CANCELLED');
  });
});
