/** A worker as it runs in production: it is told to end in the middle of a job, and is watched from outside. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateDir } from '../../lab/paths';
import { choosePorts } from '../../lab/temporal/ports';
import { scrape } from '../temporal/scrape';
import { ended, Ground, reached } from './ground';
import { makeSlowRelease } from './odd-releases';
import { expectAllIn, startsFromNow } from './whole-run';

const LAB = 'test-worker';
/** Seconds that the release takes to start on n1: longer than the worker may take to end. */
const SLOW = 6;
const GRACE = 2;

let ground: Ground;
let metricsAddress: string;

beforeAll(async () => {
  ground = await Ground.up(LAB, 2, { worker: false, limits: { healthySeconds: 15, switchSeconds: 60 } });
  metricsAddress = `127.0.0.1:${(await choosePorts([])).grpc}`;
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

const startWorker = () =>
  ground.startWorker({
    env: {
      PAWL_METRICS_ADDRESS: metricsAddress,
      PAWL_SHUTDOWN_GRACE_SECONDS: String(GRACE),
      PAWL_LOG_LEVEL: 'debug',
    },
  });

const logged = () => readFile(join(stateDir, 'workers', `${LAB}.log`), 'utf8');

it('hands a job over when it is told to end: the job goes on, the next worker attaches, one effect', async () => {
  await startWorker();
  const artifact = await makeSlowRelease('5.0.0', SLOW, 'n1');
  const started = await startsFromNow(ground);
  const run = await ground.start({ version: '5.0.0', artifact, batches: ['100%'], watchSeconds: 0 });
  await reached(run, ({ hosts }) => hosts[0]?.state === 'changing');
  while (!(await started())['n1']) await reached(run, ({ hosts }) => hosts[0]?.state === 'changing');

  const told = Date.now();
  await ground.stopWorker();
  expect(Date.now() - told).toBeLessThan((GRACE + 4) * 1_000);
  const first = await logged();
  expect(await ground.inside('n1', 'systemctl', 'list-units', '--plain', 'pawl-job-*')).toContain('running');

  await startWorker();
  expect(await ended(run)).toMatchObject({ end: 'succeeded' });
  expect(await started()).toEqual({ n1: ['5.0.0'], n2: ['5.0.0'] });
  await expectAllIn(ground);

  const metrics = await scrape(metricsAddress);
  expect(metrics).toMatchObject({
    'pawl_changes_total end="succeeded"': 1,
    'pawl_host_switches_total kind="switch"': 2,
    'pawl_jobs_total how="reattached"': 1,
    'pawl_jobs_total how="started"': 1,
  });
  expect(metrics['pawl_ssh_connections']).toBeGreaterThan(0);

  // every line is JSON, those of Temporal's native half too, and says what it is about
  const lines = (first + (await logged()))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toContainEqual(
    expect.objectContaining({ workflowId: run.workflowId, host: 'n1', step: 'switch' }),
  );
}, 120_000);
