/** What clients lose, by balancers' counters and by clients themselves; and hosts that leave only while the others carry the load. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { startLoad } from '../../lab/load';
import { makeRelease, type Behaviour } from '../../lab/service';
import { busy } from '../full';
import { ended, Ground, reached, sampleServers } from '../lab/ground';
import { expectAllIn, mostTakenOut } from '../lab/whole-run';

const HOSTS = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
const FOR_EVER = 3_600;

let ground: Ground;
/** the same hosts, of which each may get 100 requests a second */
let limited: string;
beforeAll(async () => {
  ground = await Ground.up('test-live-load', HOSTS.length);
  const file = parse(await readFile(ground.cluster, 'utf8')) as { services: { web: object } };
  file.services.web = { ...file.services.web, capacity: { requestsPerSecond: 125, percent: 80 } };
  limited = join(dirname(ground.cluster), 'cluster-limited.yaml');
  await writeFile(limited, stringify(file));
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(180_000);

const release = async (version: string, behaviour: Behaviour = {}) => ({
  version,
  artifact: await makeRelease({ version, behaviour }),
});
const load = (rate: number) => startLoad({ url: `http://${ground.address('lb1')}/`, rate });
const soaking = (run: Parameters<typeof reached>[0], batch: number) =>
  reached(run, (status) => status.batch?.index === batch && status.phase === 'soaking', 60_000);
const by = { by: 'the test' };

it('a good upgrade under load: nothing is lost, by every count', async () => {
  const clients = await load(busy(600));
  const run = await ground.start(await release('1.1.0'));
  await reached(run, ({ certificate }) => certificate !== undefined);
  const before = (await clients.snapshot()).sent;
  const { end, report } = await ended(run);
  const { sent, failures } = await clients.stop();
  const { requests, lost, where, uncounted, text } = report.certificate!;
  expect([end, failures, lost, where, uncounted]).toEqual(['succeeded', [], 0, [], {}]);
  // all that came from the first look to the last one, which is a moment before the load ends
  expect(requests).toBeLessThanOrEqual(sent);
  expect(requests).toBeGreaterThan(sent - before - 300);
  expect(text).toBe(`0 of ${requests!.toLocaleString('en-US')} requests lost (counted at edge)`);
});

it('a release that fails one in ten and a service that is killed: lost is what clients missed, where they missed it', async () => {
  const run = await ground.start({
    ...(await release('1.2.0', { errorShare: 0.1 })),
    batches: [1, '100%'],
    soakSeconds: FOR_EVER,
  });
  const clients = await load(busy(600));
  await soaking(run, 1);
  await delay(2_000);
  await ground.inside('n2', 'systemctl', 'kill', '--signal=SIGKILL', 'web.service');
  await delay(1_500);
  await ground.inside('n2', 'systemctl', 'restart', 'web.service');
  const { failed, byHost, byKind } = await clients.stop();
  for (let up = false; !up; await delay(50)) up = (await ground.servers())['n2'] === 'UP';
  await run.executeUpdate('abort', { args: [{ ...by, undo: true }] });
  const { end, report } = await ended(run);
  expect(end).toBe('Aborted');
  const { lost, where, text } = report.certificate!;
  console.log(`${text}; clients missed ${failed}: ${JSON.stringify(byKind)}`);
  // a third of what is expected: chance has its say
  expect(failed).toBeGreaterThan(busy(600) / 30);
  // an answer that ends in a reset before its head may count twice, and never not at all
  expect(lost).toBeGreaterThanOrEqual(failed);
  expect(lost).toBeLessThanOrEqual(failed + (byKind.reset ?? 0));
  const at = (host: string) => where.filter((one) => one.at === host).reduce((sum, one) => sum + one.lost, 0);
  expect(at('n1')).toBe(byHost['n1']!.failed);
  expect(at('n2')).toBeGreaterThan(0);
  expect(where.find((one) => one.at === 'n1')?.while).toMatch(/put back|through with its change/);
  await expectAllIn(ground);
});

it('takes out as many as the load lets it, fewer when it doubles, none when it is too much, and goes on when it falls', async () => {
  const clients = [await load(250)];
  await delay(1_500);
  const first = sampleServers(ground);
  const run = await ground.start({
    ...(await release('1.3.0')),
    cluster: limited,
    batches: [4, '100%'],
    maxUnavailable: 4,
    soakSeconds: FOR_EVER,
  });
  await soaking(run, 1);
  // four might be out; three hosts are needed for 250 requests a second
  expect(mostTakenOut((await first.stop()).seen)).toBe(3);

  clients.push(await load(220));
  const peak = await load(130);
  await delay(1_500);
  await run.executeUpdate('promote', { args: [by] });
  const waiting = await reached(run, ({ hosts }) =>
    hosts.some(({ note }) => note?.includes('waits for load')),
  );
  console.log(`${waiting.hosts.find(({ note }) => note)?.note}`);
  const second = sampleServers(ground);
  await delay(2_000);
  expect(mostTakenOut((await second.stop()).seen)).toBe(0);

  await peak.stop();
  const third = sampleServers(ground);
  const { end, report } = await ended(run);
  expect(end).toBe('succeeded');
  expect(mostTakenOut((await third.stop()).seen)).toBe(1);
  const missed = await Promise.all(clients.map(async (one) => (await one.stop()).failures));
  expect(missed.flat()).toEqual([]);
  expect(report.certificate?.lost).toBe(0);
  await expectAllIn(ground);
});
