/** A worker as it runs in production: it is told to end in the middle of a job, is watched, and keeps its secrets. */
import { randomBytes } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { stateDir } from '../../lab/paths';
import { choosePorts } from '../../lab/temporal/ports';
import { encryptionCodec } from '../../src/temporal/codec';
import { clientDataConverter } from '../../src/temporal/data-converter';
import { encryptionSettings, type Encryption } from '../../src/temporal/settings';
import { scrape } from '../temporal/scrape';
import { ended, Ground, reached } from './ground';
import { makeSlowRelease } from './odd-releases';
import { expectAllIn, startsFromNow } from './whole-run';

const LAB = 'test-worker';
/** Seconds that the release takes to start on n1: longer than the worker may take to end. */
const SLOW = 6;
const GRACE = 2;
const newKey = () => randomBytes(32).toString('base64');
const keys = { current: newKey(), old: newKey() };

let ground: Ground;
let connection: Connection;
let env: Record<string, string>;
let encryption: Encryption;
let metricsAddress: string;

beforeAll(async () => {
  ground = await Ground.up(LAB, 2, { worker: false, limits: { healthySeconds: 15, switchSeconds: 60 } });
  metricsAddress = `127.0.0.1:${(await choosePorts([])).grpc}`;
  const oldKey = join(stateDir, 'labs', LAB, 'old.key');
  await writeFile(oldKey, keys.old, { mode: 0o600 });
  env = {
    PAWL_ENCRYPTION_KEY: `current=env:THE_KEY,old=file:${oldKey}`,
    THE_KEY: keys.current,
    PAWL_METRICS_ADDRESS: metricsAddress,
    PAWL_SHUTDOWN_GRACE_SECONDS: String(GRACE),
    PAWL_LOG_LEVEL: 'debug',
  };
  encryption = encryptionSettings(env)!;
  connection = await Connection.connect({ address: ground.temporal.address });
  ground.client = new Client({ connection, dataConverter: clientDataConverter(encryption, 'default') });
}, 300_000);
afterAll(async () => {
  await connection?.close();
  await ground?.remove();
}, 60_000);

const logged = () => readFile(join(stateDir, 'workers', `${LAB}.log`), 'utf8');

it('hands a job over when it is told to end: the job goes on, the next worker attaches, one effect', async () => {
  const watch = watchProcesses();
  await ground.startWorker({ env });
  const artifact = await makeSlowRelease('5.0.0', SLOW, 'n1');
  const started = await startsFromNow(ground);
  const run = await ground.start({ version: '5.0.0', artifact, batches: ['100%'], watchSeconds: 0 });
  await reached(run, ({ hosts }) => hosts[0]?.state === 'changing');
  while (!(await started())['n1']) await delay(50);

  const told = Date.now();
  await ground.stopWorker();
  expect(Date.now() - told).toBeLessThan((GRACE + 4) * 1_000);
  const first = await logged();
  expect(await ground.inside('n1', 'systemctl', 'list-units', '--plain', 'pawl-job-*')).toContain('running');

  await ground.startWorker({ env });
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
  const log = first + (await logged());
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toContainEqual(
    expect.objectContaining({ workflowId: run.workflowId, host: 'n1', step: 'switch' }),
  );

  const history = historyToJSON(await run.fetchHistory());
  const places = {
    log,
    history,
    'what is in the history': await opened(history),
    'the command lines of all processes, those on the hosts too': await watch.stop(),
  };
  // it was looked at where words of the run do stand
  expect(places['what is in the history']).toContain(artifact.sha256);
  const identity = await readFile(ground.lab.identityFile, 'utf8');
  const secrets = [...Object.values(keys), ...identity.split('\n').filter((line) => line.length === 70)];
  expect(secrets.length).toBeGreaterThan(3);
  for (const [place, text] of Object.entries(places))
    for (const secret of secrets)
      expect({ place, found: text.includes(secret) }).toEqual({ place, found: false });
}, 120_000);

/** The clear text of every payload of a history. */
async function opened(history: string): Promise<string> {
  const codec = encryptionCodec(encryption, 'default', 'display');
  const bytes = (base64: string) => Buffer.from(base64, 'base64');
  const payloads: { metadata: Record<string, Buffer>; data: Buffer }[] = [];
  JSON.parse(history, (_key, value: { metadata?: Record<string, string>; data?: string } | null) => {
    if (value?.metadata?.['encoding'] && value.data)
      payloads.push({
        metadata: Object.fromEntries(
          Object.entries(value.metadata).map(([name, word]) => [name, bytes(word)]),
        ),
        data: bytes(value.data),
      });
    return value;
  });
  const clear = await codec.decode(payloads);
  return clear.map(({ data }) => Buffer.from(data ?? []).toString('utf8')).join('\n');
}

/** Hosts of the lab share this machine's kernel, so what runs on them is seen too. */
function watchProcesses() {
  const seen = new Set<string>();
  let over = false;
  const watching = (async () => {
    for (; !over; await delay(30))
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
        seen.add(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  })();
  return {
    async stop(): Promise<string> {
      over = true;
      await watching;
      return [...seen].join('\n');
    },
  };
}
