/** Messages at every step of a run, and while it goes on as a new one: each has an answer, none is lost. */
import type { WorkflowHandle } from '@temporalio/client';
import { FakeCluster, Harness, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(120_000);

const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, unreachableSeconds: 0 };
const STEPS = ['stage', 'takeOut', 'switchRelease', 'proveHealthy', 'putBack'];

it('at every step: pause and resume, nonsense and what comes too early change nothing of the end', async () => {
  const cluster = new FakeCluster();
  let run: WorkflowHandle | undefined;
  let sent = 0;
  const talk = async () => {
    if (!run) return;
    await run.signal('pause', { by: 'ann' });
    await run.signal('promote', { by: 'bob' });
    await run.signal('launch', {});
    await run.signal('skip', 'n3');
    await run.signal('resume', { by: 'ann' });
    sent += 5;
  };
  for (const host of cluster.hosts) for (const step of STEPS) cluster.trouble[`${step} ${host}`] = talk;
  const { end, report } = await harness.run(cluster, { ...quick }, async (handle) => {
    run = handle;
    await until(handle, ({ hosts }) => hosts[0]?.state !== 'pending' && hosts.length > 0);
  });
  expect(end).toBe('succeeded');
  expect(cluster.versions).toEqual({ n1: '2.0.0', n2: '2.0.0', n3: '2.0.0' });
  expect(cluster.mostOut).toBe(1);
  expect(cluster.journal.filter((line) => line.includes('runs 2.0.0'))).toHaveLength(3);
  // all that were sent while it ran, as far as the report remembers them
  expect(sent).toBeGreaterThanOrEqual(60);
  expect(report.messages).toHaveLength(50);
  expect(report.messages.every(({ answer }) => answer.length > 0)).toBe(true);
});

it('while it goes on as a new run: skips by signal and by update are all obeyed', async () => {
  const cluster = new FakeCluster(Array.from({ length: 100 }, (_, index) => `h${index + 1}`));
  const last = cluster.hosts.slice(-9);
  let run: WorkflowHandle | undefined;
  const sent: Promise<unknown>[] = [];
  // all the time, so that some come while the run is between two of its lives
  last.forEach((host, index) => {
    cluster.trouble[`putBack h${10 * (index + 1)}`] = () => {
      const skip = { by: 'ann', host };
      sent.push(index % 2 ? run!.signal('skip', skip) : run!.executeUpdate('skip', { args: [skip] }));
    };
  });
  const runs: string[] = [];
  const { end, report } = await harness.run(cluster, { ...quick, batches: ['100%'] }, async (handle) => {
    run = harness.env.client.workflow.getHandle(handle.workflowId);
    runs.push((await run.describe()).runId);
    await handle.result();
    runs.push((await run.describe()).runId);
  });
  await Promise.all(sent);
  expect([end, sent.length]).toEqual(['succeeded', 9]);
  expect(new Set(runs).size).toBe(2);
  expect(last.map((host) => cluster.versions[host])).toEqual(last.map(() => '1.0.0'));
  expect(report.hosts.filter(({ state }) => state === 'skipped')).toHaveLength(last.length);
});
