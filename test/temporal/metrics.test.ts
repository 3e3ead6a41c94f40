/** Prometheus' endpoint, scraped. */
import { randomUUID } from 'node:crypto';
import { choosePorts } from '../../lab/temporal/ports';
import { PawlError } from '../../src/contracts/failures';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { activityInterceptor } from '../../src/temporal/activity-interceptor';
import { log } from '../../src/temporal/log';
import { activityMetrics, sshMetrics } from '../../src/temporal/metrics';
import { installRuntime } from '../../src/temporal/runtime';
import { BUILT } from '../built';
import { imagined } from '../cli/live';
import { FakeCluster } from '../workflows/harness';
import { scrape as scrapeAt } from './scrape';
import { QUICK, Server, until } from './server';

let server: Server;
let cluster: FakeCluster;
let metricsAddress: string;

beforeAll(async () => {
  log.level = 'silent';
  metricsAddress = `127.0.0.1:${(await choosePorts([])).grpc}`;
  installRuntime({ metricsAddress });
  server = await Server.start();
  await server.startWorker(
    imagined(() => cluster),
    { workflowBundle: BUILT, interceptors: { activity: [activityMetrics(), activityInterceptor] } },
  );
}, 90_000);
afterAll(() => server?.stop(), 30_000);

async function end(input: object): Promise<void> {
  const handle = await server.client().workflow.start('rollingUpgrade', {
    workflowId: `counted-${randomUUID()}`,
    taskQueue: TASK_QUEUE,
    args: [{ ...QUICK, ...input }],
  });
  await handle.result().catch(() => undefined);
}

const scrape = () => scrapeAt(metricsAddress);

it('counts changes by their end, switches, jobs, drains and refusals', async () => {
  cluster = new FakeCluster(['n1', 'n2']);
  await end({});
  await end({ dryRun: true });
  await end({ version: 'not a version' });
  cluster = new FakeCluster(['n1', 'n2']);
  cluster.trouble['proveHealthy n2'] = () => {
    delete cluster.trouble['proveHealthy n2'];
    throw new PawlError('Unhealthy', 'n2 is unwell');
  };
  await end({});
  cluster = new FakeCluster(['n1']);
  cluster.trouble['switchRelease n1'] = () => {
    throw new PawlError('Fenced', 'a newer attempt owns n1');
  };
  await end({ onFailure: 'freeze' });
  const metrics = await until(scrape, (seen) => 'pawl_changes_total end="failed"' in seen);
  expect(metrics).toMatchObject({
    'pawl_changes_total end="succeeded"': 1,
    'pawl_changes_total end="planned"': 1,
    'pawl_changes_total end="badInput"': 1,
    'pawl_changes_total end="rolledBack"': 1,
    'pawl_changes_total end="failed"': 1,
    'pawl_fenced_total activity="switchRelease"': 1,
    'pawl_host_switches_total kind="switch"': 4,
    'pawl_host_switches_total kind="switchBack"': 2,
    'pawl_jobs_total how="started"': 6,
    'pawl_drain_seconds_count out="true"': expect.any(Number),
  });
  expect(metrics['pawl_drain_seconds_bucket out="true" le="0.5"']).toBeGreaterThan(0);
  // Temporal's own stand beside ours
  expect(Object.keys(metrics)).toContain('temporal_workflow_completed_total');
});

it('shows how many SSH connections are open', async () => {
  const tell = sshMetrics();
  for (const event of ['connected', 'connected', 'lost']) tell(event);
  await until(scrape, (seen) => seen['pawl_ssh_connections'] === 1);
  expect(await scrape()).toMatchObject({ pawl_ssh_connections: 1, pawl_ssh_connections_opened_total: 2 });
});
