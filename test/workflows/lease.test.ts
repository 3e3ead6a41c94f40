/** Who works and who waits: real leases, changes and repairs; only the hosts are imagined. */
import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Claim, Held, LeaseAsk, ToHolder } from '../../src/contracts/lease';
import { leaseId, TO_LEASE } from '../../src/contracts/lease';
import type { Report, Status } from '../../src/contracts/status';
import { YIELD_WITHIN } from '../../src/domain/lease';
import type { Company } from './harness';
import { FakeCluster, Harness, endOf, fails, until } from './harness';
import type { standIn } from './stand-ins';
import { finishSignal, saidQuery } from './stand-ins';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start(join(__dirname, 'stand-ins.ts'))), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, batches: ['100%'] };
/** Waits for a person before it touches anything, with the lease in its hands. */
const holding = { ...quick, approvals: ['before' as const] };
const APPROVED = { args: [{ by: 'ann' }] as [object] };

let clusters = 0;
/** Each test has a lease of its own. */
function newCluster(): FakeCluster {
  const cluster = new FakeCluster(['n1', 'n2', 'n3'], `lab${(clusters += 1)}`);
  cluster.watchesAlways = true;
  return cluster;
}

const held = (handle: WorkflowHandle) => until(handle, ({ phase }) => phase === 'awaitingApproval');
const queued = (handle: WorkflowHandle, words = '') =>
  until(handle, ({ phase, waitingFor }) => phase === 'queued' && !!waitingFor?.what.includes(words));

const gateHolds = (handle: WorkflowHandle, batch: number) =>
  until(
    handle,
    (status) => status.batch?.index === batch && !!status.waitingFor?.what.includes('holds until'),
  );

// the first ones: the test server skips no more time once a run has ended before one of its activities
describe('time', () => {
  it('ends the waiting of a change: the deadline for people holds here, too', async () => {
    const cluster = newCluster();
    cluster.watchesAlways = false;
    await harness.with(cluster, async ({ start }) => {
      const one = await start({ ...holding, personDeadlineHours: 9 });
      await held(one);
      const two = await start({ ...quick, personDeadlineHours: 2 }, { version: '3.0.0' });
      const { end, message } = await endOf(two);
      expect([end, message]).toEqual(['Failed', expect.stringContaining('its turn did not come in 2 h')]);
      expect((await endOf(one)).end).toBe('Failed');
    });
  });

  it('takes the hosts from who does not give way to an emergency; that one is cancelled, not terminated', async () => {
    const cluster = newCluster();
    cluster.watchesAlways = false;
    await harness.with(cluster, async (company) => {
      const deaf = await stand(company, 'usual', 'deaf', 'n1');
      const { leaseGranted } = await hears(deaf, 'leaseGranted');
      const emergency = await stand(company, 'emergency', 'polite', 'n1');
      const { yieldLease } = await hears(deaf, 'yieldLease');
      expect(yieldLease).toMatchObject({ by: emergency.workflowId, epoch: leaseGranted!.epoch });
      const said = await deaf.result();
      expect(said.leaseLost).toEqual({ change: deaf.workflowId, by: emergency.workflowId });
      const { leaseGranted: newer } = await hears(emergency, 'leaseGranted');
      expect(newer!.epoch - leaseGranted!.epoch).toBeGreaterThanOrEqual(YIELD_WITHIN - 1_000);
      await emergency.signal(finishSignal);
    });
  });
});

describe('two changes of the same hosts', () => {
  it('go one after the other; the second says for whom it waits, and plans again', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start }) => {
      const one = await start({ ...holding, batches: [1, '100%'], approvals: ['afterFirstBatch'] });
      await held(one);
      const two = await start(holding, { version: '3.0.0' });
      const { waitingFor } = await queued(two, 'when asked');
      expect(waitingFor).toMatchObject({
        what: `${one.workflowId} (web → 2.0.0, awaitingApproval when asked) holds what this change needs; place 1 of 1 in line`,
        answers: [{ message: 'abort', payload: { by: 'you', undo: true } }],
      });
      // approved in advance, for the plan of then
      await two.signal('approve', { by: 'ann' });
      cluster.planned += 1;
      await one.executeUpdate('approve', APPROVED);
      expect((await endOf(one)).end).toBe('succeeded');
      const again = await held(two);
      expect(again.notes.join()).toContain('approvals are void');
      await two.executeUpdate('approve', APPROVED);
      expect((await endOf(two)).end).toBe('succeeded');
      const [first, second] = cluster.fences;
      expect([first?.holder, second?.holder]).toEqual([one.workflowId, two.workflowId]);
      expect(second!.epoch).toBeGreaterThan(first!.epoch);
    });
  });

  it.each([
    { messages: ['promote', 'promote'], more: {}, end: 'succeeded' },
    { messages: ['abort'], more: { undo: true }, end: 'Aborted' },
  ])('wait while gates of the first hold, up to its end: $messages', async ({ messages, more, end }) => {
    const cluster = newCluster();
    cluster.verdicts = ['hold'];
    await harness.with(cluster, async ({ start }) => {
      const one = await start({ ...quick, batches: [1, '100%'], gate: { holdSeconds: 600 } });
      await gateHolds(one, 1);
      const two = await start(quick, { version: '3.0.0' });
      for (const [index, message] of messages.entries()) {
        await gateHolds(one, index + 1);
        await queued(two, `${one.workflowId} (web → 2.0.0, soaking when asked) holds what this change needs`);
        expect(cluster.fences.map(({ holder }) => holder)).toEqual([one.workflowId]);
        await one.executeUpdate(message, { args: [{ by: 'ann', ...more }] });
      }
      expect([(await endOf(one)).end, (await endOf(two)).end]).toEqual([end, 'succeeded']);
      expect(Object.values(cluster.versions)).toEqual(['3.0.0', '3.0.0', '3.0.0']);
      expect(cluster.mostOut).toBe(1);
    });
  });

  it('do not wait for each other on a dry run', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start }) => {
      const one = await start(holding);
      await held(one);
      expect((await endOf(await start({ ...quick, dryRun: true }, { version: '3.0.0' }))).end).toBe(
        'planned',
      );
      await one.executeUpdate('approve', APPROVED);
      await endOf(one);
    });
  });

  it('that are the same one: the second names the first', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start }) => {
      const one = await start(holding);
      await held(one);
      const { end, message, report } = await endOf(await start(holding));
      expect([end, message, report.phase]).toEqual([
        'AlreadyRunning',
        `the same change waits or works already: ${one.workflowId}; nothing was touched`,
        'failed',
      ]);
      await one.executeUpdate('approve', APPROVED);
      expect((await endOf(one)).end).toBe('succeeded');
    });
  });

  it('let the second be aborted while it waits, and nobody waits for it then', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start, lease }) => {
      const one = await start(holding);
      await held(one);
      const two = await start(quick, { version: '3.0.0' });
      await queued(two);
      await two.executeUpdate('abort', { args: [{ by: 'ann', undo: true }] });
      const { end, message } = await endOf(two);
      expect([end, message]).toEqual([
        'Aborted',
        expect.stringContaining('no host was taken out of rotation'),
      ]);
      await until(lease, ({ line }) => line?.waiting.length === 0);
      await one.executeUpdate('approve', APPROVED);
      expect((await endOf(one)).end).toBe('succeeded');
    });
  });

  it('let one that was terminated in line be passed over', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start }) => {
      const one = await start(holding);
      await held(one);
      const two = await start(quick, { version: '3.0.0' });
      await queued(two);
      const three = await start(quick, { version: '4.0.0' });
      await queued(three, 'place 2 of 2');
      await two.terminate();
      await one.executeUpdate('approve', APPROVED);
      expect([(await endOf(one)).end, (await endOf(three)).end]).toEqual(['succeeded', 'succeeded']);
    });
  });
});

describe('hosts that are not ready', () => {
  const unready = [{ code: 'notInRotation', path: 'hosts.n1', value: 'DRAIN', rule: 'must be in rotation' }];

  it('are bad input when nobody else is at work', async () => {
    const cluster = newCluster();
    cluster.unready = unready;
    await harness.with(cluster, async ({ start }) => {
      const { end, message } = await endOf(await start(quick));
      expect([end, message]).toEqual([
        'BadInput',
        expect.stringContaining('hosts.n1: DRAIN: must be in rotation'),
      ]);
      expect(cluster.fences).toEqual([]);
    });
  });

  it('are looked at again when those who were at work have ended', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start }) => {
      const one = await start(holding);
      await held(one);
      cluster.unready = unready;
      const two = await start(quick, { version: '3.0.0' });
      await queued(two);
      cluster.unready = undefined;
      await one.executeUpdate('approve', APPROVED);
      expect([(await endOf(one)).end, (await endOf(two)).end]).toEqual(['succeeded', 'succeeded']);
    });
  });
});

/** A host is out, and its switch will not end by itself. */
async function stuck(cluster: FakeCluster, { start }: Company, host = 'n2') {
  let free = () => {};
  const stop = new Promise<void>((resolve) => (free = resolve));
  cluster.trouble[`switchRelease ${host}`] = () => {
    delete cluster.trouble[`switchRelease ${host}`];
    return stop;
  };
  const handle = await start(quick);
  await until(handle, ({ hosts }) => hosts.find(({ name }) => name === host)?.state === 'changing');
  return { handle, free };
}

const repairOf = async ({ lease, handleOf }: Company) => {
  const repairs = (status: Status) => status.line?.holders.find(({ id }) => id.startsWith('repair-'));
  return handleOf(repairs(await until(lease, (status) => repairs(status) !== undefined))!.id);
};

describe('a change that is cut off', () => {
  it('is repaired: what was under way goes back, what was finished stays, and the next one is told', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async (company) => {
      const { handle, free } = await stuck(cluster, company);
      const next = await company.start({ ...quick, hosts: ['n2'] }, { version: '3.0.0' });
      await queued(next);
      // the repair takes its time, so that it can be seen
      cluster.trouble['putBack n2'] = () => new Promise((resolve) => setTimeout(resolve, 300));
      await handle.terminate();
      const { end, report } = await endOf(await repairOf(company));
      free();
      expect(end).toBe('succeeded');
      expect(report.summary).toContain('back as before: n2; finished, and left so: n1');
      expect(report.leftToDo).toEqual([
        { host: 'n1', what: 'n1 runs 2.0.0 and serves; it ran 1.0.0 before the change that was cut off' },
      ]);
      expect(report.hosts.map(({ state }) => state)).toEqual(['done', 'undone', 'staged']);
      const { end: after, report: told } = await endOf(next);
      expect(after).toBe('succeeded');
      expect(told.notes.join()).toMatch(/repair-.* left: n1 runs 2\.0\.0/);
      const epochs = cluster.fences.map(({ epoch }) => epoch);
      expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    });
  });

  it('whose host cannot be put back is reported, with a command, and the next one still gets its turn', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async (company) => {
      const { handle, free } = await stuck(cluster, company);
      cluster.trouble['proveHealthy n2'] = fails('Unhealthy', 'n2: /health answers 500');
      const next = await company.start({ ...quick, hosts: ['n1'] }, { version: '3.0.0' });
      await queued(next);
      await handle.terminate();
      const { end, report } = await endOf(await repairOf(company));
      free();
      expect(end).toBe('Failed');
      expect(report.leftToDo[0]).toEqual({
        host: 'n2',
        what: 'n2 could not be put back: n2: /health answers 500',
        command: 'ssh n2 systemctl status web.service',
      });
      delete cluster.trouble['proveHealthy n2'];
      const { report: told } = await endOf(next);
      expect(told.notes.join()).toContain('n2 could not be put back');
    });
  });

  it('and whose history is gone is reported from what hosts and balancers say', async () => {
    const cluster = newCluster();
    cluster.out.add('n2');
    await harness.with(cluster, async ({ handleOf, taskQueue, cluster: fake }) => {
      const id = `repair-${randomUUID()}`;
      await harness.env.client.workflow.start('repair', {
        taskQueue,
        workflowId: id,
        args: [
          {
            cluster: fake.name,
            file: 'fake.yaml',
            dead: { id: 'upgrade-gone', change: 'upgrade-gone/1', what: '', why: 'terminated' },
            epoch: 1,
            claims: ['n1', 'n2'].map((name): Claim => ({ name: `host ${name}`, mode: 'exclusive' })),
          },
        ],
      });
      const { end, report } = await endOf(handleOf(id));
      expect([end, report.leftToDo]).toEqual([
        'Failed',
        [
          {
            host: 'n2',
            what: 'n2 (1.0.0) is out at edge; see to its service, then put it back',
            command: 'ssh n2 systemctl status web.service',
          },
        ],
      ]);
      expect(cluster.journal).toEqual([]);
    });
  });
});

describe('a lease that is terminated', () => {
  it('is asked for again by whoever waits; the new one takes in who is found at work', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start, lease }) => {
      const one = await start(holding);
      await held(one);
      const { line, startedAt } = await until(lease, (status) => status.line?.holders.length === 1);
      expect(line?.holders[0]?.id).toBe(one.workflowId);
      const two = await start(quick, { version: '3.0.0' });
      await queued(two);
      const [before] = (await lease.query<{ held: Held[] }>('state')).held;
      cluster.found = { running: [before!], cut: [] };
      await lease.terminate();
      const again = await until(
        lease,
        (status) => status.line?.waiting.length === 1 && status.startedAt !== startedAt,
      );
      expect(again.line?.holders[0]?.id).toBe(one.workflowId);
      await one.executeUpdate('approve', APPROVED);
      expect([(await endOf(one)).end, (await endOf(two)).end]).toEqual(['succeeded', 'succeeded']);
    });
  });
});

/** An ask of a rank that no workflow has yet. */
function asks(cluster: FakeCluster, id: string, rank: LeaseAsk['rank'], ...hosts: string[]) {
  const claims = hosts.map((name): Claim => ({ name: `host ${name}`, mode: 'exclusive' }));
  const ask: LeaseAsk = { id, change: id, what: `${rank} of the test`, rank, claims, same: [] };
  return { cluster: cluster.name, file: 'fake.yaml', ask };
}

async function stand(
  company: Company,
  rank: LeaseAsk['rank'],
  manners: 'polite' | 'deaf',
  ...hosts: string[]
) {
  const id = `stand-in-${randomUUID()}`;
  return harness.env.client.workflow.start<typeof standIn>('standIn', {
    taskQueue: company.taskQueue,
    workflowId: id,
    args: [asks(company.cluster, id, rank, ...hosts), manners],
  });
}

async function hears(handle: WorkflowHandle<typeof standIn>, name: keyof ToHolder) {
  for (let looks = 0; looks < 400; looks += 1) {
    const said = await handle.query(saidQuery);
    if (said[name]) return said;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`it never heard ${name}`);
}

describe('an emergency', () => {
  it('makes a change end at its next safe moment, with no undo and each host as it stands', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async (company) => {
      const { handle, free } = await stuck(cluster, company);
      const emergency = await stand(company, 'emergency', 'polite', 'n1', 'n2');
      await until(company.lease, ({ line }) => line?.holders[0]?.yieldsTo === emergency.workflowId);
      // the switch is finished first
      expect((await handle.describe()).status.name).toBe('RUNNING');
      free();
      const { end, message, report } = await endOf(handle);
      expect([end, message]).toEqual(['Aborted', expect.stringContaining('touched hosts stay as they are')]);
      expect(report.messages.at(-1)?.by).toBe(emergency.workflowId);
      expect(report.hosts.map(({ state, version }) => [state, version])).toEqual([
        ['done', '2.0.0'],
        ['done', '2.0.0'],
        ['staged', '1.0.0'],
      ]);
      expect(cluster.journal.filter((line) => line.includes('runs 1.0.0'))).toEqual([]);
      await hears(emergency, 'leaseGranted');
      await emergency.signal(finishSignal);
    });
  });

  it('that has taken the hosts keeps a change from undoing anything', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async (company) => {
      const { handle, free } = await stuck(cluster, company);
      // onFailure undo would put everything back
      cluster.trouble['proveHealthy n2'] = fails('Unhealthy', 'no');
      const { change } = (await company.lease.query<{ held: Held[] }>('state')).held[0]!;
      await handle.signal('leaseLost', { change, by: 'emergency-1' });
      free();
      const { end, message, report } = await endOf(handle);
      expect([end, message]).toEqual(['Failed', expect.stringContaining('left to emergency-1 as it stands')]);
      expect(cluster.journal.filter((line) => line.includes('runs 1.0.0'))).toEqual([]);
      expect(report.leftToDo.map(({ host }) => host)).toContain('n2');
    });
  });

  it('is heard when its word comes between two lives of a run', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async (company) => {
      const first = await company.start(holding);
      await held(first);
      const state = await first.query<{ turn: { key: string } }>('state');
      const next = await harness.env.client.workflow.signalWithStart('rollingUpgrade', {
        taskQueue: company.taskQueue,
        workflowId: `${first.workflowId}-goes-on`,
        args: [holding, state],
        signal: 'leaseLost',
        signalArgs: [{ change: state.turn.key, by: 'emergency-1' }],
      });
      const { end, message, report } = await endOf(next);
      expect([end, message]).toEqual(['Failed', expect.stringContaining('emergency-1')]);
      expect(report.messages.map(({ answer }) => answer)).not.toContainEqual(
        expect.stringContaining('there is no message'),
      );
      await first.executeUpdate('approve', APPROVED);
      await endOf(first);
    });
  });

  it('that has taken the hosts ends an undo that waits for one of them to come back', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async (company) => {
      cluster.trouble['proveHealthy n1'] = fails('Unhealthy', 'no');
      let switches = 0;
      cluster.trouble['switchRelease n1'] = () => {
        if ((switches += 1) > 1) fails('HostUnreachable', 'no SSH session', { host: 'n1' })();
      };
      const handle = await company.start({ ...quick, unreachableSeconds: 3_600 });
      await until(handle, ({ phase, hosts }) => phase === 'rollingBack' && hosts[0]?.state === 'unreachable');
      const { change } = (await company.lease.query<{ held: Held[] }>('state')).held[0]!;
      await handle.signal('leaseLost', { change, by: 'emergency-1' });
      const { end, message, report } = await endOf(handle);
      expect([end, message]).toEqual(['Failed', expect.stringContaining('left to emergency-1 as it stands')]);
      expect(report.hosts[0]).toMatchObject({ state: 'failed', note: 'it lost its lease to emergency-1' });
      expect(report.leftToDo.map(({ host }) => host)).toContain('n1');
    });
  });
});

it('what makes no sense hurts nobody, and a cancellation of the lease does nothing', async () => {
  const cluster = newCluster();
  await harness.with(cluster, async ({ start, lease }) => {
    const one = await start(holding);
    await held(one);
    await lease.signal(TO_LEASE.ask, { id: 7 });
    await lease.signal(TO_LEASE.withdraw, 'x');
    await lease.cancel();
    await one.signal('leaseLost', { change: 'somebody else', by: 'x' });
    await one.signal('yieldLease', 'now');
    await until(lease, ({ line }) => line?.holders[0]?.id === one.workflowId);
    await one.executeUpdate('approve', APPROVED);
    expect((await endOf(one)).end).toBe('succeeded');
    const { summary, phase } = (await harness.env.client.workflow
      .getHandle(leaseId(cluster.name))
      .result()) as Report;
    expect([phase, summary]).toEqual(['succeeded', 'nobody holds anything']);
  });
});
