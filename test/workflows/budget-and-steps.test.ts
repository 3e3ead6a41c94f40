/** What a change may lose, how long nothing may move, and what is done once for all hosts. */
import { Context } from '@temporalio/activity';
import { RunOnce } from '../../src/contracts/inputs/rolling-upgrade';
import { FakeCluster, Harness, fails, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(30_000);

const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, unreachableSeconds: 0 };
const FIVE = ['n1', 'n2', 'n3', 'n4', 'n5'];
const once = (more: object) =>
  RunOnce.parse({ name: 'migrate', when: 'before', command: ['migrate'], ...more });

/** The new version does not become healthy there. */
function spoil(cluster: FakeCluster, ...hosts: string[]): void {
  for (const host of hosts)
    cluster.trouble[`proveHealthy ${host}`] = () => {
      if (cluster.versions[host] === '2.0.0') fails('Unhealthy', `${host}: /health answers 500`)();
    };
}

describe('the failure budget', () => {
  it('lets so many hosts fail, puts each back, and says what is left to do', async () => {
    const cluster = new FakeCluster(FIVE);
    spoil(cluster, 'n2', 'n4');
    const { end, report } = await harness.run(cluster, { ...quick, batches: [1, '100%'], failureBudget: 2 });
    expect(end).toBe('succeeded');
    expect(cluster.versions).toEqual({ n1: '2.0.0', n2: '1.0.0', n3: '2.0.0', n4: '1.0.0', n5: '2.0.0' });
    expect(report.summary).toBe('web runs 2.0.0 on 3 hosts; failed and put back: n2, n4');
    expect(report.leftToDo.map(({ host }) => host)).toEqual(['n2', 'n4']);
    expect([cluster.mostOut, cluster.out.size]).toEqual([1, 0]);
  });

  it('counts across batches: one more undoes everything', async () => {
    const cluster = new FakeCluster(FIVE);
    spoil(cluster, 'n2', 'n5');
    const { end, report } = await harness.run(cluster, {
      ...quick,
      batches: [1, 3, '100%'],
      failureBudget: 1,
    });
    expect(end).toBe('RolledBack');
    expect(new Set(Object.values(cluster.versions))).toEqual(new Set(['1.0.0']));
    expect(report.summary).toContain('n5: /health answers 500');
  });

  it('does not let a whole batch fail', async () => {
    const cluster = new FakeCluster(FIVE);
    spoil(cluster, 'n1');
    const { end, message } = await harness.run(cluster, { ...quick, batches: [1, '100%'], failureBudget: 3 });
    expect([end, message]).toEqual(['RolledBack', expect.stringContaining('every host of batch 1 failed')]);
    expect(cluster.journal.filter((line) => line.endsWith('n2'))).toEqual(['stage n2']);
  });

  it('holds while a batch is observed, too', async () => {
    const cluster = new FakeCluster(FIVE);
    cluster.trouble['watch n2'] = () => {
      if (cluster.versions['n2'] === '2.0.0') fails('Unhealthy', 'n2 did not stay healthy', { host: 'n2' })();
    };
    const { end } = await harness.run(cluster, {
      batches: [2, '100%'],
      minHealthySeconds: 0,
      failureBudget: 1,
    });
    expect([end, cluster.versions['n2'], cluster.versions['n5']]).toEqual(['succeeded', '1.0.0', '2.0.0']);
  });

  it('is of no use when putting back fails', async () => {
    const cluster = new FakeCluster(FIVE);
    cluster.trouble['proveHealthy n2'] = fails('Unhealthy', 'never');
    const { end, report } = await harness.run(cluster, { ...quick, batches: [1, '100%'], failureBudget: 2 });
    expect(end).toBe('Failed');
    expect(report.leftToDo.some(({ host }) => host === 'n2')).toBe(true);
  });
});

describe('the progress deadline', () => {
  const untilCancelled = async () => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 100);
    await context.cancelled.finally(() => clearInterval(beat));
  };

  it('ends a change in which nothing moves, and cuts a drain short', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['takeOut n2'] = untilCancelled;
    const { end, message, report } = await harness.run(cluster, { ...quick, progressDeadlineSeconds: 1 });
    expect(message).toMatch(/^no host got further in [12] s: n2 is draining/);
    expect([end, cluster.out.size]).toEqual(['RolledBack', 0]);
    expect(report.hosts.map(({ version }) => version)).toEqual(['1.0.0', '1.0.0', '1.0.0']);
  });

  it('stands still while the change is paused or waits for a person, and while it observes', async () => {
    const cluster = new FakeCluster();
    const { end } = await harness.run(
      cluster,
      {
        minHealthySeconds: 3,
        soakSeconds: 3,
        watchSeconds: 0,
        progressDeadlineSeconds: 2,
        approvals: ['afterFirstBatch'],
      },
      async (handle) => {
        await until(handle, ({ hosts }) => hosts[0]?.state === 'ramping' || hosts[0]?.state === 'done');
        await handle.signal('pause', { by: 'ann' });
        await until(handle, ({ phase }) => phase === 'paused');
        await harness.env.sleep('1h');
        await handle.signal('resume', { by: 'ann' });
        await until(handle, ({ phase }) => phase === 'awaitingApproval');
        await harness.env.sleep('2h');
        await handle.signal('approve', { by: 'ann' });
      },
    );
    expect(end).toBe('succeeded');
  });
});

describe('a step that is done once', () => {
  it('runs before the first host and after the last one, whatever the batches', async () => {
    const cluster = new FakeCluster();
    const { end, report } = await harness.run(cluster, {
      ...quick,
      batches: [1, 2, '100%'],
      runOnce: [once({ undo: ['back'] }), once({ name: 'contract', when: 'after', command: ['drop'] })],
    });
    expect(end).toBe('succeeded');
    const steps = cluster.journal.filter((line) => !line.startsWith('stage'));
    expect(steps.slice(0, 3)).toEqual(['do migrate on n1', 'migrate', 'takeOut n1']);
    expect(steps.slice(-2)).toEqual(['do contract on n1', 'drop']);
    expect(cluster.journal.filter((line) => line === 'migrate')).toHaveLength(1);
    expect(report.steps.map(({ name, state }) => [name, state])).toEqual([
      ['migrate', 'done'],
      ['contract', 'done'],
    ]);
  });

  it('is taken back after all hosts', async () => {
    const cluster = new FakeCluster();
    spoil(cluster, 'n2');
    const runOnce = [once({ host: 'n2', undo: ['back'] })];
    const { end, report } = await harness.run(cluster, { ...quick, runOnce });
    expect(end).toBe('RolledBack');
    expect(cluster.journal.slice(-2)).toEqual(['undo migrate on n2', 'back']);
    expect(cluster.versions).toEqual({ n1: '1.0.0', n2: '1.0.0', n3: '1.0.0' });
    expect(report.steps[0]?.state).toBe('undone');
  });

  it('is taken back when it failed itself', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['do migrate on n1'] = fails('JobFailed', 'n1: do migrate ended with 3');
    const { end, message } = await harness.run(cluster, { ...quick, runOnce: [once({ undo: ['back'] })] });
    expect([end, message]).toEqual(['RolledBack', expect.stringContaining('ended with 3')]);
    expect(cluster.journal.filter((line) => !line.startsWith('stage'))).toEqual([
      'undo migrate on n1',
      'back',
    ]);
  });

  it('without an undo is the point of no return: a failure behind it freezes', async () => {
    const cluster = new FakeCluster();
    spoil(cluster, 'n2');
    const { end, message, report } = await harness.run(cluster, {
      ...quick,
      failureBudget: 1,
      runOnce: [once({})],
    });
    expect(end).toBe('Frozen');
    expect(message).toContain('behind the point of no return (migrate)');
    expect(cluster.versions).toEqual({ n1: '2.0.0', n2: '2.0.0', n3: '1.0.0' });
    expect(report.leftToDo.map(({ what }) => what).join('\n')).toMatch(
      /n2 is failed.*migrate was done on n1; it cannot be undone/s,
    );
  });

  it('without an undo lets an abort put nothing back, and says so', async () => {
    const cluster = new FakeCluster();
    const { end } = await harness.run(
      cluster,
      { ...quick, approvals: ['afterFirstBatch'], runOnce: [once({})] },
      async (handle) => {
        await until(handle, ({ phase, batch }) => phase === 'awaitingApproval' && batch?.index === 1);
        const answer = await handle.executeUpdate<string, [unknown]>('abort', {
          args: [{ by: 'ann', undo: true }],
        });
        expect(answer).toContain('nothing is put back behind the point of no return (migrate)');
      },
    );
    expect([end, cluster.versions['n1']]).toEqual(['Aborted', '2.0.0']);
  });

  it.each(['retry', 'skip'] as const)('that was cut off is asked about: %s', async (answer) => {
    const cluster = new FakeCluster();
    cluster.trouble['do migrate on n1'] = fails('JobDied', 'n1: migrate was cut off; it may be half done');
    const { end, report } = await harness.run(cluster, { ...quick, runOnce: [once({})] }, async (handle) => {
      const status = await until(handle, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
      expect(status.waitingFor?.answers[1]?.payload).toEqual({ by: 'you', step: 'migrate' });
      await expect(handle.executeUpdate('skip', { args: [{ by: 'ann', step: 'other' }] })).rejects.toThrow();
      await expect(handle.executeUpdate('skip', { args: [{ by: 'ann' }] })).rejects.toThrow();
      delete cluster.trouble['do migrate on n1'];
      await handle.executeUpdate(answer, { args: [{ by: 'ann', step: 'migrate' }] });
    });
    expect([end, report.steps[0]?.state]).toEqual(['succeeded', answer === 'retry' ? 'done' : 'skipped']);
    expect(cluster.journal.includes('migrate')).toBe(answer === 'retry');
  });
});

describe('what is done on every host before anything is touched', () => {
  const prepare = [
    { name: 'backup', command: ['back', 'up'], timeoutSeconds: 600 },
    { name: 'note', command: ['note'], timeoutSeconds: 60 },
  ];

  it('is done in order on each, while all serve', async () => {
    const cluster = new FakeCluster();
    const { end } = await harness.run(cluster, { ...quick, prepare });
    expect(end).toBe('succeeded');
    const first = cluster.journal.findIndex((line) => line.startsWith('takeOut'));
    for (const host of cluster.hosts) {
      const lines = cluster.journal.slice(0, first).filter((line) => line.endsWith(` ${host}`));
      expect(lines).toEqual([`prepare backup on ${host}`, `prepare note on ${host}`, `stage ${host}`]);
    }
  });

  it('ends the change where it fails, with nothing touched', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['prepare backup on n2'] = fails('JobFailed', 'n2: prepare backup ended with 1: no space');
    const { end, message } = await harness.run(cluster, { ...quick, prepare });
    expect([end, message]).toEqual([
      'Failed',
      'not prepared: n2: prepare backup ended with 1: no space; no host was taken out of rotation',
    ]);
    expect(cluster.journal.filter((line) => /^(takeOut|switch)/.test(line))).toEqual([]);
  });
});
