/** Test users at a real nginx: which server answers them, and whom it answers beside them. */
import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { nginxSteering } from '../../../src/adapters/load-balancers/nginx/steering';
import { variableOf } from '../../../src/adapters/load-balancers/nginx/variables';
import type { Steering } from '../../../src/contracts/steering';
import { ask, type Asked } from '../doors';
import { reachNginx, signal, type Reached } from './reached';

const TESTER = { 'x-test-user': 'anna' };

let at: Reached;
let steering: Steering;
let original: string;
beforeAll(async () => {
  at = await reachNginx();
  const { config, folder, port } = at.real;
  const names = () => ({ header: 'X-Test-User', cookie: 'test-user' });
  steering = nginxSteering({ host: at.host, config, folder, port }, names);
  original = await readFile(config, 'utf8');
  await mend((await examine())[0]!);
});
beforeEach(() => at.reset());
afterEach(() => steer(null));
afterAll(() => at?.stop());

const steer = (server: string | null) => steering.steer(at.real.upstream, server, at.nextFence(), signal);
const examine = () => steering.examine(at.real.upstream, signal);
const file = () => `${at.real.folder}/${at.real.upstream}.testers`;
const read = () => readFile(file(), 'utf8');
const workers = async () => (await at.real.workers()).now;

/** As a person does it. */
async function mend(complaint: { mend: string }) {
  const command = complaint.mend.replace('systemctl reload-or-restart nginx', 'true');
  execFileSync('sh', ['-c', command], { stdio: 'ignore' });
  await at.real.reload();
}

/** Who answers several requests of one kind. */
async function answers(headers: Asked['headers'] = {}): Promise<string[]> {
  const bodies = new Set<string>();
  for (let index = 0; index < 12; index += 1) bodies.add((await ask(at.real.front, { headers })).body);
  return [...bodies].sort();
}

test.each([
  { who: 'with the header', headers: TESTER },
  { who: 'with the cookie', headers: { cookie: 'test-user=' } },
  { who: 'with the cookie among others', headers: { cookie: 'a=b; test-user=1; c=d' } },
])('requests $who go to one server, all others to all', async ({ headers }) => {
  await steer('n2');
  expect(await answers(headers)).toEqual(['n2']);
  const others = { 'x-test-users': '1', cookie: 'xtest-user=1; Test-User=1; a=test-user=1' };
  expect(await answers(others)).toEqual(['n1', 'n2', 'n3']);
  await steer('n3');
  expect(await answers(headers)).toEqual(['n3']);
  await steer(null);
  expect(await answers(headers)).toEqual(['n1', 'n2', 'n3']);
});

test('a server that drains has test users and nobody else, one that is out has nobody', async () => {
  await at.set('n2', { state: 'draining' });
  await steer('n2');
  expect([await answers(TESTER), await answers()]).toEqual([['n2'], ['n1', 'n3']]);
  await at.set('n2', { state: 'out' });
  expect([await answers(TESTER), await answers()]).toEqual([
    ['n1', 'n3'],
    ['n1', 'n3'],
  ]);
  await at.set('n3', { state: 'out' });
  await at.set('n2', { state: 'draining' });
  expect([await answers(TESTER), await answers()]).toEqual([['n2'], ['n1']]);
  await at.set('n2', { state: 'in', weight: 50 });
  expect([await answers(TESTER), await answers()]).toEqual([['n2'], ['n1', 'n2']]);
});

test('several servers that change at once change for test users in the same load', async () => {
  await steer('n2');
  const { upstream } = at.real;
  const wanted = { n1: { state: 'out' }, n2: { state: 'out' } } as const;
  await at.balancer.setTogether(upstream, wanted, at.nextFence(), signal);
  expect(await answers(TESTER)).toEqual(['n3']);
  // nothing is left to load
  const now = await workers();
  await at.balancer.setTogether(upstream, wanted, at.nextFence(), signal);
  expect(await workers()).toEqual(now);
  expect(await examine()).toEqual([]);
});

test('while their server fails others answer them', async () => {
  await steer('n2');
  at.real.servers['n2']!.refuse = true;
  try {
    // each worker finds out by a request of its own: this nginx tries no other server with it
    const codes = new Set<number | undefined>();
    for (let index = 0; index < 60; index += 1)
      codes.add((await ask(at.real.front, { headers: TESTER })).status);
    expect(codes).toContain(502);
    expect(await answers(TESTER)).toEqual(['n1', 'n3']);
  } finally {
    at.real.servers['n2']!.refuse = false;
  }
});

test('a request of a test user at a server that drains is waited for', async () => {
  await at.set('n2', { state: 'draining' });
  await steer('n2');
  const { requests } = at.real.servers['n2']!;
  const long = ask(at.real.front, { headers: TESTER, path: '/?ms=1500' });
  while (at.real.servers['n2']!.requests === requests) await new Promise(setImmediate);
  expect(await at.drain('n2', true)).toBe(1);
  expect(await at.facts('n2')).toMatchObject({ state: 'draining' });
  await long;
  expect(await at.drain('n2', true)).toBe(0);
  expect(await at.facts('n2')).toMatchObject({ state: 'out' });
});

test('nobody loses a request while they are sent to and fro', async () => {
  const seen: Record<string, Set<number | undefined>> = {};
  let over = false;
  const asking = [{}, TESTER].map(async (headers, index) => {
    const codes = (seen[index] = new Set());
    while (!over) codes.add((await ask(at.real.front, { headers })).status);
  });
  for (const server of ['n1', 'n2', null]) await steer(server);
  over = true;
  await Promise.all(asking);
  expect(Object.values(seen).map((codes) => [...codes])).toEqual([[200], [200]]);
});

test('what is so already is not loaded again', async () => {
  await steer('n1');
  const steered = await workers();
  await steer('n1');
  expect(await workers()).toEqual(steered);
  await steer(null);
  const open = await workers();
  await steer(null);
  expect(await workers()).toEqual(open);
});

test('it outlives a reload and a restart, and what was set while nginx was down counts from its start', async () => {
  await steer('n1');
  await at.real.reload();
  expect(await answers(TESTER)).toEqual(['n1']);
  await at.real.restart();
  expect(await answers(TESTER)).toEqual(['n1']);
  const start = await at.real.kill();
  await expect(steer('n3')).rejects.toMatchObject({
    type: 'BalancerUnavailable',
    message: expect.stringContaining('it begins with this when it starts') as string,
  });
  await start();
  expect(await answers(TESTER)).toEqual(['n3']);
});

test('what nginx does not load is put back, and the reason told in its words', async () => {
  await steer('n1');
  const [before, { config }] = [await read(), at.real];
  const port = await at.real.takePort();
  await expect(steer('n2')).rejects.toMatchObject({
    type: 'BalancerNotAsWanted',
    message: expect.stringMatching(/put back as it was.*bind\(\)/) as string,
  });
  await port.free();
  const good = await readFile(config, 'utf8');
  await writeFile(config, `${good}nonsense;`);
  await expect(steer(null)).rejects.toMatchObject({
    type: 'BalancerRefused',
    message: expect.stringContaining('nginx -t refuses the configuration') as string,
  });
  await expect(at.set('n1', { state: 'out' })).rejects.toMatchObject({ type: 'BalancerRefused' });
  await writeFile(config, good);
  expect(await read()).toBe(before);
  expect([await answers(TESTER), await answers()]).toEqual([['n1'], ['n1', 'n2', 'n3']]);
});

test('what an attempt has written that was cut off before the reload is loaded by the next one', async () => {
  await steer('n1');
  const steered = await read();
  await steer(null);
  await writeFile(file(), steered);
  await steer('n1');
  expect(await answers(TESTER)).toEqual(['n1']);
});

test('a hand in the file is undone by whoever writes next', async () => {
  await steer('n1');
  const before = await read();
  await writeFile(file(), before.replace(/ backup/g, '').replace(/ weight=100/, ' weight=1'));
  await at.real.reload();
  expect(await answers(TESTER)).not.toEqual(['n1']);
  await at.set('n3', { state: 'draining' });
  expect(await answers(TESTER)).toEqual(['n1']);
  await at.set('n3', { state: 'in', weight: 100 });
  expect(await read()).toBe(before);
});

test('a server that a hand has taken out of the file leaves test users where all go', async () => {
  await steer('n2');
  await at.real.write((await at.real.read()).replace(/.*# n2\n/, ''));
  await at.set('n1', { state: 'in', weight: 50 });
  expect(await answers(TESTER)).toEqual(['n1', 'n3']);
});

test('an older attempt is refused, and so is a server that is not there', async () => {
  const old = at.nextFence();
  await steer('n1');
  const late = steering.steer(at.real.upstream, null, old, signal);
  await expect(late).rejects.toMatchObject({ type: 'Fenced' });
  await expect(steer('n')).rejects.toMatchObject({
    type: 'BalancerRefused',
    message: expect.stringContaining('No such server n') as string,
  });
  expect(await answers(TESTER)).toEqual(['n1']);
});

test('without its file nobody is sent anywhere, and back is where they are', async () => {
  const nobody = `${at.real.upstream}-nobody`;
  await expect(steering.steer(nobody, 'n1', at.nextFence(), signal)).rejects.toMatchObject({
    type: 'BalancerRefused',
    message: expect.stringMatching(/there is no .*-nobody\.testers.*pawl doctor/) as string,
  });
  await steering.steer(nobody, null, at.nextFence(), signal);
});

describe('what is missing', () => {
  const here = () => `http://${at.real.upstream}`;
  const configure = async (edit: (text: string) => string) => {
    await writeFile(at.real.config, edit(original));
    await at.real.reload();
  };
  afterEach(async () => {
    await configure((text) => text);
    await mend((await examine())[0]!);
  });

  test('is told, one command mends it however often, and all get what they got', async () => {
    const redirects = `location /a { proxy_pass ${here()}$request_uri; proxy_redirect off; }
    location /b { proxy_pass ${here()}; }`;
    await configure((text) => text.replace('location / {', `${redirects}\n    location / {`));
    await rm(file());
    const [complaint, ...more] = await examine();
    expect([complaint!.code, more]).toEqual(['noTesterLines', []]);
    expect(complaint!.what).toContain(`${at.real.config} sends test users of ${at.real.upstream} where all`);
    expect(complaint!.what).toContain(`\n    proxy_pass http://${variableOf(at.real.upstream)};`);
    for (let times = 0; times < 2; times += 1) {
      await mend(complaint!);
      expect(await examine()).toEqual([]);
    }
    await steer('n2');
    for (const path of ['/', '/a', '/b'])
      expect((await ask(at.real.front, { path, headers: TESTER })).body).toBe('n2');
    // somebody runs it again: they stay where they are
    await mend(complaint!);
    expect(await answers(TESTER)).toEqual(['n2']);
    await writeFile(file(), `${await read()}# by hand\n`);
    expect(await examine()).toMatchObject([{ code: 'notServed' }]);
    await mend((await examine())[0]!);
    expect(await examine()).toEqual([]);
  });

  test('redirects to the name of the upstream lead back to where the client is', async () => {
    const location = async (headers = {}) =>
      (await ask(at.real.front, { path: '/?redirect', headers })).headers.location;
    await configure((text) => text);
    const before = await location();
    expect(before).toBe(`http://127.0.0.1:${at.real.front}/elsewhere`);
    await mend((await examine())[0]!);
    await steer('n2');
    expect([await location(), await location(TESTER)]).toEqual([before, before]);
  });

  test('a path of its own is for a person to move', async () => {
    await configure((text) =>
      text.replace('location / {', `location /a/ { proxy_pass ${here()}/b/; }\n    location / {`),
    );
    const [complaint, ...more] = await examine();
    expect([complaint!.code, more]).toEqual(['noTesterLines', []]);
    expect(complaint!.what).toContain('rewrite ^/here/(.*) /there/$1 break;');
    expect(complaint!.mend).toContain(at.real.config);
  });

  test('a configuration that nginx refuses is told first', async () => {
    await writeFile(at.real.config, `${original}nonsense;`);
    expect(await examine()).toMatchObject([{ code: 'notTested' }]);
  });
});

test.each([
  ['shop', /^\$pawl_shop$/],
  ['shop_2', /^\$pawl_shop_2$/],
  ['shop.eu-1', /^\$pawl_shop_eu_1_[0-9a-f]{12}$/],
  ['a-name-that-is-longer-than-others', /^\$pawl_a_name_that_is_longe_[0-9a-f]{12}$/],
])('the upstream %s has a variable', (upstream, variable) => {
  expect(variableOf(upstream)).toMatch(variable);
});
