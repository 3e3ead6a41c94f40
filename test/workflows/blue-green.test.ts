/** Two sets of hosts: the idle one gets the release, and all balancers switch to it. */
import type { WorkflowHandle } from '@temporalio/client';
import type { Status } from '../../src/contracts/status';
import type { FakeInput } from './harness';
import { FakeCluster, Harness, fails, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const IDLE = ['s1', 's2'];
const OLD = ['n1', 'n2'];
const BALANCERS = ['edge', 'inner'];
const INPUT: FakeInput = { strategy: 'blueGreen', watchSeconds: 60, minHealthySeconds: 5 };
const SYNC = {
  name: 'sync',
  when: 'beforeSwitch',
  host: 'n1',
  command: ['sync', 'sessions'],
  undo: ['sync', 'back'],
  timeoutSeconds: 60,
  ifCut: 'fail',
};

/** Time stands still while a test waits for something. */
const AT_ONCE = { minHealthySeconds: 0, watchSeconds: 0 };

let clusters = 0;
function newCluster(): FakeCluster {
  const cluster = new FakeCluster([...OLD, ...IDLE], `sets${(clusters += 1)}`);
  cluster.idle = IDLE;
  cluster.balancers = BALANCERS;
  for (const host of IDLE) {
    cluster.out.add(host);
    cluster.versions[host] = '0.9.0';
  }
  cluster.proven = [];
  return cluster;
}

const run = (
  cluster: FakeCluster,
  more: object = {},
  during?: (handle: WorkflowHandle) => Promise<unknown>,
) => harness.run(cluster, { ...INPUT, ...more }, during);

const switches = (cluster: FakeCluster) => cluster.journal.filter((line) => line.startsWith('switch '));
const SWITCHED = ['switch edge to s1, s2', 'switch inner to s1, s2'];
const BACK = ['switch edge to n1, n2', 'switch inner to n1, n2'];
const isWarm = ({ phase, summary }: Status) => phase === 'watching' && summary.includes('kept warm');
const abort = (handle: WorkflowHandle, undo = true) =>
  handle.executeUpdate<string, [object]>('abort', { args: [{ by: 'ann', undo }] });

/** Requests go to the old set at every balancer, and each host runs what it ran. */
function expectAsBefore(cluster: FakeCluster) {
  for (const balancer of BALANCERS) expect(cluster.serving[balancer] ?? OLD).toEqual(OLD);
  expect(cluster.versions).toEqual({ n1: '1.0.0', n2: '1.0.0', s1: '0.9.0', s2: '0.9.0' });
  for (const host of IDLE) expect(cluster.out.has(host)).toBe(true);
  expect(cluster.service.marks).toEqual({});
}

it('upgrades the idle set, switches, drains the old one, keeps it warm, and leaves it out on purpose', async () => {
  const cluster = newCluster();
  const { end, message, report } = await run(cluster, { runOnce: [SYNC] });
  expect([end, message]).toEqual(['succeeded', 'web runs 2.0.0 on 2 hosts; out of rotation: n1, n2']);
  const order = [
    'stage',
    'switchRelease',
    'proveHealthy',
    'weight 0',
    'do sync',
    'switch edge',
    'switch inner',
    'takeOut',
    'mark',
  ];
  const first = order.map((what) => cluster.journal.findIndex((line) => line.startsWith(what)));
  expect(first).toEqual([...first].sort((one, other) => one - other));
  expect(first).not.toContain(-1);
  expect(switches(cluster)).toEqual(SWITCHED);
  // the old set was not touched, the new one never taken out
  expect(cluster.journal.filter((line) => /^takeOut/.test(line)).sort()).toEqual([
    'takeOut n1',
    'takeOut n2',
  ]);
  expect(cluster.versions).toEqual({ n1: '1.0.0', n2: '1.0.0', s1: '2.0.0', s2: '2.0.0' });
  expect(report.hosts.map(({ name, state }) => `${name} ${state}`)).toEqual([
    's1 done',
    's2 done',
    'n1 out',
    'n2 out',
  ]);
  expect(Object.keys(cluster.service.marks).sort()).toEqual(OLD);
  expect(cluster.service.marks['n1']).toMatchObject({
    reason: 'the idle set of web since 2.0.0 serves',
    weights: { edge: 100, inner: 100 },
    standby: true,
  });
  expect([...cluster.service.stopped]).toEqual([]);
  expect([report.progress, report.leftToDo]).toEqual([1, []]);
  expect(cluster.stable).toEqual(['1.0.0 by nobody', '2.0.0 by a change']);
  const seconds = (Date.parse(report.endedAt!) - Date.parse(report.startedAt)) / 1_000;
  expect(seconds).toBeGreaterThan(5 + 60 + 600);
});

it('stops the old set where that is asked for', async () => {
  const cluster = newCluster();
  const { end } = await run(cluster, { blueGreen: { warmSeconds: 0, stopOld: true } });
  expect(end).toBe('succeeded');
  expect([...cluster.service.stopped].sort()).toEqual(OLD);
});

it('one message while it is warm switches back; said twice it is the same', async () => {
  const cluster = newCluster();
  const answers: string[] = [];
  const { end, message, report } = await run(cluster, { runOnce: [SYNC], ...AT_ONCE }, async (handle) => {
    await until(handle, isWarm);
    answers.push(await abort(handle), await abort(handle).catch((error: Error) => String(error.cause)));
  });
  expect([end, message]).toEqual(['Aborted', 'stopped by ann; everything is as it was']);
  expect(answers[0]).toBe('recorded; touched hosts are put back');
  expect(answers[1]).toMatch(/already stopped by ann|is rolling back|has ended/);
  expect([...switches(cluster).slice(0, 2), ...switches(cluster).slice(2).sort()]).toEqual([
    ...SWITCHED,
    ...BACK,
  ]);
  const at = (line: string) => cluster.journal.lastIndexOf(line);
  expect(at('switch edge to n1, n2')).toBeLessThan(at('sync back'));
  expect(at('sync back')).toBeLessThan(at('takeOut s2'));
  expectAsBefore(cluster);
  expect(report.hosts.map(({ state }) => state)).toEqual(['undone', 'undone', 'serving', 'serving']);
});

it('a message that comes before the switch, or after the end, switches nothing', async () => {
  const early = newCluster();
  const { end } = await run(early, { approvals: ['beforeSwitch'] }, async (handle) => {
    await until(handle, ({ phase }) => phase === 'awaitingApproval');
    await abort(handle);
  });
  expect([end, switches(early)]).toEqual(['Aborted', []]);
  expectAsBefore(early);
  const late = newCluster();
  await harness.with(late, async ({ start }) => {
    const handle = await start({ ...INPUT, blueGreen: { warmSeconds: 0 } });
    await handle.result();
    await expect(abort(handle)).rejects.toThrow();
  });
  expect(switches(late)).toEqual(SWITCHED);
});

it('a gate that fails switches back', async () => {
  const cluster = newCluster();
  cluster.verdicts = ['hold', 'fail'];
  const { end, message } = await run(cluster, { gate: { enabled: true } });
  expect([end, message]).toEqual(['RolledBack', expect.stringContaining('gate after the switch')]);
  expect(cluster.looks.every(({ others }) => others.length === 0)).toBe(true);
  expectAsBefore(cluster);
});

it('with a gate that fails and freeze it stays, and says who serves', async () => {
  const cluster = newCluster();
  cluster.verdicts = ['fail'];
  const { end, report } = await run(cluster, { gate: { enabled: true }, onFailure: 'freeze' });
  expect(end).toBe('Frozen');
  expect(switches(cluster)).toEqual(SWITCHED);
  expect(report.leftToDo.map(({ what }) => what)).toContain(
    'requests go to s1, s2; n1, n2 are out of rotation and run what they ran',
  );
});

it('a balancer that cannot be reached while they switch: those that did go back, the other is listed', async () => {
  const cluster = newCluster();
  cluster.trouble['switch inner to s1, s2'] = fails('BalancerUnavailable', 'inner gives no answer');
  cluster.trouble['switch inner to n1, n2'] = fails('BalancerUnavailable', 'inner gives no answer');
  const { end, message, report } = await run(cluster, { unreachableSeconds: 5 });
  expect([end, message]).toEqual([
    'Failed',
    expect.stringContaining('inner does not switch: inner gives no answer'),
  ]);
  expect(switches(cluster)).toEqual(['switch edge to s1, s2', 'switch edge to n1, n2']);
  // requests may go to them at the other one, so they stay as they are
  expect(cluster.versions).toMatchObject({ s1: '2.0.0', s2: '2.0.0' });
  expect(report.leftToDo.map(({ what }) => what)).toContain(
    'see to edge, inner: requests may go to s1, s2 or to n1, n2 (inner could not be switched back (inner gives no answer))',
  );
});

it('a balancer that is back in time is switched back, and all is as it was', async () => {
  const cluster = newCluster();
  cluster.trouble['switch inner to s1, s2'] = fails('BalancerUnavailable', 'inner gives no answer');
  const { end } = await run(cluster, { unreachableSeconds: 5 });
  expect(end).toBe('RolledBack');
  expectAsBefore(cluster);
});

it('where a person is asked, the balancer is tried again', async () => {
  const cluster = newCluster();
  cluster.trouble['switch inner to s1, s2'] = fails('BalancerRefused', 'inner: no such server');
  const { end } = await run(cluster, { onFailure: 'ask' }, async (handle) => {
    await until(handle, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
    delete cluster.trouble['switch inner to s1, s2'];
    await handle.executeUpdate('retry', { args: [{ by: 'ann', step: 'switch' }] });
  });
  expect([end, switches(cluster)]).toEqual(['succeeded', SWITCHED]);
});

it('switches only when the idle set carries what comes, and says for what it waits', async () => {
  const cluster = newCluster();
  cluster.capacity = { requestsPerSecond: 100, percent: 80 };
  let busy = true;
  cluster.room = (who) => (busy ? `${who} waits for load` : null);
  const { end, report } = await run(cluster, AT_ONCE, async (handle) => {
    await until(handle, ({ steps }) =>
      steps.some(({ name, note }) => name === 'switch' && note === 'the switch waits for load'),
    );
    expect(switches(cluster)).toEqual([]);
    busy = false;
  });
  expect([end, switches(cluster)]).toEqual(['succeeded', SWITCHED]);
  expect(report.steps.find(({ name }) => name === 'switch')?.note).toBe('requests go to s1, s2');
});

it('is not switched, and goes back, where nobody can say whether the idle set carries the load', async () => {
  const cluster = newCluster();
  cluster.capacity = { requestsPerSecond: 100, percent: 80 };
  cluster.trouble['room the switch'] = fails('BalancerUnavailable', 'edge gives no answer');
  const { end, message } = await run(cluster, { unreachableSeconds: 5 });
  expect([end, message]).toEqual([
    'RolledBack',
    expect.stringContaining('it is not known whether they carry the load: edge gives no answer'),
  ]);
  expect(switches(cluster)).toEqual([]);
  expectAsBefore(cluster);
});

it('an idle host that does not become well stops it before anything is switched', async () => {
  const cluster = newCluster();
  cluster.trouble['proveHealthy s2'] = () => {
    if (cluster.versions['s2'] === '2.0.0') fails('Unhealthy', 's2: /health answers 500')();
  };
  const { end, message } = await run(cluster);
  expect([end, message]).toEqual(['RolledBack', expect.stringContaining('s2: /health answers 500')]);
  expect(switches(cluster)).toEqual([]);
  expectAsBefore(cluster);
});

it('one that fails while it stands by stops it, too', async () => {
  const cluster = newCluster();
  cluster.trouble['confirm s1'] = fails('Unhealthy', 's1 did not stay healthy', { host: 's1' });
  const { end } = await run(cluster);
  expect([end, switches(cluster)]).toEqual(['RolledBack', []]);
  expectAsBefore(cluster);
});

it('a hook that fails stops it before the switch, and is taken back', async () => {
  const cluster = newCluster();
  cluster.trouble['do sync on n1'] = fails('CommandFailed', 'sync ended with 1');
  const { end } = await run(cluster, { runOnce: [SYNC] });
  expect([end, switches(cluster)]).toEqual(['RolledBack', []]);
  expect(cluster.journal).toContain('sync back');
  expectAsBefore(cluster);
});

it('without a way back of the hook nothing goes back behind it', async () => {
  const cluster = newCluster();
  cluster.verdicts = ['fail'];
  const { undo: _undo, ...final } = SYNC;
  const { end, message } = await run(cluster, { runOnce: [final], gate: { enabled: true } });
  expect([end, message]).toEqual(['Frozen', expect.stringContaining('point of no return (sync)')]);
  expect(switches(cluster)).toEqual(SWITCHED);
});

it('a host of the old set cannot be skipped', async () => {
  const cluster = newCluster();
  let answer = '';
  const { end } = await run(cluster, { approvals: ['beforeSwitch'] }, async (handle) => {
    await until(handle, ({ phase }) => phase === 'awaitingApproval');
    answer = await handle
      .executeUpdate<string, [object]>('skip', { args: [{ by: 'ann', host: 'n1' }] })
      .catch((error: Error) => String(error.cause));
    await handle.executeUpdate('approve', { args: [{ by: 'ann' }] });
  });
  expect(answer).toContain('n1 is serving; only a host that waits can be skipped');
  expect(end).toBe('succeeded');
});

it('a mark that cannot be written down is left to do, and undoes nothing', async () => {
  const cluster = newCluster();
  cluster.trouble['mark n2'] = fails('CommandFailed', 'lb1: no space left');
  const { end, report } = await run(cluster);
  expect(end).toBe('succeeded');
  expect(report.leftToDo).toEqual([
    { host: 'n2', what: 'n2 is out as was asked for, but: lb1: no space left' },
  ]);
});
