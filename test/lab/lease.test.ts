/** Changes that want the same hosts: on real hosts, under load, with what ends them from outside. */
import type { WorkflowHandle } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { makeRelease } from '../../lab/service';
import { searchActivities } from '../../src/activities/search';
import { openWorlds } from '../../src/activities/world';
import type { Status } from '../../src/contracts/status';
import { hostsIn } from '../../src/domain/turn';
import { resetTo } from '../chaos/resets';
import { longIt } from '../long';
import { Ground, ended, reached } from './ground';
import { makeSlowRelease } from './odd-releases';
import { expectAllIn, installed, startsFromNow, underLoad } from './whole-run';

const LAB = 'test-lease';
const HOSTS = ['n1', 'n2', 'n3'];
/** Seconds that a slow release takes to start on n1. */
const SLOW = 3;
const QUICK = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, batches: ['100%'] };

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up(LAB, HOSTS.length, { limits: { healthySeconds: 15, switchSeconds: 60 } });
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(120_000);

let releases = 0;

/** A release of its own for each change; a slow one is not ready for a while on n1. */
async function release({ slow = false } = {}) {
  const version = `5.0.${(releases += 1)}`;
  const artifact = slow ? await makeSlowRelease(version, SLOW, 'n1') : await makeRelease({ version });
  return { version, artifact };
}

const is = (handle: WorkflowHandle, host: string, state: string) =>
  reached(handle, ({ hosts }) => hosts.find(({ name }) => name === host)?.state === state);
const queued = (handle: WorkflowHandle) =>
  reached(handle, ({ phase, waitingFor }) => phase === 'queued' && waitingFor !== null);
const lease = () => ground.client.workflow.getHandle(`lease:${LAB}`);

/** The lease ends when nobody needs it, and says so. */
async function leaseIsOver(): Promise<void> {
  const { summary } = (await lease().result()) as Status;
  expect(summary).toBe('nobody holds anything');
}

it('two upgrades of the same hosts: the second is told the owner, waits, and goes after it', async () => {
  const started = await startsFromNow(ground);
  const [first, second] = [await release({ slow: true }), await release()];
  const { result, requests, mostOut } = await underLoad(ground, async () => {
    const one = await ground.start({ ...QUICK, ...first }, 'upgrade-one');
    await is(one, 'n1', 'changing');
    // n1 is out, and its service is stopped: no fault of the second's input
    const two = await ground.start({ ...QUICK, ...second, hosts: ['n1', 'n2'] }, 'upgrade-two');
    const { waitingFor } = await queued(two);
    const shown = await reached(lease(), ({ line }) => line?.waiting.length === 1);
    return { waitingFor, shown, one: await ended(one), two: await ended(two) };
  });
  expect(result.waitingFor).toMatchObject({
    what: expect.stringMatching(
      /^upgrade-one \(web → 5\.0\.1.*\) holds what this change needs; place 1 of 1 in line$/,
    ),
    answers: [{ message: 'abort' }],
  });
  expect(result.shown.line).toMatchObject({
    holders: [{ id: 'upgrade-one', holds: 'n1, n2, n3' }],
    waiting: [{ id: 'upgrade-two', for: 'n1, n2' }],
  });
  expect([result.one.end, result.two.end]).toEqual(['succeeded', 'succeeded']);
  expect(requests.failures).toEqual([]);
  expect(mostOut).toHaveLength(1);
  const [a, b] = [first.version, second.version];
  expect(await started()).toEqual({ n1: [a, b], n2: [a, b], n3: [a] });
  await expectAllIn(ground);
  await leaseIsOver();
});

it('the same change twice: the second ends at once and names the first', async () => {
  const change = await release({ slow: true });
  const one = await ground.start({ ...QUICK, ...change }, 'upgrade-once');
  await is(one, 'n1', 'changing');
  const two = await ended(await ground.start({ ...QUICK, ...change }, 'upgrade-twice'));
  expect([two.end, two.message]).toEqual(['AlreadyRunning', expect.stringContaining('upgrade-once')]);
  expect((await ended(one)).end).toBe('succeeded');
});

describe('a change that is terminated while a host is out', () => {
  it('is repaired within 30 s: the host is back as it was, and the next one is granted', async () => {
    const before = await installed(ground, 'n1');
    const started = await startsFromNow(ground);
    const [first, second] = [await release({ slow: true }), await release()];
    const { result, requests, mostOut } = await underLoad(ground, async () => {
      const one = await ground.start({ ...QUICK, ...first }, 'upgrade-cut');
      await is(one, 'n1', 'changing');
      const two = await ground.start({ ...QUICK, ...second, hosts: ['n1'] }, 'upgrade-next');
      await queued(two);
      while (!(await started())['n1']) await delay(50);
      await one.terminate('by hand');
      const cut = Date.now();
      const { line } = await reached(
        lease(),
        ({ line }) => line?.holders[0]?.id.startsWith('repair-') ?? false,
      );
      const repair = await ended(ground.client.workflow.getHandle(line!.holders[0]!.id));
      const seconds = (Date.now() - cut) / 1_000;
      const servers = await ground.servers();
      return { repair, seconds, servers, two: await ended(two) };
    });
    expect([result.repair.end, result.repair.message]).toEqual([
      'succeeded',
      'upgrade-cut was cut off (terminated); back as before: n1',
    ]);
    expect(result.seconds).toBeLessThan(30);
    expect(result.two.end).toBe('succeeded');
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(1);
    expect(await started()).toEqual({ n1: [first.version, before, second.version] });
    await expectAllIn(ground);
  });
});

it('a change that is reset while a host is out keeps its lease, and does nothing twice', async () => {
  const started = await startsFromNow(ground);
  const [first, second] = [await release({ slow: true }), await release()];
  const { result, requests } = await underLoad(ground, async () => {
    const one = await ground.start({ ...QUICK, ...first }, 'upgrade-reset');
    await is(one, 'n1', 'changing');
    const two = await ground.start({ ...QUICK, ...second, hosts: ['n1'] }, 'upgrade-patient');
    await queued(two);
    const again = await resetTo(ground, one, 'takeOut');
    return { one: await ended(again), two: await ended(two) };
  });
  expect([result.one.end, result.two.end]).toEqual(['succeeded', 'succeeded']);
  expect(requests.failures).toEqual([]);
  const [a, b] = [first.version, second.version];
  expect(await started()).toEqual({ n1: [a, b], n2: [a], n3: [a] });
});

it('a lease that is terminated is asked for again, and knows who holds what', async () => {
  const started = await startsFromNow(ground);
  const [first, second] = [await release({ slow: true }), await release()];
  const one = await ground.start({ ...QUICK, ...first }, 'upgrade-holder');
  await is(one, 'n1', 'changing');
  const two = await ground.start({ ...QUICK, ...second, hosts: ['n1'] }, 'upgrade-waiter');
  await queued(two);
  await lease().terminate('by hand');
  const { line } = await reached(lease(), ({ line }) => line?.waiting.length === 1);
  expect(line).toMatchObject({
    holders: [{ id: 'upgrade-holder', holds: 'n1, n2, n3' }],
    waiting: [{ id: 'upgrade-waiter' }],
  });
  expect([(await ended(one)).end, (await ended(two)).end]).toEqual(['succeeded', 'succeeded']);
  const [a, b] = [first.version, second.version];
  expect(await started()).toEqual({ n1: [a, b], n2: [a], n3: [a] });
  await expectAllIn(ground);
});

longIt(
  'a worker that is killed while one change works and another waits costs neither its turn',
  async () => {
    const started = await startsFromNow(ground);
    const [first, second] = [await release({ slow: true }), await release()];
    const { result, requests, mostOut } = await underLoad(ground, async () => {
      const one = await ground.start({ ...QUICK, ...first }, 'upgrade-killed');
      await is(one, 'n1', 'changing');
      const two = await ground.start({ ...QUICK, ...second, hosts: ['n1'] }, 'upgrade-after');
      await queued(two);
      await ground.killWorker();
      await ground.startWorker();
      return { one: await ended(one), two: await ended(two) };
    });
    expect([result.one.end, result.two.end]).toEqual(['succeeded', 'succeeded']);
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(1);
    const [a, b] = [first.version, second.version];
    expect(await started()).toEqual({ n1: [a, b], n2: [a], n3: [a] });
    await leaseIsOver();
  },
);

it('a worker that is told to end does not stay for those who look on', async () => {
  const change = await release();
  const one = await ground.start(
    { ...QUICK, ...change, hosts: ['n1'], approvals: ['before'] },
    'upgrade-held',
  );
  await reached(one, ({ phase }) => phase === 'awaitingApproval');
  const told = Date.now();
  await ground.stopWorker();
  expect(Date.now() - told).toBeLessThan(10_000);
  await ground.startWorker();
  await one.executeUpdate('approve', { args: [{ by: 'ann' }] });
  expect((await ended(one)).end).toBe('succeeded');
});

it('what a change left that was cut off while its lease was gone is found, by the fences on the hosts alone, too', async () => {
  const before = await installed(ground, 'n1');
  const started = await startsFromNow(ground);
  const [first, second] = [await release({ slow: true }), await release()];
  const { result, requests } = await underLoad(ground, async () => {
    const one = await ground.start({ ...QUICK, ...first }, 'upgrade-forgotten');
    await is(one, 'n1', 'changing');
    while (!(await started())['n1']) await delay(50);
    await lease().terminate('by hand');
    await one.terminate('by hand');
    const found = await findHolders();
    return {
      found,
      next: await ended(await ground.start({ ...QUICK, ...second, hosts: ['n1'] }, 'upgrade-finder')),
    };
  });
  const { running, cut } = result.found;
  expect(running).toEqual([]);
  const forgotten = cut.find(({ id }) => id === 'upgrade-forgotten');
  expect(forgotten).toMatchObject({ kind: 'change', epoch: expect.any(Number) });
  expect(hostsIn(forgotten!.claims).sort()).toEqual(HOSTS);
  expect([result.next.end, result.next.message]).toEqual([
    'succeeded',
    expect.stringContaining('on 1 hosts'),
  ]);
  expect(requests.failures).toEqual([]);
  expect(await started()).toEqual({ n1: [first.version, before, second.version] });
  await expectAllIn(ground);
});

/** As a new lease does where no word of the old one is left. */
async function findHolders() {
  const worlds = openWorlds();
  const { findHolders } = searchActivities(worlds);
  try {
    const environment = new MockActivityEnvironment({}, { client: ground.client });
    const found: Awaited<ReturnType<typeof findHolders>> = await environment.run(findHolders, {
      cluster: LAB,
      file: ground.cluster,
    });
    return found;
  } finally {
    await worlds.close();
  }
}
