/** What ends with the run itself; the changes that it begins are in `test/temporal`: this server skips no time once they outlive it. */
import type { SyncReport } from '../../src/contracts/config-sync';
import { FakeCluster, fails, Harness } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const cluster = new FakeCluster();
const INPUT = { cluster: 'c.yaml' };
const sync = (input: object = INPUT) => harness.run(cluster, { ...input }, undefined, 'configSync');

it('starts nothing where it only looks', async () => {
  cluster.releases = ['web/1'];
  const { end, message, report } = await sync({ ...INPUT, dryRun: true });
  expect([end, message, (report as SyncReport).synced]).toEqual(['planned', 'web: web/1 is started', {}]);
});

it('says where there is nothing', async () => {
  cluster.releases = [];
  const { end, report } = await sync();
  expect([end, report.notes]).toEqual(['succeeded', ['web: it has no release with a whole record']]);
});

it('tries again where that may help, and tells mistakes as they are', async () => {
  let times = 0;
  cluster.trouble['find'] = () => {
    if ((times += 1) === 1) throw new Error('the repository cannot be reached; try again');
  };
  expect((await sync()).end).toBe('succeeded');
  expect(times).toBe(2);
  cluster.trouble['find'] = fails('BadInput', '1 mistake, nothing was touched', { mistakes: [] });
  expect(await sync()).toMatchObject({ end: 'BadInput', message: '1 mistake, nothing was touched' });
});
