/** Everything that Temporal keeps is encrypted: proven on what a real server stored, and with its own command line. */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { Client } from '@temporalio/client';
import { type WorkflowFailedError } from '@temporalio/client';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { findTemporal } from '../../lab/temporal/program';
import { PawlError } from '../../src/contracts/failures';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { pawl } from '../../src/cli/program';
import { encryptionCodec } from '../../src/temporal/codec';
import { codecServer } from '../../src/temporal/codec-server';
import { clientDataConverter, workerDataConverter } from '../../src/temporal/data-converter';
import { brokenRuns } from '../../src/temporal/open-runs';
import { encryptionSettings, type Encryption } from '../../src/temporal/settings';
import { workflowCode } from '../../src/temporal/workflow-code';
import { Recorder } from '../cli/recorder';
import { imagined } from '../cli/live';
import { driftLook } from '../workflows/fake-drift';
import { FakeCluster } from '../workflows/harness';
import { installQuietRuntime, QUICK, Server, statusOf, until } from './server';

const NAMESPACE = 'default';
/** Stands in an input, in a message and in a failure. */
const PLANTED = 'sesame-open-4711';
const env = { PAWL_ENCRYPTION_KEY: 'k1=env:THE_KEY', THE_KEY: randomBytes(32).toString('base64') };

let encryption: Encryption;
let server: Server;
let cluster: FakeCluster;
let client: Client;
let codec: HttpServer;
let workflowBundle: WorkflowBundleOption;

beforeAll(async () => {
  installQuietRuntime();
  encryption = encryptionSettings(env)!;
  [server, workflowBundle] = await Promise.all([Server.start(), workflowCode({ encryption })]);
  client = server.client({ dataConverter: clientDataConverter(encryption, NAMESPACE) });
  codec = codecServer({ codec: encryptionCodec(encryption, NAMESPACE, 'display'), namespace: NAMESPACE });
  await new Promise<void>((resolve) => void codec.listen(0, '127.0.0.1', resolve));
  await server.startWorker(
    imagined(() => cluster),
    { workflowBundle, dataConverter: workerDataConverter(encryption, NAMESPACE) },
  );
}, 90_000);
afterAll(async () => {
  codec?.close();
  await server?.stop();
}, 30_000);
let clusters = 0;
// runs that a test leaves open hold hosts of their own
beforeEach(() => (cluster = new FakeCluster(['n1'], `fake${(clusters += 1)}`)));

async function start(by: Client, input: object = {}): Promise<string> {
  const workflowId = `sealed-${randomUUID()}`;
  const args = [{ ...QUICK, ...input }];
  await by.workflow.start('rollingUpgrade', { workflowId, taskQueue: TASK_QUEUE, args });
  return workflowId;
}

const waits = (id: string) => until(statusOf(client, id), ({ phase }) => phase === 'awaitingApproval');
const endOf = (id: string) =>
  client.workflow
    .getHandle(id)
    .result()
    .catch((error: Error) => error);

const stored = async (id: string) =>
  readable(historyToJSON(await server.client().workflow.getHandle(id).fetchHistory()));

/** What is base64 in a history, read as text. */
const readable = (json: string) =>
  json.replace(/"(?:data|encoding)":\s*"([^"]+)"/g, (_all, base64: string) =>
    Buffer.from(base64, 'base64').toString('latin1'),
  );

it('keeps nothing of inputs, results, messages and failures in clear text', async () => {
  cluster.trouble['proveHealthy n1'] = () => {
    delete cluster.trouble['proveHealthy n1'];
    throw new PawlError('Unhealthy', `n1 says ${PLANTED}`);
  };
  const id = await start(client, {
    artifact: { file: `${PLANTED}.tar.gz` },
    approvals: ['before'],
  });
  await waits(id);
  await client.workflow.getHandle(id).executeUpdate('approve', { args: [{ by: 'anna', note: PLANTED }] });
  const error = (await endOf(id)) as WorkflowFailedError;
  // whoever has the key reads all of it
  expect(error.cause?.message).toContain(PLANTED);
  const history = await stored(id);
  expect(history).toContain('binary/encrypted');
  expect(history).toContain('Encoded failure');
  for (const word of [PLANTED, 'anna', 'tar.gz', 'take n1 out']) expect(history).not.toContain(word);
});

it('refuses what is not encrypted, and what was made for another run; the run lives on', async () => {
  const id = await start(client, { approvals: ['before'] });
  await waits(id);
  const handle = client.workflow.getHandle(id);
  await server.client().workflow.getHandle(id).signal('approve', { by: 'eve' });
  const [copied] = await encryptionCodec(encryption, NAMESPACE, 'client').encode(
    [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"by":"anna"}') }],
    { type: 'workflow', namespace: NAMESPACE, workflowId: 'another' },
  );
  await server.connection.workflowService.signalWorkflowExecution({
    namespace: NAMESPACE,
    workflowExecution: { workflowId: id },
    signalName: 'approve',
    input: { payloads: [copied!] },
  });
  await expect(
    server
      .client()
      .workflow.getHandle(id)
      .executeUpdate('approve', { args: [{ by: 'eve' }] }),
  ).rejects.toThrow();
  const { messages, phase } = await until(statusOf(client, id), (status) => status.messages.length === 2);
  expect(phase).toBe('awaitingApproval');
  expect(messages.map(({ answer }) => answer)).toEqual([
    expect.stringContaining('it is not encrypted'),
    expect.stringContaining('it was made for another'),
  ]);
  await handle.executeUpdate('approve', { args: [{ by: 'anna' }] });
  expect(await endOf(id)).toMatchObject({ phase: 'succeeded' });

  const plain = (await endOf(await start(server.client()))) as WorkflowFailedError;
  expect(plain.cause).toMatchObject({ type: 'BadInput', message: expect.stringContaining('not encrypted') });
  expect(cluster.journal.filter((step) => step === 'switchRelease n1')).toHaveLength(1);
});

it('is read and written by Temporal’s own command line through the codec server', async () => {
  const program = await findTemporal();
  const temporal = async (...args: string[]) => {
    const endpoint = `http://127.0.0.1:${(codec.address() as AddressInfo).port}`;
    const all = ['workflow', ...args, '--address', server.address, '--codec-endpoint', endpoint];
    return (await promisify(execFile)(program, all)).stdout;
  };
  const id = `sealed-${randomUUID()}`;
  const input = JSON.stringify({ ...QUICK, artifact: { file: `${PLANTED}.tar.gz` }, approvals: ['before'] });
  const named = ['--workflow-id', id];
  await temporal('start', ...named, '--type', 'rollingUpgrade', '--task-queue', TASK_QUEUE, '--input', input);
  await waits(id);
  expect(await temporal('query', ...named, '--type', 'status')).toContain('awaitingApproval');
  await temporal('signal', ...named, '--name', 'approve', '--input', '{"by":"anna"}');
  expect(await endOf(id)).toMatchObject({ phase: 'succeeded', messages: [{ by: 'anna' }] });
  const shown = readable(await temporal('show', ...named, '--output', 'json'));
  expect(shown).toContain(PLANTED);
  expect(await stored(id)).not.toContain(PLANTED);
});

it('is read by pawl, where it has the key', async () => {
  const id = await start(client, { approvals: ['before'] });
  await waits(id);
  const get = async (more: NodeJS.ProcessEnv) => {
    const before = { ...process.env };
    Object.assign(process.env, { TEMPORAL_ADDRESS: server.address }, more);
    const terminal = new Recorder();
    try {
      return { code: await pawl(['get', id], terminal), said: terminal.out + terminal.err };
    } finally {
      process.env = before;
    }
  };
  expect(await get(env)).toMatchObject({ code: 0, said: expect.stringContaining('n1') });
  const other = await get({ ...env, PAWL_ENCRYPTION_KEY: 'k2=env:THE_KEY' });
  expect(other).toMatchObject({ code: 1, said: expect.stringContaining('there is no key k1') });
});

it('lets runs of a schedule know what the one before has told', async () => {
  cluster.notifications = { progressSeconds: 0, channels: { ops: ['drift'] } };
  cluster.drifts.push(driftLook([`n1 /etc/a edited ${PLANTED}`]));
  const args = [{ cluster: PLANTED }];
  const handle = await client.schedule.create({
    scheduleId: `sealed-${randomUUID()}`,
    spec: { intervals: [{ every: '1 day' }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'configDrift',
      taskQueue: TASK_QUEUE,
      args,
      workflowId: 'sealed',
    },
  });
  const ids: string[] = [];
  while (ids.length < 2) {
    // ids of runs hold the second
    await delay(1_100);
    // those that may run side by side know nothing of each other
    await handle.trigger('SKIP');
    const count = ids.length + 1;
    const { info } = await until(
      () => handle.describe(),
      (now) => now.info.recentActions.length === count,
    );
    ids.push(info.recentActions.at(-1)!.action.workflow.workflowId);
    expect(await endOf(ids.at(-1)!)).toMatchObject({
      drift: { memory: { told: { n1: [expect.any(String)] } } },
    });
  }
  expect(cluster.told.map(({ line }) => line)).toEqual(['ops drift']);
  for (const id of ids) expect(await stored(id)).not.toContain(PLANTED);
  await handle.delete();
});

it('does not start beside open runs whose key is not there', async () => {
  const id = await start(client, { approvals: ['before'] });
  await waits(id);
  const broken = (keys: Encryption) => {
    const code = { workflowBundle, dataConverter: workerDataConverter(keys, NAMESPACE) };
    return brokenRuns(server.nativeConnection, NAMESPACE, code, undefined);
  };
  expect((await broken(encryption)).filter((line) => line.includes(id))).toEqual([]);
  const others = encryptionSettings({ ...env, PAWL_ENCRYPTION_KEY: 'k2=env:THE_KEY' })!;
  expect((await broken(others)).filter((line) => line.includes(id))).toEqual([
    expect.stringContaining('there is no key k1'),
  ]);
});
