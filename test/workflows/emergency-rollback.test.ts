/** A service that has to go back at once, whatever is at work on it. */
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { closuresOf, pageOf } from './maintenance';
import { FakeCluster, Harness, endOf, fails, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const SIX = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
const NOW = { reason: 'orders fail', by: 'ann', cluster: 'fake.yaml', service: 'web' };

let clusters = 0;
/** @param bad hosts that run the bad release */
function newCluster(bad: string[] = []): FakeCluster {
  const cluster = new FakeCluster(SIX, `rollback${(clusters += 1)}`);
  cluster.watchesAlways = true;
  cluster.proven = [];
  for (const host of bad) cluster.versions[host] = '2.0.0';
  return cluster;
}

const rollBack = (cluster: FakeCluster, more: object = {}) =>
  harness.run(cluster, { ...NOW, ...more }, undefined, 'emergencyRollback');
const back = (host: string) => [
  `takeOut ${host}`,
  `switchRelease ${host}`,
  `${host} runs 1.0.0 round 0`,
  `proveHealthy ${host}`,
  `putBack ${host}`,
];

it('brings back who runs something else, as many at a time as may be out, and nobody else', async () => {
  const cluster = newCluster(['n2', 'n4', 'n5']);
  const { end, message, report } = await rollBack(cluster);
  expect([end, message]).toEqual(['succeeded', 'all requests of web go to 1.0.0']);
  for (const host of ['n2', 'n4', 'n5'])
    expect(cluster.journal.filter((line) => line.includes(host))).toEqual(back(host));
  expect(cluster.journal).toHaveLength(15);
  expect(cluster.mostOut).toBe(3);
  expect(report.hosts.map(({ state, version }) => `${state} ${version}`)).toEqual(
    SIX.map(() => 'done 1.0.0'),
  );
});

it('keeps out who does not get through, and lists it; the others go back', async () => {
  const cluster = newCluster(SIX);
  cluster.unfit['n1'] = 'it gives no answer in 5 s';
  cluster.trouble['proveHealthy n3'] = fails('Unhealthy', 'n3: /health answers 500');
  const { end, message, report } = await rollBack(cluster);
  expect([end, message]).toEqual(['succeeded', 'all requests of web go to 1.0.0; out of rotation: n1, n3']);
  expect(cluster.journal.filter((line) => line.includes('n1'))).toEqual(['takeOut n1']);
  expect([...cluster.out].sort()).toEqual(['n1', 'n3']);
  expect(report.leftToDo.map(({ host, what }) => [host, what.split(';')[0]])).toEqual([
    ['n1', 'n1 (2.0.0) did not go back: it gives no answer in 5 s'],
    ['n3', 'n3 (1.0.0) did not go back: n3: /health answers 500'],
  ]);
});

it('is no success while somebody may still get requests', async () => {
  const cluster = newCluster(['n2']);
  cluster.trouble['takeOut n2'] = fails('BalancerUnavailable', 'edge gives no answer');
  const { end, message } = await rollBack(cluster, { unreachableSeconds: 5 });
  expect(end).toBe('Failed');
  expect(message).toContain('n2 (edge gives no answer) may still get requests without 1.0.0');
});

it('tries again who may not leave until others are back', async () => {
  const cluster = newCluster(['n1', 'n2']);
  let refused = 0;
  cluster.trouble['takeOut n1'] = () => {
    if (cluster.versions['n2'] === '1.0.0') return;
    refused += 1;
    fails('BalancerNotAsWanted', 'n1 cannot leave')();
  };
  const { end } = await rollBack(cluster, { unreachableSeconds: 5 });
  expect(end).toBe('succeeded');
  expect(refused).toBeGreaterThan(0);
});

it('stopped by a person it begins with nobody else, and lists those that did not go back', async () => {
  const cluster = newCluster(SIX);
  // the test server refuses a workflow task for ever in which it cancels an activity that ends just then
  const atWork = ['n1', 'n2', 'n3'];
  for (const host of atWork)
    cluster.trouble[`switchRelease ${host}`] = () => new Promise((resolve) => setTimeout(resolve, 1_000));
  const { end, message, report } = await harness.run(
    cluster,
    NOW,
    async (handle) => {
      await until(handle, ({ hosts }) =>
        atWork.every((name) => hosts.find((host) => host.name === name)?.state === 'changing'),
      );
      await handle.executeUpdate('abort', { args: [{ by: 'bob', undo: true }] });
    },
    'emergencyRollback',
  );
  expect([end, message]).toEqual(['Aborted', expect.stringContaining('hosts stay as they are')]);
  expect(report.hosts[0]).toMatchObject({ state: 'done', version: '1.0.0' });
  expect(report.hosts[5]).toMatchObject({ state: 'pending', version: '2.0.0' });
  expect(report.leftToDo.map(({ host }) => host)).toContain('n6');
});

it('with nothing to do it says so', async () => {
  const { end, message } = await rollBack(newCluster());
  expect([end, message]).toEqual(['succeeded', 'nothing to do: every host of web runs 1.0.0 and serves']);
});

describe('an upgrade that is at work', () => {
  /** @param reaches when the rollback is asked for */
  async function preempted(
    cluster: FakeCluster,
    input: object,
    reaches: (handle: WorkflowHandle) => Promise<unknown>,
  ) {
    return harness.with(cluster, async ({ start }) => {
      const upgrade = await start({ minHealthySeconds: 0, watchSeconds: 0, ...input });
      await reaches(upgrade);
      const rollback = await start({ ...NOW, unreachableSeconds: 5 }, {}, 'emergencyRollback');
      const [first, second] = await Promise.all([endOf(upgrade), endOf(rollback)]);
      expect([first.end, second.end]).toEqual(['Aborted', 'succeeded']);
      expect(Object.values(cluster.versions)).toEqual(SIX.map(() => '1.0.0'));
      expect([...cluster.out]).toEqual([]);
      return second;
    });
  }
  const phase = (wanted: string) => (handle: WorkflowHandle) =>
    until(handle, (status) => status.phase === wanted);

  it('gives way while it soaks', async () => {
    await preempted(newCluster(), { batches: [2, '100%'], soakSeconds: 3_600 }, phase('soaking'));
  });

  it('changes nothing of where the rollback goes by giving way', async () => {
    const cluster = newCluster();
    await preempted(cluster, { batches: [2, '100%'], soakSeconds: 3_600 }, async (upgrade) => {
      await phase('soaking')(upgrade);
      let plans = 0;
      cluster.trouble['plan'] = () => {
        plans += 1;
        if (plans > 1) cluster.aim = { version: '0.9.0' };
      };
    });
    expect(cluster.aim.version).toBe('0.9.0');
  });

  /**
   * n2 does not become healthy, and nothing is done to another: the test server refuses a workflow task for ever in
   * which it cancels an activity that ends just then.
   */
  const onlyN2IsAtWork = (handle: WorkflowHandle) =>
    until(handle, ({ hosts }) => {
      const still = hosts.filter(({ state }) => state === 'done' || state === 'staged');
      return still.length === SIX.length - 1 && hosts[1]?.state === 'checking';
    });
  const behindPage = {
    batches: ['100%'],
    maxUnavailable: 6,
    maintenance: { minutes: 10, content: 'a faster database', allow: { addresses: [], passes: [] } },
  };
  /** The last flag is being put up until a rollback has asked for its turn. */
  function whileItCloses(cluster: FakeCluster) {
    let close: () => void;
    const closed = new Promise<void>((resolve) => (close = resolve));
    cluster.trouble['flag on n6'] = () => closed;
    return async (handle: WorkflowHandle) => {
      await until(handle, ({ steps }) => steps[0]?.state === 'running');
      cluster.trouble['plan'] = () => void setTimeout(close, 1_000);
    };
  }
  const closing = { version: '1.0.0', closures: closuresOf(SIX), page: pageOf('a faster database') };

  it('gives way behind its page, which is taken away when all are back', async () => {
    const cluster = newCluster();
    cluster.aim = closing;
    cluster.trouble['proveHealthy n2'] = async () => {
      if (cluster.versions['n2'] === '2.0.0') await Context.current().cancelled;
    };
    const { report } = await preempted(cluster, behindPage, onlyN2IsAtWork);
    const at = (line: string) => cluster.journal.lastIndexOf(line);
    expect(at('open web at inner')).toBeGreaterThan(at('putBack n2'));
    expect(at('no flag on n6')).toBeGreaterThan(at('open web at edge'));
    expect(report.steps.map(({ note }) => note)).toEqual(['open again', 'open again', 'open again']);
    expect(report.leftToDo).toEqual([]);
  });

  it('gives way behind its page, with a host that gives no answer: nobody is asked about its flag', async () => {
    const cluster = newCluster();
    cluster.aim = closing;
    cluster.trouble['no flag on n2'] = fails('HostUnreachable', 'n2 gives no answer');
    const { report } = await preempted(cluster, behindPage, whileItCloses(cluster));
    expect(cluster.journal).toContain('open web at edge');
    expect(report.leftToDo).toMatchObject([{ host: 'n2', command: 'ssh n2 rm -f /run/web/maintenance' }]);
  });

  it('gives way while it closes: the page goes all the same', async () => {
    const cluster = newCluster();
    cluster.aim = closing;
    const { message } = await preempted(cluster, behindPage, whileItCloses(cluster));
    expect(message).toBe('all requests of web go to 1.0.0');
    expect(cluster.journal).toContain('open web at edge');
  });

  it('has closed nothing yet: nothing is opened', async () => {
    const cluster = newCluster();
    cluster.aim = closing;
    const input = { ...behindPage, approvals: ['before'] };
    const { message } = await preempted(cluster, input, phase('awaitingApproval'));
    expect(message).toContain('nothing to do');
    expect(cluster.journal.filter((line) => line.startsWith('open'))).toEqual([]);
  });

  it('gives way while it waits for a person, and does not go on afterwards', async () => {
    const cluster = newCluster();
    const { message } = await preempted(cluster, { approvals: ['before'] }, phase('awaitingApproval'));
    expect(message).toContain('nothing to do');
    expect(cluster.journal.filter((line) => line.includes('2.0.0'))).toEqual([]);
  });

  it('gives way while it waits for a host to become healthy, and leaves that host to the rollback', async () => {
    const cluster = newCluster();
    cluster.trouble['proveHealthy n2'] = async () => {
      if (cluster.versions['n2'] === '2.0.0') await Context.current().cancelled;
    };
    await preempted(cluster, { batches: ['100%'] }, onlyN2IsAtWork);
    expect(cluster.journal).toContain('n2 runs 1.0.0 round 0');
  });

  it('had given hosts a part of their weights: they get them whole', async () => {
    const cluster = newCluster();
    const gray = { batches: [{ to: 1, share: 5 }, '100%'], soakSeconds: 3_600 };
    const { report } = await preempted(cluster, gray, phase('soaking'));
    expect(report.hosts[0]!.balancers['edge']).toMatchObject({ state: 'in', weight: 100 });
  });
});

describe('a message to an upgrade that is at work', () => {
  const GO = { by: 'ann', reason: 'orders fail' };

  it('begins a rollback that it gives way to, once however often it comes', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start, handleOf }) => {
      const upgrade = await start({ batches: [2, '100%'], minHealthySeconds: 0, soakSeconds: 3_600 });
      await until(upgrade, ({ phase }) => phase === 'soaking');
      const answer = await upgrade.executeUpdate('rollback', { args: [GO] });
      expect(answer).toBe('a rollback begins, and this change gives way to it');
      await upgrade.signal('rollback', GO);
      const { end, report } = await endOf(upgrade);
      expect(end).toBe('Aborted');
      const begun = report.notes.filter((note) => note.includes('brings web back'));
      expect(begun).toEqual([
        expect.stringMatching(/^rollback-web-\d+ brings web back \(orders fail, ann\)$/),
      ]);
      const [id = ''] = begun[0]!.split(' ');
      const back = await endOf(handleOf(id));
      expect([back.end, back.message]).toEqual(['succeeded', 'all requests of web go to 1.0.0']);
      expect(Object.values(cluster.versions)).toEqual(SIX.map(() => '1.0.0'));
      await expect(upgrade.executeUpdate('rollback', { args: [GO] })).rejects.toThrow();
      const lines = back.report.timeline!.map(({ what }) => what);
      expect(lines).toContainEqual(`${upgrade.workflowId} gave way`);
      expect(lines).toContainEqual('n1: done, runs 1.0.0');
      expect(lines.at(-1)).toBe('succeeded: all requests of web go to 1.0.0');
    });
  });

  it('is refused without a reason, and where nothing was touched yet', async () => {
    const cluster = newCluster();
    await harness.with(cluster, async ({ start }) => {
      const upgrade = await start({ approvals: ['before'] });
      await until(upgrade, ({ phase }) => phase === 'awaitingApproval');
      await expect(upgrade.executeUpdate('rollback', { args: [{ by: 'ann' }] })).rejects.toMatchObject({
        cause: { message: expect.stringContaining('reason') as string },
      });
      await upgrade.signal('abort', { by: 'ann', undo: true });
      expect((await endOf(upgrade)).end).toBe('Aborted');
    });
  });
});

it('brings back a configuration with the version that it was proven with, also where the version stays', async () => {
  const cluster = newCluster();
  cluster.aim = { version: '1.0.0', config: { set: 'web', revision: 'c1' } };
  for (const host of SIX) cluster.known[host] = host === 'n6' ? 'c1' : 'c2';
  const { end, message } = await rollBack(cluster);
  expect([end, message]).toEqual(['succeeded', 'all requests of web go to 1.0.0 with configuration c1']);
  expect(cluster.configs).toEqual(Object.fromEntries(SIX.slice(0, 5).map((host) => [host, 'c1'])));
  expect(cluster.journal.filter((line) => line.includes('n6'))).toEqual([]);
  expect(cluster.stable).toEqual(['1.0.0 with c1 by a change, not 1.0.0/c2']);
});

describe('what has proven itself', () => {
  const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 };

  it('is written down: what ran before the first change, and each release that came through', async () => {
    const cluster = newCluster();
    await harness.run(cluster, quick);
    expect(cluster.stable).toEqual(['1.0.0 by nobody', '2.0.0 by a change']);
  });

  it('is not what was undone, nor what the first change found where others were before it', async () => {
    const cluster = newCluster();
    cluster.proven = [{ version: '1.0.0', since: '2026-01-01T00:00:00Z', change: null }];
    cluster.trouble['proveHealthy n2'] = () => {
      if (cluster.versions['n2'] === '2.0.0') fails('Unhealthy', 'no')();
    };
    const { end } = await harness.run(cluster, quick);
    expect(end).toBe('RolledBack');
    expect(cluster.stable).toEqual([]);
  });

  it('that cannot be written down stands in the notes, and stops nothing', async () => {
    const cluster = newCluster();
    cluster.trouble['note stable'] = fails('CommandFailed', 'lb1: no space left');
    const { end, report } = await harness.run(cluster, quick);
    expect(end).toBe('succeeded');
    expect(report.notes.join()).toContain('lb1: no space left');
  });
});
