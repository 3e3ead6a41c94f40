/** What a change tells people: in the background, whatever becomes of it. */
import type { PlannedNotifications } from '../../src/contracts/notifications';
import { EVENT_KINDS } from '../../src/contracts/notifications';
import { FakeCluster, fails, Harness, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, unreachableSeconds: 0 };
const ALL = [...EVENT_KINDS];

function telling(
  channels: PlannedNotifications['channels'] = { ops: ALL },
  hosts?: string[],
  progressSeconds = 0,
): FakeCluster {
  const cluster = new FakeCluster(hosts);
  cluster.notifications = { progressSeconds, channels };
  return cluster;
}
const lines = ({ told }: FakeCluster) => told.map(({ line }) => line);
/** Milliseconds of workflow time that a change took. */
const took = ({ startedAt, endedAt }: { startedAt: string; endedAt: string | null }) =>
  Date.parse(endedAt!) - Date.parse(startedAt);

it('tells of the beginning, of each batch and of the end, in order, each with a number of its own', async () => {
  const cluster = telling();
  const { end, report } = await harness.run(cluster, {});
  expect(end).toBe('succeeded');
  expect(lines(cluster)).toEqual(['ops began', 'ops progress', 'ops ended']);
  const ids = cluster.told.map(({ announcement }) => announcement.id);
  expect(new Set(ids).size).toBe(3);
  expect(ids.every((id) => new RegExp(`^${report.id}/[0-9a-f-]+#\\d+$`).test(id))).toBe(true);
  expect(cluster.told[2]!.announcement).toMatchObject({
    cluster: 'fake',
    service: 'web',
    version: '2.0.0',
    facts: { end: 'succeeded', well: true, leftToDo: [], minutes: expect.any(Number) as number },
  });
  expect(report.notes).toEqual([]);
});

it('tells each channel what it wants, and nobody of a dry run', async () => {
  const cluster = telling({ ops: ['began', 'ended'], boss: ['ended'], web: ['alert'] });
  await harness.run(cluster, quick);
  expect(lines(cluster)).toEqual(['ops began', 'ops ended', 'boss ended']);
  const dry = telling();
  await harness.run(dry, { ...quick, dryRun: true });
  expect(lines(dry)).toEqual([]);
});

it('tells of a host that failed, of the undo, and how it ended', async () => {
  const cluster = telling();
  cluster.trouble['proveHealthy n2'] = () => {
    if (cluster.versions['n2'] === '2.0.0') fails('Unhealthy', 'n2: /health answers 500')();
  };
  const { end } = await harness.run(cluster, { ...quick, batches: ['100%'] });
  expect(end).toBe('RolledBack');
  expect(lines(cluster)).toEqual(['ops began', 'ops hostFailed', 'ops undone', 'ops ended']);
  const facts = cluster.told.map(({ announcement }) => announcement.facts);
  expect(facts[1]).toEqual({ host: 'n2', why: 'n2: /health answers 500' });
  expect(facts[2]).toMatchObject({ complete: true });
  expect(facts[3]).toMatchObject({ end: 'rolledBack', well: false });
});

it('tells at once that it waits for a person, and until when', async () => {
  const cluster = telling();
  await harness.run(cluster, { ...quick, approvals: ['before'] }, async (run) => {
    await until(run, ({ phase }) => phase === 'awaitingApproval');
    await until(run, () => cluster.told.length > 0);
    await run.signal('approve', { by: 'ann' });
  });
  expect(lines(cluster).slice(0, 2)).toEqual(['ops waitsForPerson', 'ops began']);
  expect(cluster.told[0]!.announcement.facts).toMatchObject({
    what: expect.stringContaining('approve plan') as string,
    then: 'the change counts as failed',
  });
});

describe('a channel that takes nothing', () => {
  it.each([
    { again: true, why: 'it answers 503', messages: 3 },
    { again: false, why: 'it answers 404', messages: 3 },
  ])('neither stops nor slows the change (again: $again), and the report names it', async (trouble) => {
    const without = new FakeCluster();
    const { report: usual } = await harness.run(without, {});
    const cluster = telling({ ops: ALL, dead: ALL });
    cluster.deaf['dead'] = trouble;
    const { end, report } = await harness.run(cluster, {});
    expect(end).toBe('succeeded');
    // behind staging, which goes side by side
    expect(cluster.journal.slice(3)).toEqual(without.journal.slice(3));
    // hours of observation, and not a second more
    expect(Math.abs(took(report) - took(usual))).toBeLessThan(5_000);
    expect(lines(cluster)).toEqual(['ops began', 'ops progress', 'ops ended']);
    expect(report.notes).toEqual([
      `notifications: ${trouble.messages} messages to dead not delivered: ${trouble.why}`,
    ]);
  });

  it('gets what it missed, in order, when it is back', async () => {
    const cluster = telling({ ops: ALL, late: ALL });
    cluster.deaf['late'] = { why: 'it answers 503', again: true };
    cluster.trouble['confirm n1'] = () => void (cluster.deaf['late'] = undefined);
    const { report } = await harness.run(cluster, {});
    expect(lines(cluster).filter((line) => line.startsWith('late'))).toEqual([
      'late began',
      'late progress',
      'late ended',
    ]);
    expect(report.notes).toEqual([]);
  });
});

it('tells of progress at most once per time, the newest, and the end at once', async () => {
  const hosts = Array.from({ length: 8 }, (_, index) => `n${index + 1}`);
  const cluster = telling({ ops: ALL }, hosts, 600);
  const batches = [1, 2, 3, 4, 5, 6, 7, '100%'];
  // a batch takes five minutes
  const { end } = await harness.run(cluster, { ...quick, batches, soakSeconds: 300 });
  expect(end).toBe('succeeded');
  expect(lines(cluster)[0]).toBe('ops began');
  expect(lines(cluster).at(-1)).toBe('ops ended');
  const progress = cluster.told.filter(({ announcement }) => announcement.kind === 'progress');
  const done = progress.map(({ announcement }) => (announcement.facts as { done: number }).done);
  expect(done.length).toBeGreaterThanOrEqual(3);
  expect(done.length).toBeLessThanOrEqual(5);
  expect([...done].sort((one, other) => one - other)).toEqual(done);
});

it('goes along when a run goes on as another one: nothing is lost, numbers go on, and nothing is told twice', async () => {
  const hosts = Array.from({ length: 90 }, (_, index) => `h${index + 1}`);
  const cluster = telling({ ops: ALL, late: ALL }, hosts);
  cluster.deaf['late'] = { why: 'it answers 503', again: true };
  cluster.trouble['takeOut h90'] = () => void (cluster.deaf['late'] = undefined);
  const runs: string[] = [];
  await harness.run(cluster, { ...quick, batches: ['100%'] }, async ({ workflowId }) => {
    const run = harness.env.client.workflow.getHandle(workflowId);
    runs.push((await run.describe()).runId);
    await run.result();
    runs.push((await run.describe()).runId);
  });
  expect(new Set(runs).size).toBe(2);
  for (const channel of ['ops', 'late']) {
    const mine = cluster.told.filter(({ line }) => line.startsWith(channel));
    expect(mine.map(({ line }) => line.split(' ')[1])).toEqual(['began', 'ended']);
    const numbers = mine.map(({ announcement }) => Number(announcement.id.split('#')[1]));
    expect(numbers).toEqual([1, 2]);
  }
}, 120_000);

it('gives nothing to do where the plan names no channels', async () => {
  const cluster = new FakeCluster();
  const { report } = await harness.run(cluster, quick, async (run) => {
    await run.result();
    const { events } = await run.fetchHistory();
    const types = (events ?? []).map(
      ({ activityTaskScheduledEventAttributes: it }) => it?.activityType?.name,
    );
    expect(types).not.toContain('notify');
  });
  expect([cluster.told, report.notes]).toEqual([[], []]);
});
