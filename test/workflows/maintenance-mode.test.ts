/** Closing a service for a stated time: what is done, and what people are told, whatever comes in between. */
import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { EVENT_KINDS } from '../../src/contracts/notifications';
import type { maintenanceMode } from '../../src/workflows';
import { endOf, FakeCluster, fails, Harness, until, type Company, type End } from './harness';

type Handle = WorkflowHandle<typeof maintenanceMode>;

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const HOUR = 3_600_000;
const MAINTENANCE = EVENT_KINDS.filter((kind) => kind.startsWith('maintenance'));
const OPENED = ['open web at inner', 'open web at edge', 'no flag on n1', 'no flag on n2', 'no flag on n3'];

function fakeCluster(): FakeCluster {
  // each has a lease of its own: what one test leaves holds up no other
  const cluster = new FakeCluster(undefined, `fake-${randomUUID().slice(0, 8)}`);
  cluster.notifications = { progressSeconds: 0, channels: { users: MAINTENANCE } };
  return cluster;
}
const told = (cluster: FakeCluster) => cluster.told.map(({ line }) => line.replace('users maintenance', ''));
const now = () => harness.env.currentTimeMs();
const startOne = ({ start }: Company, input: object): Promise<Handle> =>
  start({ durationMinutes: 30, ...input }, {}, 'maintenanceMode');

function run(
  cluster: FakeCluster,
  input: object,
  during: (handle: Handle, company: Company) => Promise<unknown> = () => Promise.resolve(),
): Promise<End> {
  return harness.with(cluster, async (company) => {
    const handle = await startOne(company, input);
    try {
      await during(handle, company);
    } catch (error) {
      await handle.terminate();
      throw error;
    }
    return endOf(handle);
  });
}
const isClosed = (handle: Handle) =>
  until(handle, ({ waitingFor }) => !!waitingFor?.what.includes('is closed'));
/** After so long in the workflow's time; the server skips it while nobody does anything. */
const after = (ms: number) => harness.env.sleep(ms);

it('puts flags up, closes every door, waits, opens, takes flags away, and tells of start and end', async () => {
  const cluster = fakeCluster();
  const { end, message, report } = await run(cluster, { start: 'now' });
  expect(end).toBe('succeeded');
  expect(message).toBe('web was closed for 30 min and is open');
  expect(cluster.journal.slice(0, 3).sort()).toEqual(['flag on n1', 'flag on n2', 'flag on n3']);
  expect(cluster.journal.slice(3, 5)).toEqual([
    expect.stringMatching(/^close web until \d\d:\d\d at edge$/),
    expect.stringMatching(/^close web until \d\d:\d\d at inner$/),
  ]);
  expect([...cluster.journal.slice(5, 7), ...cluster.journal.slice(7).sort()]).toEqual(OPENED);
  expect(told(cluster)).toEqual(['Started', 'Ended']);
  expect(report.steps.map(({ name, state, note }) => `${name} ${state}: ${note}`)).toEqual([
    'flag-of-web done: open again',
    'web-at-edge done: open again',
    'web-at-inner done: open again',
  ]);
  expect(report.leftToDo).toEqual([]);
});

it('announces 48 and 24 hours ahead, then begins on time, with the times of the plan', async () => {
  const cluster = fakeCluster();
  const from = (await now()) + 50 * HOUR;
  const at: number[] = [];
  cluster.trouble['tell users'] = async () => void at.push((await now()) - from);
  const { end } = await run(cluster, { start: new Date(from).toISOString() });
  expect(end).toBe('succeeded');
  expect(told(cluster)).toEqual(['Announced', 'Announced', 'Started', 'Ended']);
  for (const [index, hours] of [-48, -24, 0, 0.5].entries())
    expect(Math.abs(at[index]! - hours * HOUR)).toBeLessThan(60_000);
  for (const { announcement } of cluster.told.slice(0, 3))
    expect(announcement.facts).toMatchObject({
      from: new Date(from).toISOString(),
      to: new Date(from + HOUR / 2).toISOString(),
      minutes: 30,
      why: 'a new disk',
      contact: 'ops',
    });
});

it('is extended, says by how much, tells people, and gives doors and flags the new end', async () => {
  const cluster = fakeCluster();
  const { end, message } = await run(cluster, { start: 'now', maxMinutes: 60 }, async (handle) => {
    await isClosed(handle);
    const answer = await handle.executeUpdate('extend', { args: [{ by: 'ann', minutes: 20 }] });
    expect(answer).toMatch(/^20 more minutes: it ends at \d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    await until(handle, () => told(cluster).includes('Extended'));
    await isClosed(handle);
    await expect(
      handle.executeUpdate('extend', { args: [{ by: 'ann', minutes: 11 }] }),
    ).rejects.toMatchObject({
      cause: { message: 'at most 10 more minutes, for the plan says maxMinutes' },
    });
    await expect(handle.executeUpdate('pause', { args: [{ by: 'ann' }] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('cannot be paused') as string },
    });
  });
  expect(end).toBe('succeeded');
  expect(message).toBe('web was closed for 50 min and is open');
  expect(told(cluster)).toEqual(['Started', 'Extended', 'Ended']);
  const closings = cluster.journal.filter((line) => line.startsWith('close'));
  expect(closings).toHaveLength(4);
  expect(new Set(closings.map((line) => /until (\S+)/.exec(line)![1])).size).toBe(2);
});

it('ends early when somebody says so', async () => {
  const cluster = fakeCluster();
  const { message } = await run(cluster, { start: 'now', durationMinutes: 600 }, async (handle) => {
    await isClosed(handle);
    const answer = await handle.executeUpdate('promote', { args: [{ by: 'ann' }] });
    expect(answer).toBe('the maintenance ends now: services are opened');
  });
  expect(message).toBe('web was closed for 0 min and is open');
  expect(told(cluster)).toEqual(['Started', 'Ended']);
});

it('an abort opens everything, and people hear that it is over', async () => {
  const cluster = fakeCluster();
  const { end } = await run(cluster, { start: 'now' }, async (handle) => {
    await isClosed(handle);
    await handle.executeUpdate('abort', { args: [{ by: 'ann', undo: true }] });
  });
  expect(end).toBe('Aborted');
  expect(cluster.journal.filter((line) => line.includes('open')).sort()).toEqual([
    'open web at edge',
    'open web at inner',
  ]);
  expect(told(cluster)).toEqual(['Started', 'Ended']);
});

it('one that was announced and is called off is told as such, and nothing is touched', async () => {
  const cluster = fakeCluster();
  const start = new Date((await now()) + 30 * HOUR).toISOString();
  const { end } = await run(cluster, { start }, async (handle) => {
    await until(handle, ({ waitingFor }) => !!waitingFor);
    await after(7 * HOUR);
    await until(handle, () => told(cluster).length > 0);
    await expect(handle.executeUpdate('extend', { args: [{ by: 'ann', minutes: 5 }] })).rejects.toBeDefined();
    await handle.executeUpdate('abort', { args: [{ by: 'ann', undo: true }] });
  });
  expect(end).toBe('Aborted');
  expect(told(cluster)).toEqual(['Announced', 'Cancelled']);
  expect(cluster.journal).toEqual([]);
});

it('a page that cannot be shown stops it: what was done is taken back', async () => {
  const cluster = fakeCluster();
  const broken = fails('BalancerRefused', 'inner: Unknown map');
  const before = cluster.step.bind(cluster);
  cluster.step = (name, host) =>
    name.startsWith('close') && host === 'inner' ? broken() : before(name, host);
  const { end, message } = await run(cluster, { start: 'now' });
  expect(end).toBe('RolledBack');
  expect(message).toContain('Unknown map');
  expect(cluster.journal).toContain('open web at edge');
  expect(cluster.journal).toContain('no flag on n2');
  expect(told(cluster)).toEqual([]);
});

it('a balancer that is out of reach at the end holds up no other, and a person is asked', async () => {
  const cluster = fakeCluster();
  let away = true;
  cluster.trouble['open web at inner'] = () => {
    if (away) fails('BalancerUnavailable', 'inner gives no answer')();
  };
  const { end } = await run(cluster, { start: 'now', unreachableSeconds: 5 }, async (handle) => {
    await isClosed(handle);
    await handle.signal('promote', { by: 'ann' });
    await after(60_000);
    const { steps } = await until(
      handle,
      ({ waitingFor }) => !!waitingFor?.what.includes('web-at-inner waits'),
    );
    expect(steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'flag-of-web done',
      'web-at-edge done',
      'web-at-inner unreachable',
    ]);
    away = false;
    await handle.executeUpdate('retry', { args: [{ by: 'ann', step: 'web-at-inner' }] });
  });
  expect(end).toBe('succeeded');
  expect(told(cluster)).toEqual(['Started', 'Ended']);
});

it('nobody answers: what stays closed is left to do, with the command that opens it', async () => {
  const cluster = fakeCluster();
  cluster.trouble['open web at inner'] = fails('BalancerUnavailable', 'inner gives no answer');
  const input = { start: 'now', unreachableSeconds: 5, personDeadlineHours: 1 };
  const { end, report } = await run(cluster, input);
  expect(end).toBe('Failed');
  expect(report.leftToDo).toContainEqual({
    host: 'host of inner',
    what: expect.stringContaining('web-at-inner may still be closed (inner gives no answer') as string,
    command: "ssh host of inner 'open web at inner'",
  });
});

it('a host that is out of reach keeps nobody from closing', async () => {
  const cluster = fakeCluster();
  cluster.trouble['flag on n2'] = fails('HostUnreachable', 'n2 cannot be reached');
  const { end, report } = await run(cluster, { start: 'now', unreachableSeconds: 5 });
  expect(end).toBe('succeeded');
  expect(report.notes).toContain('flag-of-web is not up everywhere: n2 cannot be reached');
});

it('an upgrade goes on behind the closed door, another maintenance waits', async () => {
  const cluster = fakeCluster();
  await harness.with(cluster, async (company) => {
    const first = await startOne(company, { start: 'now', durationMinutes: 600 });
    await isClosed(first);
    const second = await startOne(company, { start: 'now', content: 'another disk' });
    await until(second, ({ phase }) => phase === 'queued');
    const upgrade = await company.start({ minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 });
    expect((await endOf(upgrade)).end).toBe('succeeded');
    await first.signal('promote', { by: 'ann' });
    expect((await endOf(first)).end).toBe('succeeded');
    expect((await endOf(second)).end).toBe('succeeded');
  });
});

it('the same maintenance twice is one', async () => {
  const cluster = fakeCluster();
  const start = new Date((await now()) + 30 * HOUR).toISOString();
  await harness.with(cluster, async (company) => {
    const first = await startOne(company, { start });
    await until(first, ({ waitingFor }) => !!waitingFor);
    expect(await endOf(await startOne(company, { start }))).toMatchObject({ end: 'AlreadyRunning' });
    await first.signal('abort', { by: 'ann', undo: true });
    await endOf(first);
  });
});

it('a dry run plans and touches nothing', async () => {
  const cluster = fakeCluster();
  const { end } = await run(cluster, { start: 'now', dryRun: true });
  expect(end).toBe('planned');
  expect([...cluster.journal, ...told(cluster)]).toEqual([]);
});

it('one that is terminated is repaired: its service is opened, and people hear it', async () => {
  const cluster = fakeCluster();
  cluster.watchesAlways = true;
  await harness.with(cluster, async (company) => {
    const handle = await startOne(company, { start: 'now', durationMinutes: 600 });
    await isClosed(handle);
    await handle.terminate();
    await until(handle, () => told(cluster).includes('Ended'));
  });
  expect(cluster.journal.slice(-5).sort()).toEqual([...OPENED].sort());
});
