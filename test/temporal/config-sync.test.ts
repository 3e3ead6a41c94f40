/** Releases that come by themselves, by a real schedule; only the hosts are imagined. */
import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SyncReport } from '../../src/contracts/config-sync';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { imagined, Live } from '../cli/live';
import { FakeCluster, fails } from '../workflows/harness';

let live: Live;
let connection: Connection;
let client: Client;
let cluster: FakeCluster;
beforeAll(async () => {
  live = await Live.start();
  connection = await Connection.connect({ address: live.server.address });
  client = new Client({ connection });
  await live.startWorker(imagined(() => cluster));
}, 180_000);
afterAll(async () => {
  await live?.endRuns();
  await connection?.close();
  await live?.stop();
}, 60_000);
jest.setTimeout(60_000);

/** Ids are used once, so each test has a cluster of its own name. */
function made(name: string, ...releases: string[]): void {
  cluster = new FakeCluster(undefined, name);
  cluster.watchesAlways = true;
  for (const host of cluster.hosts) cluster.configs[host] = 'old';
  cluster.releases = releases;
}
const action = { taskQueue: TASK_QUEUE, args: [{ cluster: 'c.yaml' }] as [object] };
const sync = () =>
  client.workflow.execute('configSync', { ...action, workflowId: randomUUID() }) as Promise<SyncReport>;
const endOf = (id: string) => client.workflow.getHandle(id).result() as Promise<SyncReport>;

it('a new release is brought by a change that goes on by itself, once', async () => {
  made('once', 'web/1');
  let go = () => {};
  cluster.trouble['stageConfig n1'] = () => new Promise<void>((resolve) => (go = resolve));
  expect(await sync()).toMatchObject({
    ...{ phase: 'succeeded', summary: 'web: web/1 is brought by sync:once:web:1' },
    services: [{ service: 'web', says: 'web/1 is brought by sync:once:web:1' }],
    synced: { web: { tag: 'web/1', run: 'sync:once:web:1' } },
  });
  expect((await sync()).summary).toBe('web: web/1 was started before, by sync:once:web:1');
  await delay(500);
  go();
  expect((await endOf('sync:once:web:1')).phase).toBe('succeeded');
  expect((await sync()).summary).toBe('web: web/1 was started before, by sync:once:web:1');
  expect(cluster.configs).toEqual({ n1: 'new', n2: 'new', n3: 'new' });
  expect(cluster.journal.filter((line) => line === 'stageConfig n1')).toHaveLength(1);
});

it('one whose change has failed is not tried again, and the next one is', async () => {
  made('failed', 'web/1');
  cluster.trouble['stageConfig n3'] = fails('CommandFailed', 'n3: refuses');
  await sync();
  await expect(endOf('sync:failed:web:1')).rejects.toThrow();
  cluster.trouble['stageConfig n3'] = undefined;
  expect((await sync()).summary).toBe('web: web/1 was started before, by sync:failed:web:1');
  expect(cluster.configs).toEqual({ n1: 'old', n2: 'old', n3: 'old' });
  cluster.releases = ['web/2', 'web/1'];
  expect((await sync()).summary).toBe('web: web/2 is brought by sync:failed:web:2');
  expect((await endOf('sync:failed:web:2')).phase).toBe('succeeded');
});

it('each run of a schedule knows what the one before has started, also when one between has failed', async () => {
  made('regular', 'web/1');
  const schedule = await client.schedule.create({
    scheduleId: 'config-sync',
    spec: {},
    action: { type: 'startWorkflow', workflowType: 'configSync', ...action, workflowId: 'regular' },
  });
  const next = async () => {
    const { numActionsTaken: before } = (await schedule.describe()).info;
    // ids of its runs hold the second
    await delay(1_100);
    // one that overlaps, which is the default of triggers alone, is told nothing
    await schedule.trigger('BUFFER_ONE');
    for (;;) {
      const { numActionsTaken, recentActions, runningActions } = (await schedule.describe()).info;
      if (numActionsTaken > before && runningActions.length === 0)
        return recentActions.at(-1)!.action.workflow.workflowId;
      await delay(100);
    }
  };
  expect((await endOf(await next())).summary).toBe('web: web/1 is brought by sync:regular:web:1');
  cluster.trouble['find'] = fails('BadInput', '1 mistake');
  await expect(endOf(await next())).rejects.toThrow();
  cluster.trouble['find'] = undefined;
  const report = await endOf(await next());
  await schedule.delete();
  expect(report).toMatchObject({
    summary: 'web: web/1 was the last one: sync:regular:web:1',
    synced: { web: { tag: 'web/1' } },
  });
  await endOf('sync:regular:web:1');
});
