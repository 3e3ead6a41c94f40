import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { served } from '../../../src/activities/served';
import {
  haproxyDoors,
  maintenanceLines,
  prepareCommand,
} from '../../../src/adapters/load-balancers/haproxy/doors';
import type { Closure } from '../../../src/contracts/doors';
import { Entry } from '../../../src/contracts/maintenance';
import { ask, closureWith, inSeconds, NAMES } from '../doors';
import { reachHaproxy, signal, type Reached } from './reached';

const PASS = 'correct horse battery staple';
const PAGE = '<!doctype html><p>维护中 "quoted" 100 % \\ ^{a|b} #x</p>';

let at: Reached;
let doors: ReturnType<typeof haproxyDoors>;
const closure = (more: Partial<Closure> = {}) => closureWith(PAGE, more);
const sumOf = (secret: string) => createHash('sha256').update(secret).digest('hex').toUpperCase();

const request = (headers: OutgoingHttpHeaders = {}, from = '127.0.0.1') =>
  ask(at.real.port, { headers, from });
const close = (more: Partial<Closure> = {}) =>
  doors.close(at.real.backend, closure(more), at.nextFence(), signal);
const open = () => doors.open(at.real.backend, at.nextFence(), signal);

beforeAll(async () => {
  at = await reachHaproxy({
    backendLines: (backend) => {
      execFileSync('sh', ['-c', prepareCommand([backend])]);
      return maintenanceLines(backend, NAMES);
    },
  });
  doors = haproxyDoors({ host: at.host, socket: at.real.socket }, NAMES);
});

afterEach(open);

afterAll(async () => {
  await at.stop();
  for (const backend of [at.real.backend, `${at.real.backend}-fixed`]) {
    for (const kind of ['addresses', 'pages'])
      await rm(`/var/lib/pawl/maintenance/${backend}.${kind}`, { force: true });
    await rm(`/var/lib/pawl/lanes/maintenance/${backend}.fence`, { force: true });
  }
});

test('a closed backend answers 503 with the page, its marker, and when to ask again', async () => {
  await close();
  const { status, headers, body } = await request();
  expect({ status, body }).toEqual({ status: 503, body: PAGE });
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['x-pawl-maintenance']).toBe('m1');
  const after = Number(headers['retry-after']);
  expect(after).toBeGreaterThan(590);
  expect(after).toBeLessThanOrEqual(600);
  await open();
  expect((await request()).status).toBe(200);
});

test('just before the expected end it still shows the page, and nobody is to ask in a second', async () => {
  await close({ until: inSeconds(10) });
  const { headers, body } = await request();
  expect(body).toBe(PAGE);
  expect(headers['retry-after']).toBe('30');
});

test('after the expected end it shows the other text, and asks for patience instead of a past time', async () => {
  await close({ until: inSeconds(-30) });
  const { headers, body } = await request();
  expect(body).toBe('<p>late</p>');
  expect(headers['retry-after']).toBe('120');
});

test('closing again gives it a new text at once, and opening twice is opening', async () => {
  await close();
  await close({ marker: 'm2', page: '<p>another</p>' });
  expect((await request()).body).toBe('<p>another</p>');
  await open();
  await open();
  expect((await request()).status).toBe(200);
});

test.each([
  {
    who: 'an address of the list',
    allow: { addresses: ['127.0.0.9/32', '2001:db8::/32'] },
    from: '127.0.0.9',
  },
  { who: 'an address of a network', allow: { addresses: ['127.0.9.0/24'] }, from: '127.0.9.7' },
  { who: 'a header', allow: { passes: [PASS] }, headers: { 'x-test-pass': PASS } },
  { who: 'a cookie', allow: { passes: [PASS] }, headers: { cookie: `a=b; test-pass=${PASS}; c=d` } },
])('$who gets through, everybody else gets the page', async ({ allow, from, headers }) => {
  await close(allow);
  expect((await request(headers, from)).status).toBe(200);
  expect((await request()).status).toBe(503);
  // the sum that lies on the balancer's host opens nothing
  expect((await request({ 'x-test-pass': sumOf(PASS), cookie: 'test-pass=' })).status).toBe(503);
  // whoever asks for the page gets it
  expect((await request({ ...headers, 'x-pawl-proof': '1' }, from)).status).toBe(503);
});

test('who gets through never sees the page, neither while it is closed nor while it is opened', async () => {
  const seen = new Set<number | undefined>();
  let over = false;
  const asking = (async () => {
    while (!over) seen.add((await request({}, '127.0.0.9')).status);
  })();
  for (let times = 0; times < 3; times += 1) {
    await close({ addresses: ['127.0.0.9'] });
    await open();
  }
  over = true;
  await asking;
  expect([...seen]).toEqual([200]);
});

test('the largest page is served whole', async () => {
  const page = `<p>${'护'.repeat(4_093)}xx</p>`;
  expect(Buffer.byteLength(page)).toBe(doors.largestPage);
  await close({ page, late: page, addresses: Array.from({ length: 200 }, (_, one) => `10.0.${one}.0/24`) });
  expect((await request()).body).toBe(page);
});

test('it stays closed over a reload and a restart', async () => {
  await close();
  await at.real.reload();
  expect((await request()).status).toBe(503);
  await at.real.restart();
  expect((await request()).headers['x-pawl-maintenance']).toBe('m1');
  // and open
  await open();
  await at.real.restart();
  await at.shows('n1', { state: 'in' });
  expect((await request()).status).toBe(200);
});

test('health checks go on while it is closed', async () => {
  await close();
  at.real.servers['n1']!.healthy = false;
  await at.shows('n1', { state: 'down' });
  at.real.servers['n1']!.healthy = true;
  await at.shows('n1', { state: 'in' });
});

test('a request of its own proves what is served', async () => {
  const entry = Entry.parse({ port: at.real.port });
  expect(await served(at.host, entry, signal)).toEqual({ status: 200, marker: null });
  await close({ addresses: ['127.0.0.0/8'] });
  expect(await served(at.host, entry, signal)).toEqual({ status: 503, marker: 'm1' });
  const nobody = Entry.parse({ port: 1 });
  await expect(served(at.host, nobody, signal)).rejects.toMatchObject({ type: 'BalancerUnavailable' });
});

test('while HAProxy is down the files are written, and the next process is closed', async () => {
  await at.real.reload();
  const doorsOfNobody = haproxyDoors({ host: at.host, socket: `${at.real.folder}/nobody.sock` }, NAMES);
  await expect(
    doorsOfNobody.close(at.real.backend, closure({ marker: 'm3' }), at.nextFence(), signal),
  ).rejects.toMatchObject({ type: 'BalancerUnavailable' });
  expect((await request()).status).toBe(200);
  await at.real.restart();
  expect((await request()).headers['x-pawl-maintenance']).toBe('m3');
});

test('an older attempt is refused', async () => {
  const old = at.nextFence();
  await close();
  await expect(doors.open(at.real.backend, old, signal)).rejects.toMatchObject({ type: 'Fenced' });
  expect((await request()).status).toBe(503);
});

test('a backend without its lines is complained about, and the command that mends it gives a good configuration', async () => {
  expect(await doors.examine(at.real.backend, signal)).toEqual([]);
  const bare = `${at.real.backend}-fixed`;
  const [complaint] = await doors.examine(bare, signal);
  expect(complaint?.code).toBe('noMaintenanceLines');
  for (const line of maintenanceLines(bare, NAMES)) expect(complaint?.what).toContain(line);
  await expect(doors.close(bare, closure(), at.nextFence(), signal)).rejects.toMatchObject({
    type: 'BalancerRefused',
    message: expect.stringMatching(/Unknown map.*pawl doctor/) as string,
  });
  const config = `${at.real.folder}/mended.cfg`;
  await writeFile(config, await readFile(`${at.real.folder}/haproxy.cfg`));
  const mend = complaint!.mend.replaceAll('/etc/haproxy/haproxy.cfg', config).split(' && systemctl')[0]!;
  execFileSync('sh', ['-c', mend], { env: { PATH: '/usr/sbin:/usr/bin:/bin' } });
  expect(await readFile(config, 'utf8')).toContain(`backend ${bare}\n    acl pawl_closed`);
});

test('passes and pages on its host are for root alone', async () => {
  await close({ passes: [PASS] });
  const file = `/var/lib/pawl/maintenance/${at.real.backend}.pages`;
  expect(execFileSync('stat', ['-c', '%a %U', file]).toString()).toBe('600 root\n');
  expect(await readFile(file, 'utf8')).not.toContain(PASS);
});
