/** Maintenance pages at a real nginx, as clients get them. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { served } from '../../../src/activities/served';
import { nginxDoors } from '../../../src/adapters/load-balancers/nginx/doors';
import { notBefore } from '../../../src/adapters/load-balancers/nginx/pages';
import type { Closure, Doors } from '../../../src/contracts/doors';
import { Entry } from '../../../src/contracts/maintenance';
import { ask, closureWith, inSeconds, NAMES, type Asked } from '../doors';
import { reachNginx, signal, type Reached } from './reached';

/** What a pass may have, and what nginx, a shell or a regular expression would take for something else. */
const PASS = "~top$1.{secret}#'[*]";
const PAGE = '<!doctype html><p>维护中 "quoted" 100 % \\ \\n $msec ${x} ^{a|b} #x; </p>';

let at: Reached;
let doors: Doors;
beforeAll(async () => {
  at = await reachNginx();
  const { config, folder, port } = at.real;
  doors = nginxDoors({ host: at.host, config, folder, port }, NAMES);
});
afterEach(() => open());
afterAll(() => at?.stop());

const closure = (more: Partial<Closure> = {}) => closureWith(PAGE, more);
const close = (more: Partial<Closure> = {}) =>
  doors.close(at.real.upstream, closure(more), at.nextFence(), signal);
const open = () => doors.open(at.real.upstream, at.nextFence(), signal);

const request = (asked: Asked = {}) => ask(at.real.front, asked);
const file = (kind: string) => `${at.real.folder}/${at.real.upstream}.${kind}`;

test.each<Asked>([{}, { path: '/picture.png?a=b' }, { method: 'POST' }])(
  'whatever is asked for (%j), the answer is 503 with the page, its marker, and when to ask again',
  async (asked) => {
    const until = inSeconds(600);
    await close({ until });
    const { status, headers, body } = await request(asked);
    expect({ status, body }).toEqual({ status: 503, body: PAGE });
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-pawl-maintenance']).toBe('m1');
    expect(Date.parse(headers['retry-after']!)).toBe(until * 1_000);
    await open();
    expect((await request()).status).toBe(200);
  },
);

test('just before the expected end it still shows the page, and nobody is to ask in a second', async () => {
  await close({ until: inSeconds(20) });
  const { headers, body } = await request();
  expect([body, headers['retry-after']]).toEqual([PAGE, '30']);
});

test('when the expected end passes it shows the other text by itself, and asks for patience', async () => {
  const until = inSeconds(4);
  await close({ until });
  expect((await request()).body).toBe(PAGE);
  while (Date.now() < until * 1_000 + 50) await request();
  const { headers, body } = await request();
  expect([body, headers['retry-after']]).toEqual(['<p>late</p>', '120']);
});

test('a time is late from its second on, and not before', () => {
  const seconds = fc.integer({ min: 1_700_000_000, max: 9_999_999_999 });
  const near = fc.tuple(seconds, fc.integer({ min: -1_000, max: 1_000 }));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(seconds, seconds),
        near.map(([one, by]) => [one, one - by]),
      ),
      (pair) => {
        const [until, now] = pair as [number, number];
        fc.pre(now >= 1_000_000_000 && now <= 9_999_999_999);
        expect(new RegExp(notBefore(until).slice(1)).test(`${now}.123`)).toBe(now >= until);
      },
    ),
  );
});

test('closing again gives it a new text, closing and opening twice loads nothing', async () => {
  await close();
  const again = closure({ marker: 'm2', page: '<p>another</p>' });
  await doors.close(at.real.upstream, again, at.nextFence(), signal);
  expect((await request()).body).toBe('<p>another</p>');
  const { now } = await at.real.workers();
  await doors.close(at.real.upstream, again, at.nextFence(), signal);
  expect((await at.real.workers()).now).toEqual(now);
  await open();
  const { now: opened } = await at.real.workers();
  await open();
  expect((await at.real.workers()).now).toEqual(opened);
});

const OTHER = { 'x-test-pass': PASS.replace('t', 'T'), cookie: `xtest-pass=${PASS}; test-pass=${PASS}x` };
test.each<{ who: string; allow: Partial<Closure>; asked: Asked }>([
  {
    who: 'an address of the list',
    allow: { addresses: ['127.0.0.9/32', '2001:db8::/32'] },
    asked: { from: '127.0.0.9' },
  },
  {
    who: 'an address of a network',
    allow: { addresses: ['127.0.9.1/24', '127.0.9.0/24'] },
    asked: { from: '127.0.9.7' },
  },
  {
    who: 'a header',
    allow: { passes: ['sixteen-letters-', PASS] },
    asked: { headers: { 'x-test-pass': PASS } },
  },
  {
    who: 'a cookie',
    allow: { passes: [PASS] },
    asked: { headers: { cookie: `a=b; test-pass=${PASS}; c=d` } },
  },
  { who: 'the only cookie', allow: { passes: [PASS] }, asked: { headers: { cookie: `test-pass=${PASS}` } } },
])('$who gets through, everybody else gets the page', async ({ allow, asked }) => {
  await close(allow);
  expect((await request(asked)).status).toBe(200);
  expect((await request()).status).toBe(503);
  expect((await request({ headers: OTHER })).status).toBe(503);
  // whoever asks for the page gets it
  expect((await request({ ...asked, headers: { ...asked.headers, 'x-pawl-proof': '1' } })).status).toBe(503);
});

test('who gets through never sees the page, neither while it is closed nor while it is opened', async () => {
  const seen = new Set<number | undefined>();
  let over = false;
  const asking = (async () => {
    while (!over) seen.add((await request({ from: '127.0.0.9' })).status);
  })();
  await close({ addresses: ['127.0.0.9'] });
  await open();
  over = true;
  await asking;
  expect([...seen]).toEqual([200]);
});

test('the largest page is served whole, with all that may be let through', async () => {
  const page = '护'.repeat(doors.largestPage / 3) + '"';
  const addresses = Array.from({ length: 200 }, (_, one) => `10.0.${one}.0/24`);
  const passes = Array.from({ length: 20 }, (_, one) => `${one}`.repeat(200).slice(0, 200));
  await close({ page, late: page, addresses, passes });
  expect((await request()).body === page).toBe(true);
  expect((await request({ headers: { 'x-test-pass': passes[19] } })).status).toBe(200);
});

test('it stays closed over a reload, a restart and a kill, and open likewise', async () => {
  await close();
  await at.real.reload();
  expect((await request()).status).toBe(503);
  await at.real.restart();
  expect((await request()).headers['x-pawl-maintenance']).toBe('m1');
  await open();
  await at.real.restart();
  expect((await request()).status).toBe(200);
});

test('servers go out and in behind a closed door', async () => {
  await close();
  await at.set('n1', { state: 'out' });
  await at.set('n1', { state: 'in', weight: 100 });
  expect((await request()).headers['x-pawl-maintenance']).toBe('m1');
});

test('while nginx is down the files are written, and the next one is closed', async () => {
  const start = await at.real.kill();
  await expect(close({ marker: 'm3' })).rejects.toMatchObject({
    type: 'BalancerUnavailable',
    message: expect.stringContaining('it begins with this when it starts') as string,
  });
  await start();
  expect((await request()).headers['x-pawl-maintenance']).toBe('m3');
  // what is so already needs nothing
  const { now } = await at.real.workers();
  await open();
  expect((await at.real.workers()).now).not.toEqual(now);
});

test('what nginx does not load is put back, and the reason told in its words', async () => {
  const port = await at.real.takePort();
  await expect(close()).rejects.toMatchObject({
    type: 'BalancerNotAsWanted',
    message: expect.stringMatching(/put back as it was.*bind\(\)/) as string,
  });
  expect([await readFile(file('maps'), 'utf8'), await readFile(file('door'), 'utf8')]).toEqual(['', '']);
  await port.free();
  await close();
  const maps = await readFile(file('maps'), 'utf8');
  const bad = closure({ addresses: ['10.0.0.0/8 1; nonsense'] });
  await expect(doors.close(at.real.upstream, bad, at.nextFence(), signal)).rejects.toMatchObject({
    type: 'BalancerRefused',
    message: expect.stringContaining('nginx -t refuses the configuration') as string,
  });
  expect(await readFile(file('maps'), 'utf8')).toBe(maps);
  await at.real.restart();
  expect((await request()).status).toBe(503);
});

test.each<[kind: string, edit: (text: string) => string]>([
  ['maps', (text) => text.replace(/"" \$\w+_stranger/, '"" 0')],
  ['door', (text) => text.replace(/^ +(rewrite|return) .*\n/gm, '')],
])('a hand in its %s is undone when it is closed again', async (kind, edit) => {
  const same = closure();
  await doors.close(at.real.upstream, same, at.nextFence(), signal);
  const before = await readFile(file(kind), 'utf8');
  await writeFile(file(kind), edit(before));
  await at.real.reload();
  expect((await request()).status).toBe(200);
  // a door without its last lines still names the page
  const { marker } = await served(at.host, Entry.parse({ port: at.real.front }), signal);
  expect(marker).toBe(kind === 'maps' ? 'm1' : null);
  await doors.close(at.real.upstream, same, at.nextFence(), signal);
  expect(await readFile(file(kind), 'utf8')).toBe(before);
  expect((await request()).status).toBe(503);
});

test('what an attempt has written that was cut off before the reload is loaded by the next one', async () => {
  const same = closure();
  await doors.close(at.real.upstream, same, at.nextFence(), signal);
  const kinds = ['maps', 'door'];
  const texts = await Promise.all(kinds.map((kind) => readFile(file(kind), 'utf8')));
  await open();
  for (const [index, kind] of kinds.entries()) await writeFile(file(kind), texts[index]!);
  expect((await request()).status).toBe(200);
  await doors.close(at.real.upstream, same, at.nextFence(), signal);
  expect((await request()).headers['x-pawl-maintenance']).toBe('m1');
  for (const kind of kinds) await writeFile(file(kind), '');
  await open();
  expect((await request()).status).toBe(200);
});

test('the command for a person opens it', async () => {
  await close();
  execFileSync('sh', ['-c', doors.byHand(at.real.upstream).replace('systemctl reload nginx', 'true')]);
  await at.real.reload();
  expect((await request()).status).toBe(200);
});

test('who had connected and said nothing gets through once more, and no further', async () => {
  const silent = await at.real.silent();
  await close();
  silent.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [first] = (await once(silent, 'data')) as [Buffer];
  expect(first.toString()).toMatch(/^HTTP\/1.1 200[^]*Connection: close/i);
  await once(silent.resume(), 'end');
});

test('a request of its own proves what is served', async () => {
  const entry = Entry.parse({ port: at.real.front });
  expect(await served(at.host, entry, signal)).toEqual({ status: 200, marker: null });
  await close({ addresses: ['127.0.0.0/8'] });
  expect(await served(at.host, entry, signal)).toEqual({ status: 503, marker: 'm1' });
});

test('an older attempt is refused', async () => {
  const old = at.nextFence();
  await close();
  await expect(doors.open(at.real.upstream, old, signal)).rejects.toMatchObject({ type: 'Fenced' });
  expect((await request()).status).toBe(503);
});

test('passes are for root alone, and nowhere when it is open again', async () => {
  const pass = `${PASS}${Date.now()}`;
  const filesWithIt = async (folder: string, begin = '') => {
    const names = (await readdir(folder)).filter((name) => name.startsWith(begin));
    const texts = await Promise.all(
      names.map((name) => readFile(`${folder}/${name}`, 'utf8').catch(() => '')),
    );
    return names.filter((_, index) => texts[index]!.includes(pass));
  };
  await close({ passes: [pass] });
  expect(await filesWithIt(at.real.folder)).toEqual([`${at.real.upstream}.maps`]);
  const { mode, uid } = await stat(file('maps'));
  expect([mode & 0o777, uid]).toEqual([0o600, 0]);
  expect(await filesWithIt('/tmp', 'tmp.')).toEqual([]);
  await open();
  expect(await filesWithIt(at.real.folder)).toEqual([]);
  expect(await filesWithIt('/var/lib/pawl/nginx')).toEqual([]);
});

test('what is missing is told, and one command mends it', async () => {
  const { config, folder, upstream } = at.real;
  expect(await doors.examine(upstream, signal)).toEqual([]);
  const line = `include ${folder}/${upstream}.door;`;
  const good = await readFile(config, 'utf8');
  // one that has the door and two that have not; words in comments and strings are none
  const more = `location /a { proxy_pass http://${upstream}/b; } # }
    location /c { # proxy_pass http://${upstream};
      add_header X-Y "} it's {";
      proxy_pass http://${upstream}$request_uri; }
    location /d { proxy_pass http://127.0.0.1:1/${upstream}; }`;
  await writeFile(config, good.replace(line, '').replace('location / {', `${more}\n    location / {`));
  execFileSync('rm', [file('maps'), file('door')]);
  const [complaint] = await doors.examine(upstream, signal);
  expect(complaint).toMatchObject({
    code: 'noMaintenanceLines',
    what: expect.stringContaining(`${config} sends requests to ${upstream} past`) as string,
  });
  expect(complaint!.what).toContain(`\n    ${line}`);
  for (let times = 0; times < 2; times += 1) {
    execFileSync('sh', ['-c', complaint!.mend.replace('systemctl reload-or-restart nginx', 'true')], {
      stdio: 'ignore',
    });
    await at.real.reload();
    expect(await doors.examine(upstream, signal)).toEqual([]);
  }
  const mended = await readFile(config, 'utf8');
  expect(mended.split(line)).toHaveLength(5);
  await close();
  for (const path of ['/', '/a', '/c']) expect((await request({ path })).status).toBe(503);
  await open();
  await writeFile(config, mended.replace(`location /a { ${line}`, 'location /a {'));
  expect(await doors.examine(upstream, signal)).toMatchObject([{ code: 'noMaintenanceLines' }]);
  await writeFile(config, `${good}nonsense;`);
  expect(await doors.examine(upstream, signal)).toMatchObject([{ code: 'notTested' }]);
  await writeFile(config, good);
  await at.real.reload();
});

test('without its files nothing is written', async () => {
  const missing = doors.close(`${at.real.upstream}-nobody`, closure(), at.nextFence(), signal);
  await expect(missing).rejects.toMatchObject({
    type: 'BalancerRefused',
    message: expect.stringMatching(/there is no .*-nobody\.maps.*pawl doctor/) as string,
  });
});
