/** A service that is closed for maintenance, as clients see it: on real hosts, while things go wrong. */
import { setTimeout as delay } from 'node:timers/promises';
import { makeRelease } from '../../lab/service';
import { until } from '../../lab/hosts/wait';
import { Ground, ended, reached } from './ground';
import { ask } from './page';
import { answer, QUICK } from './scene';
import { longIt } from '../long';

const PASS = 'only-testers-know-this';
const FLAG = '/run/web/maintenance';
const CLOSED = { start: 'now', content: 'We are moving to a faster database' };

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-maintenance', 2, { worker: false });
  await ground.startWorker({ env: { MAINTENANCE_PASS: PASS } });
}, 120_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(90_000);

const request = (headers?: Record<string, string>) => ask(ground.address('lb1'), headers);
const status = async (headers?: Record<string, string>) => (await request(headers)).status;
const tester = { 'x-maintenance-pass': PASS };
const flags = () =>
  Promise.all(
    ['n1', 'n2'].map((host) => ground.inside(host, 'sh', '-c', `cat ${FLAG} 2>/dev/null || echo none`)),
  );

it('closes, lets testers through, outlives reload, kill and edit, lets an upgrade pass, and opens', async () => {
  const allow = { passes: ['env:MAINTENANCE_PASS'] };
  const run = await ground.startAs('maintenanceMode', { ...CLOSED, durationMinutes: 60, allow });
  await reached(run, ({ waitingFor }) => !!waitingFor?.what.includes('is closed'));
  const { status: code, headers, body } = await request();
  expect([code, headers['content-type']]).toEqual([503, 'text/html; charset=utf-8']);
  expect(Number(headers['retry-after'])).toBeGreaterThan(3_500);
  expect(body).toContain('web is down for maintenance');
  expect(body).toContain('web 正在维护');
  expect(body).toContain('We are moving to a faster database');
  expect(await status(tester)).toBe(200);
  expect(await status({ cookie: `maintenance-pass=${PASS}` })).toBe(200);
  expect(await status({ 'x-maintenance-pass': 'only-testers-know-thiS' })).toBe(503);
  for (const flag of await flags()) expect(JSON.parse(flag)).toMatchObject({ service: 'web' });
  // health checks go on
  expect(await ground.servers()).toEqual({ n1: 'UP', n2: 'UP' });

  await ground.killWorker();
  await ground.inside('lb1', 'systemctl', 'reload', 'haproxy');
  await ground.inside('lb1', 'systemctl', 'restart', 'haproxy');
  expect(await status()).toBe(503);
  await ground.startWorker({ env: { MAINTENANCE_PASS: PASS } });

  // somebody opens it by hand
  await ground.haproxy('clear map /var/lib/pawl/maintenance/web.pages');
  expect(await status()).toBe(200);
  await reached(run, ({ notes }) => notes.some((note) => note.includes('was closed again')));
  expect(await status()).toBe(503);

  const before = Number((await request()).headers['retry-after']);
  expect(await answer(run, 'extend', { minutes: 30 })).toMatch(/^30 more minutes/);
  const longer = async () => Number((await request()).headers['retry-after']) > before + 1_700;
  await until('the page says so', 15, async () => ((await longer()) ? true : undefined), 100);

  const artifact = await makeRelease({ version: '5.0.0' });
  const upgrade = await ended(await ground.start({ ...QUICK, version: '5.0.0', artifact }));
  expect([upgrade.end, upgrade.message]).toEqual(['succeeded', 'web runs 5.0.0 on 2 hosts']);
  expect(await status()).toBe(503);

  expect(await answer(run, 'promote')).toBe('the maintenance ends now: services are opened');
  const { end, report } = await ended(run);
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  expect(await status()).toBe(200);
  expect(await flags()).toEqual(['none', 'none']);
  const { events } = await run.fetchHistory();
  expect(JSON.stringify(events)).not.toContain(Buffer.from(PASS).toString('base64').slice(0, -4));
});

longIt('ends by itself; while nobody is there to end it, the page stays true', async () => {
  const end = new Date(Date.now() + 8_000).toISOString();
  const run = await ground.startAs('maintenanceMode', { ...CLOSED, end });
  await reached(run, ({ waitingFor }) => !!waitingFor?.what.includes('is closed'));
  expect((await request()).body).not.toContain('longer than planned');
  await ground.killWorker();
  await delay(Date.parse(end) - Date.now() + 1_100);
  const { headers, body } = await request();
  expect(body).toContain('It takes longer than planned');
  expect(headers['retry-after']).toBe('120');
  await ground.startWorker();
  expect((await ended(run)).end).toBe('succeeded');
  expect(await status()).toBe(200);
  expect(await flags()).toEqual(['none', 'none']);
});

it('is refused with every mistake at once, and touches nothing', async () => {
  await ground.inside('lb1', 'sh', '-c', 'grep -v pawl_ /etc/haproxy/haproxy.cfg >/tmp/bare.cfg');
  await ground.inside(
    'lb1',
    'sh',
    '-c',
    'cp /tmp/bare.cfg /etc/haproxy/haproxy.cfg; systemctl reload haproxy',
  );
  const bare = async () => !(await ground.haproxy('show map')).includes('web.pages');
  await until('HAProxy has no lines', 10, async () => ((await bare()) ? true : undefined), 50);
  const input = {
    ...CLOSED,
    start: '2020-01-01T00:00:00Z',
    durationMinutes: 30,
    allow: { passes: ['env:NOBODY_HAS_SET_THIS'] },
  };
  const { end, message } = await ended(await ground.startAs('maintenanceMode', input));
  expect(end).toBe('BadInput');
  expect(message).toContain('3 mistakes, nothing was touched');
  expect(message).toMatch(/start: 2020-01-01T00:00:00Z: is past/);
  expect(message).toMatch(/allow.passes.0: env:NOBODY_HAS_SET_THIS: .* is empty/);
  expect(message).toContain('backend web has no lines for maintenance pages');
  expect(message).toContain('http-request return status 503');
  const shape = { start: 'soon', durationMinutes: 0, content: '', allow: { addresses: ['10.0.0.0/40'] } };
  const { message: shapes } = await ended(await ground.startAs('maintenanceMode', shape));
  for (const path of ['start: soon', 'durationMinutes: 0', 'content: ', 'allow.addresses.0: 10.0.0.0/40'])
    expect(shapes).toContain(path);
  expect(await status()).toBe(200);
});
