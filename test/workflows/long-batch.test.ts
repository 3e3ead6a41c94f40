/** A batch that is too long for one run: what follows knows all that was known. */
import { FakeCluster, fails, Harness, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(120_000);

const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, unreachableSeconds: 0 };

it('goes on where it was: who is through, failed or left out, the way back and its rounds', async () => {
  const cluster = new FakeCluster(Array.from({ length: 90 }, (_, index) => `h${index + 1}`));
  // the budget allows for one; the second one comes in the second run
  for (const host of ['h1', 'h90'])
    cluster.trouble[`proveHealthy ${host}`] = () => {
      if (cluster.versions[host] === '2.0.0') fails('Unhealthy', `${host}: /health answers 500`)();
    };
  for (const host of ['h2', 'h3'])
    cluster.trouble[`switchRelease ${host}`] = fails('HostUnreachable', `${host} gives no answer`);
  const input = { ...quick, batches: ['100%'], failureBudget: 1 };
  const runs: string[] = [];
  const { end, message, report } = await harness.run(cluster, input, async ({ workflowId }) => {
    const run = harness.env.client.workflow.getHandle(workflowId);
    runs.push((await run.describe()).runId);
    for (const [host, answer] of [
      ['h2', 'retry'],
      ['h3', 'skip'],
    ] as const) {
      await until(run, ({ waitingFor }) => waitingFor?.what.startsWith(`${host} `) ?? false);
      delete cluster.trouble[`switchRelease ${host}`];
      await run.executeUpdate(answer, { args: [{ by: 'ann', host }] });
    }
    await run.result().catch(() => undefined);
    runs.push((await run.describe()).runId);
  });
  expect(new Set(runs).size).toBe(2);
  expect([end, message]).toEqual(['RolledBack', expect.stringContaining('h90: /health answers 500')]);
  const changed = cluster.hosts.filter((host) => host !== 'h3');
  const round = (host: string) => (host === 'h2' ? 1 : 0);
  expect(cluster.journal.filter((line) => line.includes('runs 2.0.0'))).toEqual(
    changed.map((host) => `${host} runs 2.0.0 round ${round(host)}`),
  );
  // each once: the two of the first run at once, the others when the budget is used up
  const others = changed.filter((host) => host !== 'h1').reverse();
  expect(cluster.journal.filter((line) => line.includes('runs 1.0.0'))).toEqual([
    'h1 runs 1.0.0 round 0',
    'h3 runs 1.0.0 round 1',
    ...others.map((host) => `${host} runs 1.0.0 round ${round(host)}`),
  ]);
  expect(
    report.hosts.filter(({ state }) => state !== 'undone').map(({ name, state }) => [name, state]),
  ).toEqual([['h3', 'skipped']]);
  expect([cluster.mostOut, cluster.out.size]).toEqual([1, 0]);
});
