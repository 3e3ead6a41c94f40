/** What `pawl` does to a Temporal server and says of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { pawl } from '../../src/cli/program';
import { registeringCommands } from '../../src/temporal/search-attributes';
import { FakeCluster } from '../workflows/harness';
import { imagined, Live } from './live';
import { Recorder } from './recorder';

const KEYWORD = 2;

let live: Live;
let connection: Connection;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-server-'));
  live = await Live.start();
  connection = await Connection.connect({ address: live.server.address });
  process.env.TEMPORAL_ADDRESS = live.server.address;
  process.env.PAWL_UI_URL = 'http://ui.test';
}, 180_000);

afterAll(async () => {
  delete process.env.TEMPORAL_ADDRESS;
  delete process.env.PAWL_UI_URL;
  await connection?.close();
  await live?.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Recorder();
  const code = await pawl(args, terminal);
  return { code, out: terminal.out, err: terminal.err };
}

/** A namespace as somebody's server has it, without anything of ours. */
async function freshNamespace(namespace: string): Promise<void> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: (3 * 86_400) as never },
  });
  process.env.TEMPORAL_NAMESPACE = namespace;
  // servers remember for a moment that there was none
  for (let looks = 0; looks < 100; looks += 1, await delay(200)) {
    const there = await new Client({ connection, namespace }).workflow.count().catch(() => undefined);
    if (there) return;
  }
}
afterEach(() => delete process.env.TEMPORAL_NAMESPACE);

describe('setup', () => {
  const link = (namespace: string) =>
    `    http://ui.test/namespaces/${namespace}/workflows/start-workflow?workflowType=rollingUpgrade&taskQueue=pawl\n`;
  const attributes = 'PawlCluster, PawlService, PawlPhase, PawlRisk, PawlHosts, PawlProgress';

  it('prepares a server that knows nothing of us, and says what it did', async () => {
    await freshNamespace('fresh');
    const first = await run('setup');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toContain(
      `✔ registered search attributes ${attributes}  namespace fresh at ${live.server.address}\n` +
        '✔ start form of rollingUpgrade: shows examples/lab/rollingUpgrade.json; no worker has looked at it yet\n' +
        link('fresh'),
    );
    // lists lag behind by a moment
    await delay(1_000);
    const second = await run('setup');
    expect(second).toMatchObject({ code: 0, err: '' });
    expect(second.out).toBe(
      `✔ all 6 search attributes are there  namespace fresh at ${live.server.address}\n` +
        `✔ start form of rollingUpgrade: shows the input of the run before\n${link('fresh')}`,
    );
  }, 60_000);

  it('tries the example where there is a worker, and takes inputs of one’s own', async () => {
    await live.startWorker(imagined(() => new FakeCluster()));
    expect((await run('setup')).out).toContain('shows examples/lab/rollingUpgrade.json, which works here\n');
    const own = { cluster: 'own.yaml', service: '-x', version: '1', artifact: { file: 'own.tar.gz' } };
    writeFileSync(join(folder, 'rollingUpgrade.json'), JSON.stringify(own));
    const { code, out } = await run('setup', '--examples', folder, '--json');
    expect(code).toBe(0);
    const { forms } = JSON.parse(out) as { forms: { type: string; run: string; works: boolean }[] };
    expect(forms).toMatchObject([
      { type: 'rollingUpgrade', works: false, outcome: expect.stringContaining('1 mistake') },
    ]);
    const { workflow } = new Client({ connection });
    const { events } = await workflow.getHandle(forms[0]!.run).fetchHistory();
    const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    expect(JSON.parse(Buffer.from(payload?.data ?? []).toString())).toEqual({ ...own, dryRun: true });
    await live.stopWorker();
  });

  it('prints as commands what the server does not let it do', async () => {
    await freshNamespace('full');
    const names = Array.from({ length: 8 }, (_, index) => `Theirs${index}`);
    await connection.operatorService.addSearchAttributes({
      namespace: 'full',
      searchAttributes: Object.fromEntries(names.map((name) => [name, KEYWORD])),
    });
    const { code, out } = await run('setup');
    expect(code).toBe(1);
    expect(out).toMatch(/^✖ search attributes: .*10 search attribute.* Keyword/);
    expect(out).toContain(
      `temporal operator search-attribute create --address ${live.server.address} --namespace full --name PawlHosts --type KeywordList\n`,
    );
    expect(out).not.toContain('start form');
  }, 60_000);

  it('names an attribute that is of another type', async () => {
    await freshNamespace('unfit');
    await connection.operatorService.addSearchAttributes({
      namespace: 'unfit',
      searchAttributes: { PawlHosts: KEYWORD },
    });
    const { code, out } = await run('setup');
    expect(code).toBe(1);
    expect(out).toMatch(/^✖ search attributes: PawlHosts of another type; remove what is there/);
    expect(out).toContain('search-attribute remove');
  }, 60_000);

  it.each([
    {
      address: 'pawl.a1b2c.tmprl.cloud:7233',
      tool: 'tcld namespace search-attributes add --namespace pawl.a1b2c',
    },
    { address: 'eu-west-1.aws.api.temporal.io:7233', tool: 'tcld namespace search-attributes add' },
    { address: 'temporal.example:7233', tool: 'temporal operator search-attribute create' },
  ])('the commands for $address are $tool', ({ address, tool }) => {
    expect(registeringCommands(['PawlPhase'], 'pawl.a1b2c', address)[0]).toContain(tool);
  });
});
