/** Hours of observation, in which workers end and others begin. */
import { FakeCluster, Harness } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start(undefined, true)), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

it('a worker that knows nothing at each step observes for two hours, then for one, and goes on where it was', async () => {
  const cluster = new FakeCluster(['n1', 'n2', 'n3', 'n4']);
  const batches = [{ to: 1, soakSeconds: 7_200 }, { to: '50%', soakSeconds: 3_600 }, '100%'];
  const begun = await harness.env.currentTimeMs();
  const { end } = await harness.run(cluster, { batches, watchSeconds: 0 }, undefined, 'configCanary');
  expect(end).toBe('succeeded');
  expect((await harness.env.currentTimeMs()) - begun).toBeGreaterThan(3 * 3_600_000);
  expect(cluster.journal.filter((line) => line.startsWith('switchConfig'))).toEqual(
    cluster.hosts.map((host) => `switchConfig ${host}`),
  );
  expect(cluster.mostOut).toBe(1);
});
