/** A service with routes through HAProxy and through nginx, closed for maintenance on real hosts while things go wrong. */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { until } from '../../lab/hosts/wait';
import { startLoad, type Load } from '../../lab/load';
import type { Examination } from '../../src/contracts/examination';
import { leaseId } from '../../src/contracts/lease';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { Ground, ended, reached } from './ground';
import { ask } from './page';
import { answer } from './scene';

const NAME = 'test-doors';
const PASS = 'only-testers-know-this';
const FLAG = '/run/web/maintenance';
const CLOSED = { start: 'now', content: 'We are moving to a faster database' };
const BALANCERS = ['lb1', 'lb2'];
const env = { MAINTENANCE_PASS: PASS };

let ground: Ground;
let loads: Load[] = [];
beforeAll(async () => {
  ground = await Ground.up(NAME, 2, { nginx: true, worker: false });
  await ground.startWorker({ env });
}, 300_000);
afterEach(() => Promise.all(loads.map((load) => load.stop())));
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(120_000);

/** Of all balancers, in their order. */
const all = (headers?: Record<string, string>) =>
  Promise.all(BALANCERS.map((host) => ask(ground.address(host), headers)));
const statuses = async (headers?: Record<string, string>) => (await all(headers)).map(({ status }) => status);
const from = async (host: string) => {
  const curl = (to: string) =>
    ground.inside(host, 'curl', '-so', '/dev/null', '-w', '%{http_code}', `http://${ground.address(to)}/`);
  return Promise.all(BALANCERS.map(curl));
};
const isClosed = (run: WorkflowHandle) =>
  reached(run, ({ waitingFor }) => !!waitingFor?.what.includes('is closed'));
/** Seconds from now on; HAProxy tells them, nginx tells the time. */
const retryAfter = ({ headers }: Awaited<ReturnType<typeof ask>>) => {
  const said = headers['retry-after']!;
  return /^\d+$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1_000;
};
const flags = () =>
  Promise.all(
    ['n1', 'n2'].map((host) => ground.inside(host, 'sh', '-c', `cat ${FLAG} 2>/dev/null || echo none`)),
  );
const failed = async () =>
  (await Promise.all(loads.map((load) => load.snapshot()))).map((counts) => counts.failed);

it('closes at both under load, lets some through, outlives reload, restart and a hand, is extended, and opens', async () => {
  loads = await Promise.all(
    BALANCERS.map((host) => startLoad({ url: `http://${ground.address(host)}/`, rate: 25 })),
  );
  await delay(1_000);
  const began = new Date().toISOString();
  const allow = { passes: ['env:MAINTENANCE_PASS'], addresses: [`${ground.address('n1')}/32`] };
  const run = await ground.startAs('maintenanceMode', { ...CLOSED, durationMinutes: 60, allow });
  await isClosed(run);
  for (const page of await all()) {
    expect([page.status, page.headers['content-type']]).toEqual([503, 'text/html; charset=utf-8']);
    expect(retryAfter(page)).toBeGreaterThan(3_500);
    expect(retryAfter(page)).toBeLessThanOrEqual(3_600);
    for (const words of ['web is down for maintenance', 'web 正在维护', CLOSED.content])
      expect(page.body).toContain(words);
  }
  const [edge, inner] = await all();
  expect(inner!.body).toBe(edge!.body);
  expect(inner!.headers['x-pawl-maintenance']).toBe(edge!.headers['x-pawl-maintenance']);
  expect(await statuses({ 'x-maintenance-pass': PASS })).toEqual([200, 200]);
  expect(await statuses({ cookie: `a=b; maintenance-pass=${PASS}` })).toEqual([200, 200]);
  expect(await statuses({ 'x-maintenance-pass': 'only-testers-know-thiS' })).toEqual([503, 503]);
  expect([await from('n1'), await from('n2')]).toEqual([
    ['200', '200'],
    ['503', '503'],
  ]);
  for (const flag of await flags()) expect(JSON.parse(flag)).toMatchObject({ service: 'web' });

  await ground.killWorker();
  for (const how of ['reload', 'restart']) {
    await ground.inside('lb2', 'systemctl', how, 'nginx');
    await delay(500);
    expect(await statuses()).toEqual([503, 503]);
  }
  await ground.startWorker({ env });

  // a hand takes a line away, and loads that
  await ground.inside('lb2', 'sh', '-c', "sed -i '/return 503/d; /rewrite/d' /etc/nginx/pawl/web.door");
  await ground.inside('lb2', 'systemctl', 'reload', 'nginx');
  await until('nginx lets through', 5, async () => ((await statuses())[1] === 200 ? true : undefined), 20);
  const opened = Date.now();
  await until('it is closed again', 15, async () => ((await statuses())[1] === 503 ? true : undefined), 50);
  const seconds = (Date.now() - opened) / 1_000;
  expect(seconds).toBeLessThan(10);
  await reached(run, ({ notes }) => notes.some((note) => /web at inner .*was closed again/.test(note)));

  expect(await answer(run, 'extend', { minutes: 30 })).toMatch(/^30 more minutes/);
  const longer = async () => (await all()).every((page) => retryAfter(page) > 5_200);
  await until('both pages say so', 15, async () => ((await longer()) ? true : undefined), 100);

  // long enough for requests to meet it, on a busy machine, too
  await delay(2_000);
  expect(await answer(run, 'promote')).toBe('the maintenance ends now: services are opened');
  const { end, report } = await ended(run);
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  expect(await statuses()).toEqual([200, 200]);
  expect(await flags()).toEqual(['none', 'none']);
  await delay(500);
  const before = await failed();
  await delay(3_000);
  expect(await failed()).toEqual(before);
  const [one, other] = await Promise.all(loads.map((load) => load.stop()));
  for (const { failures, sent } of [one!, other!]) {
    expect(sent).toBeGreaterThan(200);
    expect(failures.length).toBeGreaterThan(100);
    // none before it began, and nothing but the page while it was closed
    expect(failures.filter(({ sentAt }) => sentAt < began)).toEqual([]);
    const odd = failures.filter(({ detail }) => detail !== '503');
    // a restart of nginx answers nobody for a moment
    expect(odd.filter(({ kind }) => !['refused', 'reset'].includes(kind))).toEqual([]);
  }
  expect(one!.failures.every(({ detail }) => detail === '503')).toBe(true);
  const { events } = await run.fetchHistory();
  expect(JSON.stringify(events)).not.toContain(Buffer.from(PASS).toString('base64').slice(0, -4));
  expect(await ground.inside('lb2', 'sh', '-c', `grep -r ${PASS} /etc/nginx /var/lib/pawl || true`)).toBe('');
});

it('ends by itself; while nobody is there to end it, both pages stay true', async () => {
  const end = new Date(Date.now() + 12_000).toISOString();
  const run = await ground.startAs('maintenanceMode', { ...CLOSED, end });
  await isClosed(run);
  for (const { body } of await all()) expect(body).not.toContain('longer than planned');
  await ground.killWorker();
  await delay(Date.parse(end) - Date.now() + 1_100);
  for (const { body, headers } of await all()) {
    expect(body).toContain('It takes longer than planned');
    expect(headers['retry-after']).toBe('120');
  }
  await ground.startWorker({ env });
  expect((await ended(run)).end).toBe('succeeded');
  expect(await statuses()).toEqual([200, 200]);
});

it('closes and opens a whole cluster', async () => {
  const run = await ground.startAs('maintenanceMode', {
    ...CLOSED,
    service: undefined,
    durationMinutes: 30,
  });
  const { steps } = await isClosed(run);
  const doors = ['web-at-edge', 'web-at-inner', 'webdeb-at-edge'];
  expect(steps?.map(({ name, state }) => [name, state])).toEqual([
    ['flag-of-web', 'done'],
    ...doors.map((name) => [name, 'done']),
  ]);
  const pages = async () => [...(await all()), await ask(ground.address('lb1'), {}, 81)];
  const names = (await pages()).map(({ status, body }) => [status, /<title>.*: (\w+)</.exec(body)?.[1]]);
  expect(names).toEqual([
    [503, 'web'],
    [503, 'web'],
    [503, 'webdeb'],
  ]);
  await answer(run, 'promote');
  const { end, message, report } = await ended(run);
  expect([end, message, report.leftToDo]).toEqual([
    'succeeded',
    expect.stringMatching(/^web, webdeb was closed for \d+ min and is open$/),
    [],
  ]);
  for (const { headers } of await pages()) expect(headers['x-pawl-maintenance']).toBeUndefined();
  expect(await statuses()).toEqual([200, 200]);
});

it('is opened by the repair when it is terminated', async () => {
  const run = await ground.startAs('maintenanceMode', { ...CLOSED, durationMinutes: 30 }, 'maintenance-cut');
  await isClosed(run);
  expect(await statuses()).toEqual([503, 503]);
  await run.terminate('by hand');
  const cut = Date.now();
  const lease = ground.client.workflow.getHandle(leaseId(NAME));
  const { line } = await reached(lease, ({ line }) => line?.holders[0]?.id.startsWith('repair-') ?? false);
  const repair = await ended(ground.client.workflow.getHandle(line!.holders[0]!.id));
  expect((Date.now() - cut) / 1_000).toBeLessThan(30);
  expect([repair.end, repair.message, repair.report.leftToDo]).toEqual([
    'succeeded',
    'maintenance-cut was cut off (terminated); open again: web-at-inner, web-at-edge, flag-of-web',
    [],
  ]);
  expect(await statuses()).toEqual([200, 200]);
  expect(await flags()).toEqual(['none', 'none']);
});

it('is refused where nginx has no door, and the command of doctor makes one', async () => {
  await ground.inside(
    'lb2',
    'sh',
    '-c',
    "sed -i '/web.door/d' /etc/nginx/nginx.conf; systemctl reload nginx",
  );
  const { end, message } = await ended(
    await ground.startAs('maintenanceMode', { ...CLOSED, durationMinutes: 30 }),
  );
  expect(end).toBe('BadInput');
  expect(message).toContain('/etc/nginx/nginx.conf sends requests to web past maintenance pages');
  expect(message).toContain('include /etc/nginx/pawl/web.door;');
  const examine = async () => {
    const options = { taskQueue: TASK_QUEUE, args: [{ cluster: ground.cluster }] };
    const handle = await ground.client.workflow.start('doctor', { ...options, workflowId: 'doctor' });
    return ((await handle.result()) as Examination).findings;
  };
  const [finding, ...others] = await examine();
  expect([finding?.code, finding?.where, others]).toEqual(['noMaintenanceLines', 'inner', []]);
  await promisify(execFile)('sh', ['-c', finding!.command]);
  expect(await examine()).toEqual([]);
  expect(await statuses()).toEqual([200, 200]);
});
