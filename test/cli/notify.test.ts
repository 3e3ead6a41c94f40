/** `pawl notify test`, and changes whose channels hang, against a real Temporal server. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { notifyActivities } from '../../src/activities/notify';
import { openWorlds } from '../../src/activities/world';
import { pawl } from '../../src/cli/program';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { EVENT_KINDS } from '../../src/contracts/notifications';
import { openLog } from '../../src/temporal/log';
import { endOf, FakeCluster } from '../workflows/harness';
import { imagined, Live } from './live';
import { Recorder } from './recorder';
import { longIt } from '../long';

const SECRET = 'planted-token-0123456789';
let live: Live;
let connection: Connection;
let folder: string;
let file: string;
let server: Server;
let present: FakeCluster;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-notify-'));
  // one that repeats what it was told, so that secrets come back
  server = createServer(({ url = '' }, answer) => void answer.writeHead(404).end(`nothing at ${url}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env.TEST_NOTIFY_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/${SECRET}`;
  file = join(folder, 'cluster.yaml');
  writeFileSync(
    file,
    `cluster: shop
hosts: { n1: { roles: [app] } }
balancers: {}
services: {}
notifications:
  channels:
    kept: { kind: file, folder: told }
    chat: { kind: slack, url: 'env:TEST_NOTIFY_URL' }
`,
  );
  live = await Live.start();
  connection = await Connection.connect({ address: live.server.address });
  process.env.TEMPORAL_ADDRESS = live.server.address;
  await live.startWorker({ ...imagined(() => present), ...notifyActivities(openWorlds()), ...heard() });
}, 180_000);

afterAll(async () => {
  delete process.env.TEMPORAL_ADDRESS;
  delete process.env.TEST_NOTIFY_URL;
  await connection?.close();
  await live?.stop();
  server?.close();
  rmSync(folder, { recursive: true });
}, 60_000);

/** Changes tell the cluster in memory; only tests go to real channels. */
function heard() {
  const { notify } = imagined(() => present);
  return { notify };
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Recorder();
  const code = await pawl(args, terminal);
  return { code, out: terminal.out, err: terminal.err };
}

it('shows what each channel answered, and ends with 1 when one did not take it', async () => {
  const { code, out } = await run('notify', 'test', file);
  expect(code).toBe(1);
  expect(out).toMatch(/✔ +kept +file +written\n/);
  expect(out).toMatch(/✖ +chat +slack +it answers 404: nothing at \/hook\/\(hidden\)\n/);
  const only = await run('notify', 'test', file, '--channel', 'kept', '--json');
  expect(only.code).toBe(0);
  expect(JSON.parse(only.out)).toMatchObject({ ok: true, answers: [{ channel: 'kept', delivered: true }] });
}, 60_000);

it('no secret is in the history, in what is printed, in a line of the log, or in the file', async () => {
  const { out, err } = await run('notify', 'test', file);
  const { workflow } = new Client({ connection });
  let histories = '';
  for await (const { workflowId, runId } of workflow.list({ query: `WorkflowType = 'notifyTest'` }))
    histories += historyToJSON(await workflow.getHandle(workflowId, runId).fetchHistory());
  const payloads = [...histories.matchAll(/"data":\s*"([^"]+)"/g)].map(([, data = '']) =>
    Buffer.from(data, 'base64').toString(),
  );
  expect(payloads.join()).toContain('(hidden)');
  let logged = '';
  openLog({ PAWL_LOG_LEVEL: 'info' }, { write: (line) => void (logged += line) }).info(
    { url: process.env.TEST_NOTIFY_URL },
    'told',
  );
  expect(logged).toContain('told');
  const kept = readFileSync(join(folder, 'told/notifications.jsonl'), 'utf8');
  expect(kept).toContain('Test of notifications from shop');
  for (const text of [out, err, histories, ...payloads, logged, kept]) expect(text).not.toContain(SECRET);
}, 60_000);

it.each([
  { args: ['--channel', 'pigeons'], says: /there is no such name; there are kept, chat/ },
  { args: ['--channel', 'chad'], says: /did you mean "chat"/ },
])(
  '$args is bad input',
  async ({ args, says }) => {
    const { code, err } = await run('notify', 'test', file, ...args);
    expect(code).toBe(2);
    expect(err).toMatch(says);
  },
  60_000,
);

it('a file without channels is bad input, and so is one with mistakes, without any worker', async () => {
  const bare = join(folder, 'bare.yaml');
  writeFileSync(bare, 'cluster: lab\nhosts: { n1: { roles: [app] } }\nbalancers: {}\nservices: {}\n');
  const { code, err } = await run('notify', 'test', bare);
  expect(code).toBe(2);
  expect(err).toContain('its file names no notifications');
  writeFileSync(bare, 'cluster: lab\nhost: {}\n');
  expect((await run('notify', 'test', bare)).err).toContain('no such key');
}, 60_000);

longIt(
  'a channel that hangs keeps no host waiting, and the end waits 15 s at most',
  async () => {
    present = new FakeCluster();
    present.notifications = { progressSeconds: 0, channels: { dead: [...EVENT_KINDS], ops: ['ended'] } };
    let asked = 0;
    const released = new AbortController();
    present.trouble['tell dead'] = async () => {
      asked += 1;
      await delay(12_000, undefined, { signal: released.signal }).catch(() => undefined);
    };
    const input = {
      cluster: 'c.yaml',
      service: 'web',
      version: '2.0.0',
      artifact: { file: 'x.tar.gz' },
      minHealthySeconds: 0,
      soakSeconds: 0,
      watchSeconds: 0,
      gate: { enabled: false },
    };
    const begun = performance.now();
    const client = new Client({ connection });
    const handle = await client.workflow.start('rollingUpgrade', {
      taskQueue: TASK_QUEUE,
      workflowId: 'hangs',
      args: [input],
    });
    const { end, report } = await endOf(handle as never);
    const seconds = (performance.now() - begun) / 1_000;
    // the worker cannot end before what hangs in it
    released.abort();
    await delay(1_500);
    expect([end, asked]).toEqual(['succeeded', 2]);
    expect(Date.parse(report.endedAt!) - Date.parse(report.startedAt)).toBeLessThan(9_000);
    expect(seconds).toBeGreaterThan(14);
    expect(seconds).toBeLessThan(28);
    expect(report.notes).toContain(
      'notifications: 1 message to dead not delivered: no answer in the 15 s after the end of the change',
    );
  },
  60_000,
);
