/** Worker versions on a real server: a change ends on the code that it began with. */
import { randomUUID } from 'node:crypto';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { brokenRuns } from '../../src/temporal/open-runs';
import { deploymentOptions, versioningTroubles } from '../../src/temporal/versioning';
import { BUILT } from '../built';
import { imagined } from '../cli/live';
import { FakeCluster } from '../workflows/harness';
import { installQuietRuntime, QUICK, Server, statusOf, until } from './server';

const deploymentName = 'pawl';
let server: Server;
/** Code that knows none of the runs that are open. */
let unable: WorkflowBundle;

beforeAll(async () => {
  installQuietRuntime();
  const workflowsPath = require.resolve('./no-workflows');
  [server, unable] = await Promise.all([
    Server.start(),
    bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
  ]);
}, 90_000);
afterAll(() => server?.stop(), 30_000);

const version = (buildId: string) => ({ deploymentName, buildId });
/** What the worker of this version, or one without, says of itself. */
const troubles = (own?: string) =>
  versioningTroubles(server.client(), own === undefined ? undefined : version(own));

/** @returns the names of the steps that its worker did */
async function startVersion(buildId: string) {
  // changes of the same hosts would wait for each other
  const cluster = new FakeCluster(['n1'], `fake${buildId}`);
  const stop = await server.startWorker(
    imagined(() => cluster),
    { workflowBundle: BUILT, ...deploymentOptions(version(buildId)) },
  );
  return { journal: cluster.journal, stop };
}

async function setCurrent(buildId: string): Promise<void> {
  await until(
    () =>
      server.connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: 'default',
        deploymentName,
        buildId,
      }),
    () => true,
  );
  // what the server has taken it tells a moment later
  await until(
    () => troubles(buildId),
    (list) => !list.some(({ code }) => code === 'noCurrentVersion' || code === 'currentVersionGone'),
  );
}

async function start(): Promise<string> {
  const workflowId = `versioned-${randomUUID()}`;
  await server.client().workflow.start('rollingUpgrade', {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [{ ...QUICK, approvals: ['before'] }],
  });
  return workflowId;
}

const waits = (id: string) =>
  until(statusOf(server.client(), id), ({ phase }) => phase === 'awaitingApproval');
const approve = (id: string) =>
  server
    .client()
    .workflow.getHandle(id)
    .executeUpdate('approve', { args: [{ by: 'anna' }] });

it('keeps open runs on their version while new ones go to the current one, and tells who would wait for ever', async () => {
  expect(await troubles()).toEqual([]);
  const first = await startVersion('A');
  // a version that nothing routes to: runs would wait without a word
  expect(
    await until(
      () => troubles('A'),
      (list) => list.length > 0,
    ),
  ).toEqual([
    {
      code: 'noCurrentVersion',
      where: 'Temporal',
      what: expect.stringMatching(/pawl has no current version.* not go to this worker$/),
      command: expect.stringMatching(/set-current-version .* --build-id A --yes$/),
    },
  ]);
  await setCurrent('A');
  expect(await troubles('A')).toEqual([]);
  expect(await troubles()).toEqual([
    {
      code: 'currentVersionGone',
      where: 'Temporal',
      what: expect.stringMatching(/version pawl:A, and not to this worker, which has no version/),
      command: expect.stringMatching(/--deployment-name pawl --unversioned --yes$/),
    },
  ]);

  const pinned = await start();
  await waits(pinned);
  const second = await startVersion('B');
  await setCurrent('B');
  expect(await troubles('A')).toEqual([
    expect.objectContaining({ what: expect.stringMatching(/version pawl:B, and not to this worker$/) }),
  ]);
  const next = await start();
  await waits(next);

  // the old run is none of the new version's business, even with code that it could not follow
  await until(
    () =>
      server
        .client()
        .workflow.count('TemporalWorkerDeploymentVersion = "pawl:A" AND WorkflowType = "rollingUpgrade"'),
    ({ count }) => count === 1,
  );
  const broken = async (buildId: string) => {
    const code = { workflowBundle: unable };
    const lines = await brokenRuns(server.nativeConnection, 'default', code, version(buildId));
    // leases go from version to version
    return lines.filter((line) => !line.startsWith('lease:'));
  };
  expect(await broken('A')).toEqual([expect.stringContaining(pinned)]);
  expect(await broken('B')).toEqual([expect.stringContaining(next)]);
  expect(await broken('C')).toEqual([]);

  await Promise.all([approve(pinned), approve(next)]);
  const { workflow } = server.client();
  await Promise.all([workflow.getHandle(pinned).result(), workflow.getHandle(next).result()]);
  expect(first.journal).toContain('n1 runs 2.0.0 round 0');
  expect(second.journal).toContain('n1 runs 2.0.0 round 0');
  expect(first.journal).toHaveLength(second.journal.length);
}, 60_000);

it('names the runs whose version nobody serves any more', async () => {
  const id = await start();
  await waits(id);
  const lost = (now?: number) => versioningTroubles(server.client(), version('B'), now);
  expect(await lost()).toEqual([]);
  const inAnHour = Date.now() + 3_600_000;
  expect(
    await until(
      () => lost(inAnHour),
      (list) => list.length > 0,
    ),
  ).toEqual([
    {
      code: 'pinnedVersionGone',
      where: 'Temporal',
      what: `${id} wait for a worker of version pawl:B, and there is none; start one, or move them`,
      command: expect.stringMatching(/--workflow-id \S+ .*--versioning-override-build-id B$/),
    },
  ]);
});
