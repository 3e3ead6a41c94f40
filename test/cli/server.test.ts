/** What `pawl` does to a Temporal server and says of it. */
import { typeNames } from '../../src/cli/workflow-types';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Examination } from '../../src/contracts/examination';
import { pawl } from '../../src/cli/program';
import { registeringCommands } from '../../src/temporal/search-attributes';
import type { Version } from '../../src/temporal/settings';
import { strandedRuns } from '../../src/temporal/versioning';
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

it('says who works on a cluster, by its name or its file', async () => {
  const nobody = { code: 0, out: 'nobody works on lab, and nobody waits\n', err: '' };
  expect(await run('lease', 'lab')).toEqual(nobody);
  expect(await run('lease', 'examples/lab/cluster.yaml')).toEqual(nobody);
  expect((await run('lease', 'no/such.yaml')).code).toBe(2);
  const nothing = '✔ nobody works on lab, and nothing is kept\n';
  expect(await run('lease', 'lab', '--hand-back', 'n1')).toEqual({ code: 0, out: nothing, err: '' });
});

describe('setup', () => {
  const link = (namespace: string, type = 'rollingUpgrade') =>
    `    http://ui.test/namespaces/${namespace}/workflows/start-workflow?workflowType=${type}&taskQueue=pawl\n`;
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
        [...typeNames, 'doctor']
          .map((type) => `✔ start form of ${type}: shows the input of the run before\n${link('fresh', type)}`)
          .join(''),
    );
  }, 60_000);

  it('tries the example where there is a worker, and takes inputs of one’s own', async () => {
    await live.startWorker(imagined(() => new FakeCluster()));
    expect((await run('setup')).out).toContain('shows examples/lab/rollingUpgrade.json, which works here\n');
    const own = { cluster: 'own.yaml', service: '-x', version: '1', artifact: { file: 'own.tar.gz' } };
    writeFileSync(join(folder, 'rollingUpgrade.json'), JSON.stringify(own));
    writeFileSync(join(folder, 'doctor.json'), JSON.stringify({ cluster: 'own.yaml' }));
    const { code, out } = await run('setup', '--examples', folder, '--json');
    expect(code).toBe(0);
    const { forms } = JSON.parse(out) as { forms: { type: string; run: string; works: boolean }[] };
    expect(forms).toMatchObject([
      { type: 'rollingUpgrade', works: false, outcome: expect.stringContaining('1 mistake') },
      { type: 'doctor', works: true },
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

describe('doctor', () => {
  const findings = async (...args: string[]) => {
    const { code, out } = await run('doctor', ...args, '--json');
    const seen = JSON.parse(out) as Examination & { ok: boolean };
    expect([code, seen.ok]).toEqual(seen.findings.length ? [1, false] : [0, true]);
    return seen.findings;
  };
  const noWorker = { code: 'noWorker', where: 'worker', command: 'node dist/src/worker.js' };

  it('tells what a server lacks, each with one command', async () => {
    await freshNamespace('bare');
    expect(await findings()).toMatchObject([
      { code: 'searchAttributes', where: 'Temporal', command: 'pawl setup' },
      noWorker,
    ]);
    await run('setup');
    expect(await findings()).toMatchObject([noWorker]);
  }, 60_000);

  it('says that hosts are not looked at where no worker is, and that there is no such namespace', async () => {
    await freshNamespace('idle');
    await run('setup');
    const { code, out } = await run('doctor', 'cluster.yaml');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^✖ 1 finding\n {2}✖ worker: none polls task queue pawl in namespace idle, so nothing is done\n {4}node dist/,
    );
    expect(out).toContain('  · hosts and balancers: not looked at, a worker has to\n');
    process.env.TEMPORAL_NAMESPACE = 'nowhere';
    expect(await findings()).toMatchObject([
      { code: 'noNamespace', command: expect.stringMatching(/namespace create .*--namespace nowhere/) },
    ]);
  }, 60_000);

  it('says that there is no server, and how to start one', async () => {
    process.env.TEMPORAL_ADDRESS = '127.0.0.1:1';
    const seen = await findings().finally(() => (process.env.TEMPORAL_ADDRESS = live.server.address));
    expect(seen).toEqual([
      {
        code: 'Failed',
        where: 'Temporal',
        what: 'Temporal cannot be reached at 127.0.0.1:1',
        command: 'npm run up',
      },
    ]);
  }, 30_000);

  it('shows what a worker found on the hosts', async () => {
    const activities = imagined(() => new FakeCluster());
    const found = { code: 'diskFull', where: 'n1', what: 'it is full', command: 'ssh n1 du' };
    const at = () => new Date(Date.now() - 3_600_000).toISOString();
    activities.examineCluster = () => Promise.resolve({ at: at(), looked: ['3 hosts'], findings: [found] });
    await live.startWorker(activities);
    try {
      const { code, out } = await run('doctor', 'cluster.yaml');
      expect(code).toBe(1);
      expect(out).toMatch(
        /✖ 2 findings\n {2}✖ worker: its clock is 60 min behind of the Temporal server's\n {4}sudo timedatectl/,
      );
      expect(out).toContain('  ✖ n1: it is full\n    ssh n1 du\n');
      expect(out).toContain('  · 3 hosts\n');
      activities.examineCluster = () =>
        Promise.resolve({ at: new Date().toISOString(), looked: [], findings: [] });
    } finally {
      await live.stopWorker();
    }
  }, 60_000);

  it('refuses a cluster file with mistakes before anything else', async () => {
    const file = join(folder, 'cluster.yaml');
    writeFileSync(file, 'cluster: lab\nhost: {}\n');
    const { code, err } = await run('doctor', file);
    expect(code).toBe(2);
    expect(err).toMatch(/✖ cluster\.yaml:2:1 host +host +no such key \(did you mean "hosts"\?\)/);
  });

  it('finds workers whose version nobody is sent to, and runs that wait for a version that is gone', async () => {
    await freshNamespace('versions');
    await run('setup');
    const version = { deploymentName: 'pawl', buildId: 'A' };
    const waiting = new FakeCluster();
    await live.startWorker(
      imagined(() => waiting),
      'versions',
      {
        workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
      },
    );
    try {
      // a worker that has just begun is seen with its first poll
      let [first] = await findings();
      for (let looks = 0; looks < 100 && first?.code === 'noWorker'; looks += 1, await delay(100))
        [first] = await findings();
      expect(first).toMatchObject({
        code: 'noCurrentVersion',
        command: expect.stringMatching(/set-current-version .*--deployment-name pawl --build-id A/),
      });
      await connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: 'versions',
        ...version,
      });
      expect(await findings()).toEqual([]);
      const client = new Client({ connection, namespace: 'versions' });
      const input = {
        cluster: 'c.yaml',
        service: 'web',
        version: '2',
        artifact: { file: 'a' },
        approvals: ['before'],
      };
      await client.workflow.start('rollingUpgrade', {
        workflowId: 'pinned',
        taskQueue: 'pawl',
        args: [input],
      });
      const pinned = `WorkflowId = 'pinned' AND TemporalWorkflowVersioningBehavior = 'Pinned'`;
      for (let looks = 0; looks < 100; looks += 1, await delay(100))
        if ((await client.workflow.count(pinned)).count) break;
      const stranded = (versions: Version[]) =>
        strandedRuns(client, { versions, current: { ...version, buildId: 'B' } });
      expect(await stranded([version])).toEqual([]);
      expect(await stranded([])).toMatchObject([
        {
          code: 'pinnedVersionGone',
          what: expect.stringMatching(/pinned.* wait for a worker of version pawl:A, and there is none/),
          command: expect.stringMatching(/--workflow-id \S+ .*--versioning-override-build-id B$/),
        },
      ]);
    } finally {
      await live.stopWorker();
    }
  }, 60_000);
});

describe('completion', () => {
  it('knows the ids: of all runs to look at, of those that go on for messages', async () => {
    await live.startWorker(imagined(() => new FakeCluster()));
    try {
      const { workflow } = new Client({ connection });
      const input = {
        cluster: 'c.yaml',
        service: 'web',
        version: '2',
        artifact: { file: 'a' },
        dryRun: true,
      };
      const start = (workflowId: string, more: object) =>
        workflow.start('rollingUpgrade', { workflowId, taskQueue: 'pawl', args: [{ ...input, ...more }] });
      await (await start('tab-ended', {})).result();
      await start('tab-waits', { dryRun: false, approvals: ['before'] });
      // lists lag behind by a moment
      await delay(1_500);
      expect((await run('complete', '--', 'get', 'tab-')).out.split('\n').sort()).toEqual([
        '',
        'tab-ended\t',
        'tab-waits\t',
      ]);
      expect((await run('complete', '--', 'approve', 'tab-')).out).toBe('tab-waits\t\n');
    } finally {
      await live.endRuns();
      await live.stopWorker();
    }
  });
});

it('says what a failure means in Chinese, and lists mistakes in it', async () => {
  await live.startWorker(imagined(() => new FakeCluster()));
  try {
    const file = join(folder, 'input.json');
    writeFileSync(file, JSON.stringify({ cluster: 'c.yaml', service: 'web', artifact: { file: 'a' } }));
    const terminal = new Recorder();
    terminal.language = 'zh';
    expect(await pawl(['start', 'rollingUpgrade', '-f', file, '--watch'], terminal)).toBe(2);
    expect(terminal.out).toMatch(
      /✖ failed: .*\n {2}输入或集群文件有误；没有做任何改动\n {2}✖ version +（无） +必填：文本\n/,
    );
  } finally {
    await live.stopWorker();
  }
});
