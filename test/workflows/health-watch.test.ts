/** A health watch over months: real workflows and a real lease; only hosts are imagined. */
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import type { Looked, Watched, WatchMemory, WatchNews } from '../../src/contracts/health-watch';
import type { Status } from '../../src/contracts/status';
import type { healthWatch } from '../../src/workflows';
import type { Company } from './harness';
import { FakeCluster, Harness, endOf, fails, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

let clusters = 0;
function newCluster(): FakeCluster {
  const cluster = new FakeCluster(['n1', 'n2', 'n3'], `watched${(clusters += 1)}`);
  cluster.watchesAlways = true;
  cluster.notifications = { progressSeconds: 0, channels: { ops: ['alert', 'allClear'] } };
  return cluster;
}

type Watch = WorkflowHandle<typeof healthWatch>;

async function watch({ taskQueue }: Company, more: object = {}): Promise<Watch> {
  return harness.env.client.workflow.start<typeof healthWatch>('healthWatch', {
    taskQueue,
    workflowId: `health-${randomUUID()}`,
    args: [{ service: 'web', ...more }],
  });
}

const shows = (handle: Watch, wanted: (status: Status) => boolean) => until(handle as never, wanted);
const abort = (handle: Watch) =>
  handle.executeUpdate<string, [object]>('abort', { args: [{ by: 'ann', undo: false }] });

/** What a look at three hosts brings when one of them is in trouble. */
function seen(news: WatchNews[], trouble: 'out' | 'floor' | null = 'out'): Watched {
  const looked = ['n1', 'n2', 'n3'].map((host): Looked => ({
    host,
    fault: host === 'n2' && trouble ? 'answers 500' : null,
    serving: true,
    away: null,
    busy: null,
    balancers: { edge: { state: 'in', weight: 100, sessions: 0 } },
  }));
  const known = trouble && { since: Date.now(), why: 'answers 500', state: trouble };
  const hosts: WatchMemory['hosts'] = { n2: { fails: 3, passes: 0, trouble: known } };
  return { memory: { at: Date.now(), hosts }, news, looked };
}

// time first: the test server skips no more of it once a run has ended before one of its activities
it('goes on for days, a new run each day, and remembers', async () => {
  const cluster = newCluster();
  cluster.watchesAlways = false;
  await harness.with(cluster, async (company) => {
    cluster.watched.push(
      seen([{ news: 'stays', host: 'n2', why: 'answers 500', because: 'the floor is 2' }], 'floor'),
    );
    const handle = await watch(company);
    const { runId: first } = await handle.describe();
    await harness.env.sleep('3 days');
    const now = harness.env.client.workflow.getHandle<typeof healthWatch>(handle.workflowId);
    const { runId, historyLength } = await now.describe();
    expect(runId).not.toBe(first);
    expect(historyLength).toBeLessThan(60);
    const { summary, leftToDo } = await shows(now, () => true);
    expect(summary).toBe('3 of 3 in rotation; unhealthy: n2');
    expect(leftToDo[0]?.what).toBe('n2 is unhealthy and in rotation: answers 500');
    expect(cluster.told.map(({ line }) => line)).toEqual(['ops alert']);
    await now.executeUpdate('abort', { args: [{ by: 'ann', undo: false }] });
  });
});

it('waits two minutes for a run that takes a host out, and looks on', async () => {
  const cluster = newCluster();
  cluster.watchesAlways = false;
  let late = true;
  cluster.trouble['plan'] = () => {
    if (late) throw ApplicationFailure.create({ message: 'a slow answer', nextRetryDelay: '4m' });
  };
  await harness.with(cluster, async (company) => {
    cluster.watched.push(seen([{ news: 'eject', host: 'n2', why: 'answers 500' }]));
    const handle = await watch(company);
    await harness.env.sleep('3 minutes');
    const { notes } = await shows(handle, (status) => status.notes.length > 0);
    expect(notes.join()).toMatch(/could not be taken out: eject-web-n2-\d+ is at it still/);
    expect(cluster.journal).toEqual([]);
    late = false;
    await harness.env.sleep('3 minutes');
    await shows(handle, () => cluster.journal.includes('mark n2'));
    await abort(handle);
  });
});

it('takes an unhealthy host out through the lease, and back when it is well: one alert, one all-clear', async () => {
  const cluster = newCluster();
  await harness.with(cluster, async (company) => {
    cluster.watched.push(seen([{ news: 'eject', host: 'n2', why: 'answers 500' }]));
    const handle = await watch(company);
    await shows(handle, ({ notes }) => notes.some((note) => note.includes('n2 was taken out: answers 500')));
    expect(cluster.journal).toEqual(['takeOut n2', 'mark n2']);
    expect(cluster.fences[0]?.holder).toMatch(/^eject-web-n2-\d+$/);
    cluster.watched.push(seen([{ news: 'putBack', host: 'n2', why: 'answers 500' }]));
    await shows(handle, ({ notes }) => notes.some((note) => note.includes('n2 is well and back')));
    const back = ['startService n2', 'proveHealthy n2', 'weight 100 n2', 'unmark n2'];
    expect(cluster.journal).toEqual(['takeOut n2', 'mark n2', ...back]);
    await shows(handle, () => cluster.told.length === 2);
    expect(cluster.told.map(({ line }) => line)).toEqual(['ops alert', 'ops allClear']);
    expect(cluster.told[0]?.announcement.facts).toMatchObject({
      what: 'n2: answers 500',
      effect: 'it is out of rotation, requests go to the other hosts',
    });
    expect(await abort(handle)).toBe('the watch ends; hosts that it has taken out stay out');
    const { end, report } = await endOf(handle as never);
    expect([end, report.phase, report.leftToDo]).toEqual(['Aborted', 'aborted', []]);
  });
});

it('says what could not be done, and is done with it when the host is well', async () => {
  const cluster = newCluster();
  await harness.with(cluster, async (company) => {
    cluster.trouble['takeOut n2'] = () => {
      throw new Error('no room');
    };
    cluster.watched.push(
      seen([{ news: 'stays', host: 'n2', why: 'answers 500', because: 'the floor is 2' }], 'floor'),
    );
    const handle = await watch(company);
    const { hosts } = await shows(handle, (status) => status.leftToDo.length > 0);
    expect(hosts.map(({ state }) => state)).toEqual(['done', 'failed', 'done']);
    cluster.watched.push(seen([{ news: 'over', host: 'n2', why: 'it is well again' }], null));
    await shows(handle, () => cluster.told.length === 2);
    expect(cluster.told[0]?.announcement.facts).toMatchObject({
      effect: 'it stays in rotation: the floor is 2',
    });
    await abort(handle);
  });
});

it('looks at nobody while it is paused, and takes messages', async () => {
  const cluster = newCluster();
  await harness.with(cluster, async (company) => {
    const handle = await watch(company);
    await shows(handle, ({ phase }) => phase === 'running');
    const say = (name: string, payload: object = {}) =>
      handle.executeUpdate<string, [object]>(name, { args: [{ by: 'ann', ...payload }] });
    await say('pause', { note: 'moving racks' });
    const { waitingFor } = await shows(handle, ({ phase }) => phase === 'paused');
    expect(waitingFor).toMatchObject({
      what: 'paused by ann: moving racks; nobody looks at the hosts',
      then: 'the watch goes on by itself',
    });
    await say('resume');
    // the look that the pause cut short may not know it yet, and take one
    const ejects = seen([{ news: 'eject', host: 'n2', why: 'answers 500' }]);
    cluster.watched.push(ejects, ejects);
    await shows(handle, () => cluster.journal.includes('takeOut n2'));
    await expect(say('promote')).rejects.toThrow();
    await abort(handle);
    expect((await endOf(handle as never)).report.leftToDo).toHaveLength(1);
  });
});

it('that is only planned says what it would do, and ends', async () => {
  const cluster = newCluster();
  await harness.with(cluster, async (company) => {
    const { phase, summary } = await (await watch(company, { dryRun: true })).result();
    expect([phase, summary]).toEqual([
      'planned',
      'planned: a look at 3 hosts every 30 s; who fails 3 in a row leaves while 2 others serve',
    ]);
  });
});

it('takes a host out for good where it is told to', async () => {
  const cluster = newCluster();
  await harness.with(cluster, async (company) => {
    cluster.watched.push(seen([{ news: 'eject', host: 'n2', why: 'answers 500' }]));
    const handle = await watch(company, { onUnhealthy: 'retire' });
    const { notes } = await shows(handle, (status) => status.notes.length > 0);
    expect(notes[0]).toContain('n2 was taken out: answers 500');
    expect(cluster.journal).toEqual(['takeOut n2', 'mark n2']);
    expect(cluster.fences[0]?.holder).toMatch(/^retire-web-n2-\d+$/);
    expect(cluster.service.marks['n2']).toMatchObject({
      reason: 'unhealthy: answers 500',
      by: handle.workflowId,
    });
    await shows(handle, () => cluster.told.length > 0);
    await abort(handle);
    await endOf(handle as never);
    // by the watch, and not once more by the run that did it
    expect(cluster.told.map(({ announcement }) => announcement.change)).toEqual([handle.workflowId]);
    expect(cluster.told[0]?.announcement.facts).toMatchObject({ expected: 'somebody looks at it' });
  });
});

it('says why a host could not be taken out, and looks on', async () => {
  const cluster = newCluster();
  await harness.with(cluster, async (company) => {
    cluster.trouble['plan'] = fails('BadInput', '1 mistake: without n2 there serve 1');
    cluster.watched.push(seen([{ news: 'eject', host: 'n2', why: 'answers 500' }], 'out'));
    const handle = await watch(company);
    const { leftToDo } = await shows(handle, ({ notes }) =>
      notes.some((note) => note.includes('there serve 1')),
    );
    expect(leftToDo[0]?.what).toBe('n2 is unhealthy and in rotation: answers 500');
    await shows(handle, () => cluster.told.length === 1);
    expect(cluster.told[0]?.announcement.facts).toMatchObject({
      effect: 'it stays in rotation: 1 mistake: without n2 there serve 1',
    });
    await abort(handle);
  });
});

it('brings the service back where its policy says so, and tells that once', async () => {
  const cluster = newCluster();
  cluster.proven = [];
  for (const host of ['n1', 'n2']) cluster.versions[host] = '2.0.0';
  await harness.with(cluster, async (company) => {
    cluster.watched.push(seen([{ news: 'rollBack', host: 'n1', why: '2 of 3 hosts are unhealthy' }], null));
    const handle = await watch(company, { rollback: {} });
    await shows(handle, ({ notes }) =>
      notes.some((note) => note.includes('the service went back to an earlier release: 2 of 3')),
    );
    expect(Object.values(cluster.versions)).toEqual(['1.0.0', '1.0.0', '1.0.0']);
    expect(cluster.fences[0]?.holder).toMatch(/^rollback-web-\d+$/);
    await shows(handle, () => cluster.told.length === 2);
    expect(cluster.told.map(({ line }) => line)).toEqual(['ops alert', 'ops allClear']);
    expect(cluster.told[0]?.announcement.facts).toMatchObject({
      what: `web goes back to 1.0.0: 2 of 3 hosts are unhealthy (${handle.workflowId})`,
      expected: expect.stringMatching(/^it is over by \d\d:\d\d UTC at the latest$/) as string,
    });
    await abort(handle);
  });
});

it('looks on where the service cannot go back', async () => {
  const cluster = newCluster();
  cluster.trouble['plan'] = fails('BadInput', '1.0.0 has proven itself for 40 hours');
  await harness.with(cluster, async (company) => {
    cluster.watched.push(seen([{ news: 'rollBack', host: 'n1', why: '2 of 3 hosts are unhealthy' }], null));
    const handle = await watch(company, { rollback: {} });
    await shows(handle, ({ notes }) => notes.some((note) => note.includes('has proven itself for 40 hours')));
    await abort(handle);
  });
});
