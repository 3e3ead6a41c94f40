import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { get } from 'node:http';
import { down, up } from '../../lab/hosts';
import { compose, tryCompose } from '../../lab/docker/compose';
import { run } from '../../lab/hosts/command';
import { choosePorts } from '../../lab/temporal/ports';
import type { Report } from '../../src/contracts/status';
import { ended, reached } from '../lab/ground';
import { Hosts } from '../lab/hosts';
import { expectAllIn, expectTruth, installed, startsFromNow, underLoad } from '../lab/whole-run';
import { container, inside, kill, untilHealthy, usersOf } from './containers';
import { FILES, layOutFiles, layOutUpgrade } from './files';

const LAB = 'test-compose';
const HOSTS = ['n1', 'n2', 'n3'];
const SERVERS = ['postgresql', 'temporal', 'ui', 'worker'];
const LOAD = { rate: 200, slow: { everyMs: 2_000 } };

let hosts: Hosts;
let connection: Connection;
let client: Client;
let ui: string;

beforeAll(async () => {
  await down(LAB);
  hosts = new Hosts(await up({ name: LAB, hosts: HOSTS.length }));
  await layOutFiles(hosts.lab);
  const ports = await choosePorts([]);
  Object.assign(process.env, {
    TEMPORAL_PORT: `${ports.grpc}`,
    TEMPORAL_UI_PORT: `${ports.ui}`,
    PAWL_FILES: FILES,
  });
  ui = `http://127.0.0.1:${ports.ui}`;
  await bringUp();
  connection = await Connection.connect({ address: `127.0.0.1:${ports.grpc}` });
  client = new Client({ connection });
}, 600_000);
afterAll(async () => {
  await connection?.close();
  await down(LAB);
}, 60_000);
jest.setTimeout(300_000);

async function bringUp(): Promise<void> {
  await compose(['up', '-d']);
  await Promise.all(SERVERS.map((service) => untilHealthy(service)));
}

describe('what was brought up', () => {
  it('prepared database, namespace and search attributes, and ended', async () => {
    for (const service of ['schema', 'namespace'])
      expect((await container(service)).State).toMatchObject({ Status: 'exited', ExitCode: 0 });
  });

  it.each(SERVERS)('runs nothing of %s as root', async (service) => {
    const users = await usersOf(service);
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter(({ uid }) => uid === 0)).toEqual([]);
  });

  it('listens on loopback only', async () => {
    const states = await Promise.all(SERVERS.map(container));
    const open = states.flatMap(({ NetworkSettings }) =>
      Object.values(NetworkSettings.Ports).flatMap((one) => one ?? []),
    );
    expect(open.map(({ HostIp }) => HostIp)).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it('shows the namespace in the web interface', async () => {
    expect(await page(`${ui}/api/v1/namespaces/default`)).toMatch(/"name": ?"default"/);
    expect(await page(ui)).toMatch(/<html/i);
  });

  it('gives the worker nothing that it does not need', async () => {
    const status = await inside('worker', 'cat', '/proc/self/status');
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const files = await inside('worker', 'sh', '-c', 'ls -A /app /app/node_modules');
    expect(files).not.toMatch(/^(lab|test|docs|\.git|\.pawl|typescript|jest|eslint)$/m);
  });
});

describe('an upgrade of real hosts through the worker in its container, under load', () => {
  it('loses no request', async () => {
    const version = '1.1.0';
    const input = await layOutUpgrade(version);
    const started = await startsFromNow(hosts);
    const { result, requests, mostOut } = await underLoad(
      hosts,
      () => tryCompose(['exec', '-T', 'worker', 'pawl', 'start', 'rollingUpgrade', '-f', input, '--watch']),
      LOAD,
    );
    expect([result.code, result.stdout]).toEqual([0, expect.stringContaining(version)]);
    expect(requests.failures).toEqual([]);
    expect(requests.sent).toBeGreaterThan(1_000);
    expect(mostOut).toHaveLength(1);
    expect(await started()).toEqual(each(version));
    await expectAllIn(hosts);
  });

  it('goes on when the worker is killed and Temporal is started again, each effect once', async () => {
    const version = '1.2.0';
    const before = (await container('worker')).RestartCount;
    const { report, requests } = await upgrade(version, async (run) => {
      await reached(run, ({ hosts: [n1] }) => n1?.state === 'changing' || n1?.state === 'checking');
      await kill('worker');
      const { endedAt } = await reached(run, ({ hosts: [n1] }) => n1?.state === 'done', 120_000);
      expect(endedAt).toBeNull();
      await compose(['restart', 'temporal']);
    });
    expect(requests.failures).toEqual([]);
    await expectTruth(hosts, report);
    expect((await container('worker')).RestartCount).toBe(before + 1);
    await untilHealthy('worker');
  });

  it('goes on after a stop of the worker that handed over in time', async () => {
    const { report, requests } = await upgrade('1.3.0', async (run) => {
      await reached(run, ({ hosts: [n1] }) => n1?.state === 'draining' || n1?.state === 'out');
      const began = performance.now();
      await compose(['stop', 'worker']);
      const { State } = await container('worker');
      expect({ code: State.ExitCode, inTime: performance.now() - began < 30_000 }).toEqual({
        code: 0,
        inTime: true,
      });
      await compose(['start', 'worker']);
    });
    expect(requests.failures).toEqual([]);
    await expectTruth(hosts, report);
  });
});

describe('down and up again', () => {
  it('remembers every run, and goes on with one that waits', async () => {
    const version = '1.4.0';
    const run = await start(version, 'pause');
    await reached(run, ({ phase }) => phase === 'paused', 60_000);
    await compose(['down']);
    await bringUp();
    const { stdout } = await tryCompose(['exec', '-T', 'worker', 'pawl', 'list', '--json']);
    expect(stdout).toContain(run.workflowId);
    await inside('worker', 'pawl', 'resume', run.workflowId);
    expect((await ended(run)).end).toBe('succeeded');
    expect(await Promise.all(HOSTS.map((host) => installed(hosts, host)))).toEqual(HOSTS.map(() => version));
  });
});

describe('the image', () => {
  it('is small enough to pull', async () => {
    const bytes = Number(
      await run('docker', ['image', 'inspect', '--format', '{{.Size}}', 'pawl-local/worker']),
    );
    expect(bytes / 2 ** 20).toBeLessThan(600);
  });
});

/** From the worker's container, as an operator does; something befalls it meanwhile. */
async function upgrade(
  version: string,
  meanwhile: (run: WorkflowHandle) => Promise<void>,
): Promise<{ report: Report; requests: { failures: unknown[] } }> {
  const started = await startsFromNow(hosts);
  const { result, requests } = await underLoad(
    hosts,
    async () => {
      const run = await start(version);
      await meanwhile(run);
      return ended(run);
    },
    LOAD,
  );
  expect([result.end, result.message]).toEqual(['succeeded', expect.any(String)]);
  expect(await started()).toEqual(each(version));
  await expectAllIn(hosts);
  return { report: result.report, requests };
}

async function start(version: string, then?: 'pause'): Promise<WorkflowHandle> {
  const id = `compose-${version}`;
  const input = await layOutUpgrade(version);
  await inside('worker', 'pawl', 'start', 'rollingUpgrade', '-f', input, '--id', id);
  if (then) await inside('worker', 'pawl', then, id);
  return client.workflow.getHandle(id);
}

const each = (version: string) => Object.fromEntries(HOSTS.map((host) => [host, [version]]));

function page(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve(body));
    }).on('error', reject);
  });
}
