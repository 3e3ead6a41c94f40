import { Context } from '@temporalio/activity';
import { FakeCluster, Harness, fails, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(30_000);

/** An upgrade that the change itself makes on a host, in order. */
const steps = (host: string) => [
  `takeOut ${host}`,
  `switchRelease ${host}`,
  `${host} runs 2.0.0 round 0`,
  `proveHealthy ${host}`,
  `putBack ${host}`,
];
const undo = (host: string, round = 0) => [
  `takeOut ${host}`,
  `switchRelease ${host}`,
  `${host} runs 1.0.0 round ${round}`,
  `proveHealthy ${host}`,
  `putBack ${host}`,
];
/** The server skips time only while a test waits for the end of a run, not while it talks to it. */
const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, unreachableSeconds: 0 };
const stages = ['stage n1', 'stage n2', 'stage n3'];

describe('a good release', () => {
  it('goes to host after host, staged everywhere first, through hours of soak', async () => {
    const cluster = new FakeCluster();
    const { end, report } = await harness.run(cluster, {});
    expect(end).toBe('succeeded');
    expect(cluster.journal.slice(0, 3).sort()).toEqual(stages);
    expect(cluster.journal.slice(3)).toEqual([...steps('n1'), ...steps('n2'), ...steps('n3')]);
    expect(cluster.mostOut).toBe(1);
    expect(report.hosts.map(({ name, version, state }) => [name, version, state])).toEqual(
      ['n1', 'n2', 'n3'].map((name) => [name, '2.0.0', 'done']),
    );
    expect(Date.parse(report.endedAt!) - Date.parse(report.startedAt)).toBeGreaterThan(10_800_000);
  });

  it.each([1, 2, 3])('never has more than maxUnavailable %p hosts out', async (maxUnavailable) => {
    const cluster = new FakeCluster(['n1', 'n2', 'n3', 'n4', 'n5']);
    const { end } = await harness.run(cluster, { maxUnavailable, batches: ['100%'] });
    expect(end).toBe('succeeded');
    expect(cluster.mostOut).toBe(maxUnavailable);
  });

  it('only plans with dryRun', async () => {
    const cluster = new FakeCluster();
    const { end, report } = await harness.run(cluster, { dryRun: true });
    expect(end).toBe('planned');
    expect(cluster.journal).toEqual([]);
    expect(report.planHash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a bad release', () => {
  it('is undone on every touched host, the last one first', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['proveHealthy n2'] = () => {
      if (cluster.versions['n2'] === '2.0.0') fails('Unhealthy', 'n2: /health answers 500')();
    };
    const { end, report, message } = await harness.run(cluster, {});
    expect(end).toBe('RolledBack');
    expect(message).toContain('n2: /health answers 500');
    expect(cluster.journal.slice(3)).toEqual([
      ...steps('n1'),
      ...steps('n2').slice(0, 3),
      ...undo('n2'),
      ...undo('n1'),
    ]);
    expect(cluster.versions).toEqual({ n1: '1.0.0', n2: '1.0.0', n3: '1.0.0' });
    expect(report.hosts.map(({ state }) => state)).toEqual(['undone', 'undone', 'staged']);
  });

  it('stays as it stands with onFailure freeze, and says what is left to do', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['proveHealthy n2'] = fails('Unhealthy', 'no');
    const { end, report } = await harness.run(cluster, { onFailure: 'freeze' });
    expect(end).toBe('Frozen');
    expect([...cluster.out]).toEqual(['n2']);
    expect(report.leftToDo.map(({ host }) => host)).toEqual(['n1', 'n2', 'n2']);
  });

  it('ends as failed when the undo fails, and leaves the rest alone', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['proveHealthy n2'] = fails('Unhealthy', 'never');
    const { end, report } = await harness.run(cluster, {});
    expect(end).toBe('Failed');
    expect(cluster.versions['n1']).toBe('2.0.0');
    expect(report.leftToDo.some(({ host }) => host === 'n2')).toBe(true);
  });

  it('is found while it soaks', async () => {
    const cluster = new FakeCluster();
    let looks = 0;
    cluster.trouble['watch n1'] = () => {
      looks += 1;
      if (looks === 2) fails('Unhealthy', 'n1 did not stay healthy')();
    };
    const { end } = await harness.run(cluster, {});
    expect(end).toBe('RolledBack');
    expect(cluster.versions['n1']).toBe('1.0.0');
  });

  it('touches nothing when a host cannot be prepared', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['stage n3'] = fails('DiskFull', 'n3: too little space');
    const { end, message } = await harness.run(cluster, {});
    expect([end, cluster.out.size]).toEqual(['Failed', 0]);
    expect(message).toContain('too little space');
    expect(cluster.journal.filter((line) => !line.startsWith('stage'))).toEqual([]);
  });
});

describe('people', () => {
  it('approve before and after the first batch', async () => {
    const cluster = new FakeCluster();
    const { end } = await harness.run(
      cluster,
      { ...quick, approvals: ['before', 'afterFirstBatch'] },
      async (handle) => {
        const { planHash } = await until(handle, ({ phase }) => phase === 'awaitingApproval');
        expect(cluster.journal).toEqual([]);
        await expect(
          handle.executeUpdate('approve', { args: [{ by: 'ann', planHash: 'deadbeef' }] }),
        ).rejects.toThrow();
        await handle.executeUpdate('approve', { args: [{ by: 'ann', planHash }] });
        await until(handle, ({ phase, batch }) => phase === 'awaitingApproval' && batch?.index === 1);
        await handle.signal('approve', { by: 'bob' });
      },
    );
    expect(end).toBe('succeeded');
  });

  it('must approve again when the plan has become another one', async () => {
    const cluster = new FakeCluster();
    const { end, report } = await harness.run(
      cluster,
      { ...quick, approvals: ['before'] },
      async (handle) => {
        const { planHash } = await until(handle, ({ phase }) => phase === 'awaitingApproval');
        cluster.planned += 1;
        await handle.executeUpdate('approve', { args: [{ by: 'ann', planHash }] });
        const again = await until(
          handle,
          (status) => status.phase === 'awaitingApproval' && status.planHash !== planHash,
        );
        await handle.executeUpdate('approve', { args: [{ by: 'ann', planHash: again.planHash }] });
      },
    );
    expect(end).toBe('succeeded');
    expect(report.notes.join()).toContain('approvals are void');
  });

  it('pause between hosts, with nobody out, and resume', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['proveHealthy n1'] = () => new Promise((resolve) => setTimeout(resolve, 500));
    const { end } = await harness.run(cluster, { ...quick }, async (handle) => {
      await until(handle, ({ hosts }) => hosts[0]?.state === 'checking');
      expect(await handle.executeUpdate<string, [unknown]>('pause', { args: [{ by: 'ann' }] })).toContain(
        'after n1',
      );
      const status = await until(handle, ({ phase }) => phase === 'paused');
      expect([cluster.out.size, status.waitingFor?.answers[0]?.message]).toEqual([0, 'resume']);
      await handle.executeUpdate('resume', { args: [{ by: 'ann' }] });
    });
    expect(end).toBe('succeeded');
  });

  it.each([true, false])('abort with undo %p', async (undoIt) => {
    const cluster = new FakeCluster();
    const { end } = await harness.run(
      cluster,
      { ...quick, approvals: ['afterFirstBatch'] },
      async (handle) => {
        await until(handle, ({ phase, batch }) => phase === 'awaitingApproval' && batch?.index === 1);
        await handle.executeUpdate('abort', { args: [{ by: 'ann', undo: undoIt }] });
      },
    );
    expect(end).toBe('Aborted');
    expect(cluster.versions['n1']).toBe(undoIt ? '1.0.0' : '2.0.0');
  });

  it('are asked about an unreachable host: retry works on it again', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['switchRelease n1'] = fails('HostUnreachable', 'n1 gives no answer');
    const { end } = await harness.run(cluster, { ...quick }, async (handle) => {
      await until(handle, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
      expect(cluster.journal.filter((line) => line.startsWith('takeOut'))).toEqual(['takeOut n1']);
      delete cluster.trouble['switchRelease n1'];
      await handle.executeUpdate('retry', { args: [{ by: 'ann' }] });
    });
    expect(end).toBe('succeeded');
    expect(cluster.journal).toContain('n1 runs 2.0.0 round 1');
  });

  it('are asked with onFailure ask: skip puts the host back and goes on', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['proveHealthy n1'] = () => {
      if (cluster.versions['n1'] === '2.0.0') fails('Unhealthy', 'no')();
    };
    const { end, report } = await harness.run(cluster, { ...quick, onFailure: 'ask' }, async (handle) => {
      await until(handle, ({ waitingFor }) => waitingFor?.answers[1]?.message === 'skip');
      await handle.executeUpdate('skip', { args: [{ by: 'ann', host: 'n1' }] });
    });
    expect(end).toBe('succeeded');
    expect(cluster.versions).toEqual({ n1: '1.0.0', n2: '2.0.0', n3: '2.0.0' });
    expect(report.summary).toContain('skipped: n1');
  });

  it('who skip every host are told that nothing was upgraded', async () => {
    const cluster = new FakeCluster();
    for (const host of ['n1', 'n2', 'n3'])
      cluster.trouble[`proveHealthy ${host}`] = () => {
        if (cluster.versions[host] === '2.0.0') fails('Unhealthy', 'no')();
      };
    const { end, message } = await harness.run(cluster, { ...quick, onFailure: 'ask' }, async (handle) => {
      for (const host of ['n1', 'n2', 'n3']) {
        await until(handle, ({ waitingFor }) => waitingFor?.what.startsWith(host) ?? false);
        await handle.executeUpdate('skip', { args: [{ by: 'ann', host }] });
      }
    });
    expect([end, message]).toEqual([
      'RolledBack',
      'nothing was upgraded: every host was skipped; everything is as it was',
    ]);
    expect(cluster.versions).toEqual({ n1: '1.0.0', n2: '1.0.0', n3: '1.0.0' });
  });

  it('who never answer let the change fail at its deadline', async () => {
    const { end, message } = await harness.run(new FakeCluster(), {
      ...quick,
      approvals: ['before'],
      personDeadlineHours: 2,
    });
    expect([end, message]).toEqual(['Failed', expect.stringContaining('nobody answered in 2 h')]);
  });

  it('cannot hurt a run with messages that make no sense', async () => {
    const cluster = new FakeCluster();
    const { end, report } = await harness.run(
      cluster,
      { ...quick, approvals: ['before'] },
      async (handle) => {
        await until(handle, ({ phase }) => phase === 'awaitingApproval');
        await handle.signal('approve', 'yes');
        await handle.signal('skip', { by: 'ann', host: 'n9' });
        await handle.signal('launch', { by: 'ann' });
        await handle.signal('abort', { by: 'ann', undoo: true });
        await expect(handle.executeUpdate('pause', { args: [{ by: 7 }] })).rejects.toThrow();
        await handle.signal('approve', { by: 'ann' });
      },
    );
    expect(end).toBe('succeeded');
    expect(report.messages.map(({ name }) => name)).toEqual([
      'approve',
      'skip',
      'launch',
      'abort',
      'approve',
    ]);
  });

  it('cannot hurt a run with a signal that nobody can decode', async () => {
    const cluster = new FakeCluster();
    const { end, report } = await harness.run(
      cluster,
      { ...quick, approvals: ['before'] },
      async (handle) => {
        await until(handle, ({ phase }) => phase === 'awaitingApproval');
        await harness.env.client.workflowService.signalWorkflowExecution({
          namespace: 'default',
          workflowExecution: { workflowId: handle.workflowId },
          signalName: 'pause',
          input: {
            payloads: [
              { metadata: { encoding: Buffer.from('binary/unheard-of') }, data: Buffer.from([1, 2]) },
            ],
          },
        });
        await handle.executeUpdate('approve', { args: [{ by: 'ann' }] });
      },
    );
    expect(end).toBe('succeeded');
    expect(report.messages[0]?.answer).toContain('cannot be read');
  });

  it('who cancel from the UI get an abort with undo', async () => {
    const cluster = new FakeCluster();
    const { end } = await harness.run(
      cluster,
      { ...quick, approvals: ['afterFirstBatch'] },
      async (handle) => {
        await until(handle, ({ phase, batch }) => phase === 'awaitingApproval' && batch?.index === 1);
        await handle.cancel();
      },
    );
    expect([end, cluster.versions['n1']]).toEqual(['Aborted', '1.0.0']);
  });
});

describe('a drain', () => {
  const untilCancelled = async () => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 100);
    await context.cancelled.finally(() => clearInterval(beat));
  };

  it.each([true, false])('that an abort with undo %p cuts short puts the host back', async (undoIt) => {
    const cluster = new FakeCluster();
    cluster.trouble['takeOut n1'] = untilCancelled;
    const { end, message } = await harness.run(cluster, quick, async (handle) => {
      await until(handle, ({ hosts }) => hosts[0]?.state === 'draining');
      await handle.executeUpdate('abort', { args: [{ by: 'ann', undo: undoIt }] });
    });
    expect([end, message]).toEqual(['Aborted', expect.stringContaining('everything is as it was')]);
    expect(cluster.journal.slice(3)).toEqual(['putBack n1']);
  });

  it('that is late with onDeadline putBack ends the change, with the host in rotation', async () => {
    const cluster = new FakeCluster();
    cluster.sessions = 2;
    const { end, message } = await harness.run(cluster, { ...quick, onFailure: 'freeze' });
    expect([end, message]).toEqual(['RolledBack', expect.stringContaining('still has 2 sessions')]);
    expect(cluster.journal.slice(3)).toEqual(['takeOut n1', 'putBack n1']);
  });

  it('that is late with onDeadline wait asks a person, and drains on after retry', async () => {
    const cluster = new FakeCluster();
    cluster.sessions = 2;
    const drain = { deadlineSeconds: 300, onDeadline: 'wait' as const };
    const { end } = await harness.run(cluster, { ...quick, drain }, async (handle) => {
      await until(handle, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
      expect(cluster.journal.slice(3)).toEqual(['takeOut n1']);
      cluster.sessions = 0;
      await handle.executeUpdate('retry', { args: [{ by: 'ann' }] });
    });
    expect(end).toBe('succeeded');
  });
});

describe('a host that cannot be reached', () => {
  /** Fails so often, then lets the step be done. */
  const failing = (times: number, type: string, message: string) => () => {
    if ((times -= 1) >= 0) fails(type, message)();
  };

  it.each(['stage n2', 'takeOut n1', 'switchRelease n1', 'proveHealthy n1', 'putBack n1'])(
    'for a while at %s needs nobody',
    async (step) => {
      const cluster = new FakeCluster();
      cluster.trouble[step] = failing(5, 'HostUnreachable', 'no SSH session');
      const { end, report } = await harness.run(cluster, {});
      expect([end, cluster.trouble[step]]).toEqual(['succeeded', expect.any(Function)]);
      expect(report.hosts.map(({ state, note }) => [state, note])).toEqual(
        report.hosts.map(() => ['done', undefined]),
      );
      expect(cluster.journal.filter((line) => line.includes('runs'))).toEqual(
        ['n1', 'n2', 'n3'].map((host) => `${host} runs 2.0.0 round 0`),
      );
    },
  );

  it('while it is observed proves nothing: the time begins again', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['watch n1'] = failing(5, 'OutcomeUnknown', 'no sign of life for 3 s');
    const { end } = await harness.run(cluster, {});
    expect(end).toBe('succeeded');
  });

  it('when the time is over lets nothing pass', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['confirm n1'] = failing(5, 'HostUnreachable', 'no SSH session');
    const { end } = await harness.run(cluster, {});
    expect([end, cluster.journal.filter((line) => line === 'takeOut n1')]).toEqual([
      'succeeded',
      ['takeOut n1'],
    ]);
  });

  it('shows itself, then a person is asked after unreachableSeconds and no other host is started', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['switchRelease n1'] = fails('OutcomeUnknown', 'no sign of life for 3 s');
    const { end } = await harness.run(cluster, { ...quick, unreachableSeconds: 2 }, async (handle) => {
      const lost = await until(handle, ({ hosts }) => hosts[0]?.state === 'unreachable');
      const since = Date.now();
      expect([lost.waitingFor, lost.hosts[0]?.note]).toEqual([null, 'no sign of life for 3 s']);
      const asking = await until(handle, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
      expect(Date.now() - since).toBeGreaterThan(1_500);
      expect(asking.hosts.map(({ state }) => state)).toEqual(['unreachable', 'staged', 'staged']);
      await handle.executeUpdate('abort', { args: [{ by: 'ann', undo: false }] });
    });
    expect(end).toBe('Aborted');
  });

  it('after a soak makes a person say what becomes of it', async () => {
    const cluster = new FakeCluster();
    const seconds = { ...quick, soakSeconds: 1 };
    let lost = true;
    cluster.trouble['watch n1'] = () => {
      if (lost) fails('HostUnreachable', 'no SSH session', { host: 'n1' })();
    };
    const { end, report } = await harness.run(cluster, seconds, async (handle) => {
      const asking = await until(handle, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
      expect(asking.hosts[0]).toMatchObject({ name: 'n1', state: 'unreachable', version: '2.0.0' });
      lost = false;
      await handle.executeUpdate('retry', { args: [{ by: 'ann' }] });
    });
    expect([end, report.hosts.map(({ state }) => state)]).toEqual(['succeeded', ['done', 'done', 'done']]);
    expect(cluster.journal.filter((line) => line === 'switchRelease n1')).toHaveLength(1);
  });
});

describe('a host that may not leave yet, because others are out', () => {
  const says = 'n2 cannot leave: out of rotation already: n3 (DOWN); at most 1 may be out';

  it('says why, and leaves when there is room', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['takeOut n2'] = fails('BalancerNotAsWanted', says);
    const { end } = await harness.run(cluster, { ...quick, unreachableSeconds: 60 }, async (handle) => {
      const waiting = await until(handle, ({ hosts }) => hosts[1]?.note !== undefined);
      expect(waiting.hosts[1]).toMatchObject({ state: 'staged', note: says });
      delete cluster.trouble['takeOut n2'];
    });
    expect(end).toBe('succeeded');
  });

  it('asks a person in the end, and stays in rotation', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['takeOut n2'] = fails('BalancerNotAsWanted', says);
    const { end } = await harness.run(cluster, quick, async (handle) => {
      const asking = await until(handle, ({ waitingFor }) => waitingFor?.answers[1]?.message === 'skip');
      expect(asking.waitingFor?.what).toContain(says);
      expect(cluster.out.size).toBe(0);
      await handle.executeUpdate('skip', { args: [{ by: 'ann', host: 'n2' }] });
    });
    expect([end, cluster.versions]).toEqual(['succeeded', { n1: '2.0.0', n2: '1.0.0', n3: '2.0.0' }]);
  });
});

describe('many hosts', () => {
  it('pause once, with several in flight', async () => {
    const cluster = new FakeCluster(['n1', 'n2', 'n3', 'n4', 'n5', 'n6']);
    for (const host of ['n1', 'n2'])
      cluster.trouble[`proveHealthy ${host}`] = () => new Promise((resolve) => setTimeout(resolve, 500));
    const { end, report } = await harness.run(
      cluster,
      { ...quick, maxUnavailable: 2, batches: ['100%'] },
      async (handle) => {
        await until(handle, ({ hosts }) => hosts[1]?.state === 'checking');
        await handle.executeUpdate('pause', { args: [{ by: 'ann' }] });
        await until(handle, ({ phase }) => phase === 'paused');
        expect(cluster.out.size).toBe(0);
        await handle.executeUpdate('resume', { args: [{ by: 'ann' }] });
        await until(handle, ({ phase }) => phase !== 'paused');
      },
    );
    expect([end, report.hosts.every(({ state }) => state === 'done')]).toEqual(['succeeded', true]);
  });

  it('continue as new between batches, and lose nothing', async () => {
    const hosts = Array.from({ length: 180 }, (_, index) => `n${index + 1}`);
    const cluster = new FakeCluster(hosts);
    let runs = new Set<string>();
    const { end, report } = await harness.run(
      cluster,
      { ...quick, maxUnavailable: 30, batches: [170, '100%'] },
      async (handle) => {
        await until(handle, ({ hosts }) => hosts.length > 0);
        runs = runs.add((await handle.describe()).runId);
      },
    );
    const { runId } = await harness.env.client.workflow.getHandle(report.id).describe();
    expect([end, runs.has(runId)]).toEqual(['succeeded', false]);
    expect(hosts.every((host) => cluster.versions[host] === '2.0.0')).toBe(true);
    expect(cluster.journal.filter((line) => line.startsWith('switchRelease'))).toHaveLength(180);
    expect(cluster.mostOut).toBeLessThanOrEqual(30);
  });
});
