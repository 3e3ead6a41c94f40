/** `pawl schedule` against a real Temporal server, with the real workflows on imagined hosts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, ScheduleNotFoundError, type ScheduleDescription } from '@temporalio/client';
import { stringify } from 'yaml';
import { until } from '../../lab/hosts/wait';
import { pawl } from '../../src/cli/program';
import type { Report } from '../../src/contracts/status';
import { driftLook } from '../workflows/fake-drift';
import { FakeCluster, fails } from '../workflows/harness';
import { imagined, Live } from './live';
import { Recorder } from './recorder';

let live: Live;
let cluster: FakeCluster;
let folder: string;
let client: Client;
let connection: Connection;
jest.setTimeout(60_000);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-schedule-'));
  live = await Live.start();
  process.env.TEMPORAL_ADDRESS = live.server.address;
  connection = await Connection.connect({ address: live.server.address });
  client = new Client({ connection });
  await live.startWorker(imagined(() => cluster));
}, 180_000);
afterAll(async () => {
  delete process.env.TEMPORAL_ADDRESS;
  await connection?.close();
  await live?.stop();
  rmSync(folder, { recursive: true });
}, 60_000);
beforeEach(async () => {
  cluster = new FakeCluster(['n1', 'n2']);
  // lists lag behind: one that is gone may stand in them for a moment
  await until('all schedules are gone', 20, async () => {
    let left = 0;
    for await (const { scheduleId } of client.schedule.list()) {
      left += 1;
      await client.schedule
        .getHandle(scheduleId)
        .delete()
        .catch((error: unknown) => {
          if (!(error instanceof ScheduleNotFoundError)) throw error;
        });
    }
    return left === 0 || undefined;
  });
});

const input = { cluster: 'fake.yaml', service: 'web' };
const drift = { id: 'drift', workflow: 'configDrift', input, every: '1h' };
function file(...schedules: object[]): string {
  const path = join(folder, 'schedules.yaml');
  writeFileSync(path, stringify(schedules));
  return path;
}
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Recorder();
  const code = await pawl(['schedule', ...args], terminal);
  return { code, out: terminal.out, err: terminal.err };
}
async function apply(...schedules: object[]): Promise<string> {
  const { code, out, err } = await run('apply', file(...schedules));
  expect([code, err]).toEqual([0, '']);
  return out;
}
const described = (id = 'drift'): Promise<ScheduleDescription> =>
  client.schedule.getHandle(`pawl-${id}`).describe();

it('makes schedules, says so, and leaves alone those that are so already', async () => {
  const backup = {
    ...drift,
    id: 'nightly',
    every: undefined,
    cron: '0 2 * * 1-5',
    timeZone: 'Asia/Shanghai',
  };
  const more = { overlap: 'bufferOne', catchUpSeconds: 600 };
  expect(await apply(drift, { ...backup, ...more })).toBe('created drift\ncreated nightly\n');
  expect(await apply(drift, { ...backup, ...more })).toBe('unchanged drift\nunchanged nightly\n');
  expect(await apply({ ...drift, every: '30m' }, backup)).toBe('updated drift\nupdated nightly\n');
  const { spec, action, policies, info } = await described('nightly');
  expect(spec).toMatchObject({
    timezone: 'Asia/Shanghai',
    calendars: [{ hour: [{ start: 2, end: 2, step: 1 }], dayOfWeek: [{ start: 'MONDAY', end: 'FRIDAY' }] }],
  });
  expect(action).toMatchObject({
    ...{ workflowType: 'configDrift', workflowId: 'drift-nightly', taskQueue: 'pawl', args: [input] },
    ...{ memo: { startedBy: 'schedule pawl-nightly' }, workflowTaskTimeout: 5_000 },
    staticSummary: 'look whether hosts have the configuration that they shall have; changes nothing',
  });
  expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: 3_600_000, pauseOnFailure: false });
  // two in the morning there
  expect(info.nextActionTimes[0]!.toISOString()).toMatch(/T18:00:00/);
});

it.each([
  ['* * * * *', '*/7 1-23/2 1,15 JAN-MAR *'],
  ['@daily', '0 0 * * 7'],
  ['0 0 29 2 *', '5/20 * * * mon,wed-fri'],
])('knows %s and %s again', async (one, other) => {
  const schedules = [one, other].map((cron, at) => ({ ...drift, id: `s${at}`, every: undefined, cron }));
  expect(await apply(...schedules)).toBe('created s0\ncreated s1\n');
  expect(await apply(...schedules)).toBe('unchanged s0\nunchanged s1\n');
});

it('makes what somebody has changed in Temporal’s UI as the file says it, and leaves a pause', async () => {
  await apply(drift);
  const handle = client.schedule.getHandle('pawl-drift');
  await handle.update(({ action, policies, state }) => ({
    ...{ action, policies, state },
    spec: { intervals: [{ every: '5m' }] },
  }));
  await handle.pause('by hand');
  expect(await apply(drift)).toBe('updated drift\n');
  expect(await described()).toMatchObject({
    ...{ state: { paused: true, note: 'by hand' }, spec: { intervals: [{ every: 3_600_000 }] } },
  });
  expect(await apply(drift)).toBe('unchanged drift\n');
  expect(await apply({ ...drift, paused: false })).toBe('updated drift\n');
  expect((await described()).state.paused).toBe(false);
});

it('tells all mistakes of a file at once, with their lines, and does nothing', async () => {
  writeFileSync(join(folder, 'input.json'), '{"cluster": "c.yaml", "service": "-x"}');
  const path = file(
    drift,
    { ...drift, every: '5s' },
    { ...drift, id: 'a', cron: '0 2 31 2 *' },
    { ...drift, id: 'b', every: undefined, cron: '61 * * * *', timeZone: 'Europe/Berlim' },
    { ...drift, id: 'c', workflow: 'configDrifts', overlap: 'terminate' },
    { ...drift, id: 'd', input: { ...input, revison: 'main' } },
    { ...drift, id: 'e', input: 'input.json' },
    { ...drift, id: 'f', input: 'none.json' },
  );
  const { code, out, err } = await run('apply', path);
  expect([code, out]).toEqual([2, '']);
  for (const words of [
    /schedules\.yaml:\d+:\d+ 1\.id +drift +another schedule has this id/,
    /1\.every +5s +at least 10 s/,
    /2\.cron +0 2 31 2 \* +either cron or every, and not both/,
    /2\.cron +0 2 31 2 \* +never comes: none of these months has such a day/,
    /3\.cron +61 \* \* \* \* +minute "61": from 0 to 59/,
    /3\.timeZone +Europe\/Berlim +an IANA name such as Europe\/Berlin/,
    /4\.workflow +configDrifts +.*did you mean "configDrift"/,
    /4\.overlap +terminate/,
    /5\.input\.revison +.*did you mean "revision"/,
    /6\.input +input\.json +service: letters, digits/,
    /7\.input +none\.json +there is no such file/,
  ])
    expect(err).toMatch(words);
  expect(
    await client.schedule
      .getHandle('pawl-drift')
      .describe()
      .catch(() => 'none'),
  ).toBe('none');
});

it('says what it would do, and does it not', async () => {
  const { out } = await run('apply', file(drift), '--dry-run', '--json');
  expect(JSON.parse(out)).toEqual({ dryRun: true, schedules: [{ id: 'drift', outcome: 'created' }] });
  expect((await run('list')).err).toMatch(/no schedules yet/);
});

it('says where summer leaves a time out', async () => {
  const { code, err } = await run(
    ...['apply', file({ ...drift, every: undefined, cron: '30 2 * * *', timeZone: 'Europe/Berlin' })],
  );
  expect([code, err]).toEqual([
    ...[0, expect.stringMatching(/^drift: on \d{4}-03-\d\d clocks in Europe\/Berlin leave this time out/)],
  ]);
});

it('shows, pauses, resumes and deletes one', async () => {
  await apply(drift);
  await listed(/drift +configDrift +every 1h +next \d{4}-/);
  expect((await run('pause', 'drift', '--note', 'a move')).out).toBe('✔ paused drift\n');
  expect((await run('show', 'drift')).out).toMatch(
    /drift: configDrift, every 1h, paused\n +paused by .+: a move/,
  );
  expect((await run('resume', 'drift')).out).toBe('✔ resumed drift\n');
  expect(JSON.parse((await run('show', 'drift', '--json')).out)).toMatchObject({ state: { paused: false } });
  const { code, err } = await run('show', 'drfit');
  expect([code, err]).toEqual([2, 'pawl: there is no schedule drfit; there are drift\n']);
  expect((await run('delete', 'drift')).out).toBe('✔ deleted drift\n');
  expect((await run('delete', 'drift')).code).toBe(2);
});

/** Lists lag behind by a moment. */
async function listed(words: RegExp): Promise<void> {
  for (let looks = 0; looks < 50; looks += 1) {
    if (words.test((await run('list')).out)) return;
    await delay(100);
  }
  expect((await run('list')).out).toMatch(words);
}

it('starts runs that know what the one before has told', async () => {
  cluster.notifications = { progressSeconds: 0, channels: { ops: ['drift'] } };
  cluster.drifts.push(driftLook(['n1 /etc/a edited X']));
  await apply(drift);
  const first = await triggered(1);
  const second = await triggered(2);
  expect(cluster.told.map(({ line }) => line)).toEqual(['ops drift']);
  expect([first, second].map(({ drift: found }) => found!.memory.told)).toEqual([
    ...[{ n1: ['/etc/aeditedX'] }, { n1: ['/etc/aeditedX'] }],
  ]);
  expect(first.id).toMatch(/^drift-drift-\d{4}-\d\d-\d\dT[\d:]+Z$/);
});

it('starts a correction once for the same drift, whatever became of it', async () => {
  let plans = 0;
  cluster.trouble['plan'] = () => {
    plans += 1;
    fails('BadInput', 'it cannot be brought')();
  };
  const may = { correct: true, mayCorrect: true, correctionId: `config-web-drift-${Date.now()}` };
  cluster.drifts.push(driftLook(['n1 /etc/a edited X'], may));
  await apply(drift);
  const found = [await triggered(1), await triggered(2)].map((report) => report.drift!.correction);
  expect(found).toEqual([may.correctionId, undefined]);
  await expect(client.workflow.getHandle(may.correctionId).result()).rejects.toThrow();
  expect(plans).toBe(1);
});

/** @returns the report of the run */
async function triggered(count: number): Promise<Report> {
  expect((await run('trigger', 'drift')).out).toMatch(/^✔ triggered/);
  for (let looks = 0; looks < 100; looks += 1) {
    const { info } = await described();
    const last = info.recentActions[count - 1];
    if (last) return (await client.workflow.getHandle(last.action.workflow.workflowId).result()) as Report;
    await delay(100);
  }
  throw new Error('the schedule started nothing');
}
