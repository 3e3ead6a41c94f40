import { endOf, FakeCluster, Harness, fails, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const WHERE = { cluster: 'fake.yaml', service: 'web' };
const OUT = { ...WHERE, reason: 'new disk', by: 'anna' };
const NO_GATE = { gate: { enabled: false } };
const nobody = () => Promise.resolve();

describe('nodeOffline', () => {
  const offline = (cluster: FakeCluster, input: object, during: Parameters<Harness['run']>[2] = nobody) =>
    harness.run(cluster, { ...OUT, ...input }, during, 'nodeOffline');

  it('takes host after host out, stops it, and keeps why', async () => {
    const cluster = new FakeCluster();
    const { end, message, report } = await offline(cluster, { hosts: ['n3', 'n2'], maxUnavailable: 2 });
    expect([end, message]).toEqual(['succeeded', 'n3, n2 of web is out of service: new disk']);
    const steps = (host: string) => [
      `takeOut ${host}`,
      `stopService ${host}`,
      `${host} stopped round 0`,
      `mark ${host}`,
    ];
    expect(cluster.journal).toEqual([...steps('n3'), ...steps('n2')]);
    expect(cluster.service.marks['n3']).toMatchObject({
      reason: 'new disk',
      by: 'anna',
      weights: { edge: 100 },
    });
    expect(report.hosts.map(({ state, balancers }) => [state, balancers['edge']?.state])).toEqual([
      ['done', 'out'],
      ['done', 'out'],
    ]);
    // nothing that the next change would be warned of
    expect(report.leftToDo).toEqual([]);
  });

  it.each([
    ['force', 'succeeded', 'n1 went out with 2 sessions'],
    ['putBack', 'RolledBack', 'still has 2 sessions'],
  ] as const)('at the deadline: %s', async (onDeadline, wanted, says) => {
    const cluster = new FakeCluster();
    cluster.sessions = 2;
    const { end, message, report } = await offline(cluster, { hosts: ['n1'], drain: { onDeadline } });
    expect([end, `${message} ${report.notes.join()}`]).toEqual([wanted, expect.stringContaining(says)]);
    expect(cluster.out.has('n1')).toBe(onDeadline === 'force');
    expect(cluster.journal.includes('stopService n1')).toBe(onDeadline === 'force');
  });

  it('asks a person with onDeadline wait, and goes on when the sessions have ended', async () => {
    const cluster = new FakeCluster();
    cluster.sessions = 1;
    const { end } = await offline(cluster, { hosts: ['n1'], drain: { onDeadline: 'wait' } }, async (run) => {
      await until(run, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
      cluster.sessions = 0;
      await run.executeUpdate('retry', { args: [{ by: 'anna', host: 'n1' }] });
    });
    expect([end, [...cluster.service.stopped]]).toEqual(['succeeded', ['n1']]);
  });

  it('starts and puts back what it took out when a host cannot be stopped', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['stopService n2'] = fails('StillRunning', 'n2: cron (process 7) listens on port 8080');
    const { end, message } = await offline(cluster, { hosts: ['n1', 'n2'], maxUnavailable: 2 });
    expect([end, message]).toEqual(['RolledBack', expect.stringContaining('cron (process 7)')]);
    expect(cluster.journal.slice(-7)).toEqual([
      'startService n2',
      'proveHealthy n2',
      'putBack n2',
      'unmark n1',
      'startService n1',
      'proveHealthy n1',
      'putBack n1',
    ]);
    expect([cluster.out.size, cluster.service.stopped.size, cluster.service.marks]).toEqual([0, 0, {}]);
  });

  it('tells what it leaves when it is aborted without undo', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['takeOut n2'] = fails('BalancerRefused', 'no');
    const { end, report } = await offline(cluster, {
      hosts: ['n1', 'n2'],
      maxUnavailable: 2,
      onFailure: 'freeze',
    });
    expect(end).toBe('Frozen');
    expect(report.leftToDo[0]?.what).toContain(
      'n1 is out of service, as was asked for; nodeOnline brings it back',
    );
  });

  it('only plans with dryRun, and waits for a yes where the plan wants one', async () => {
    const cluster = new FakeCluster();
    expect((await offline(cluster, { hosts: ['n1'], dryRun: true })).end).toBe('planned');
    expect(cluster.journal).toEqual([]);
    const { end } = await offline(cluster, { hosts: ['n1'], approvals: ['before'] }, async (run) => {
      await until(run, ({ phase }) => phase === 'awaitingApproval');
      expect(cluster.journal).toEqual([]);
      await run.executeUpdate('approve', { args: [{ by: 'boris' }] });
    });
    expect([end, [...cluster.out]]).toEqual(['succeeded', ['n1']]);
  });
});

describe('nodeOnline', () => {
  const away = () => {
    const cluster = new FakeCluster();
    cluster.out.add('n3');
    cluster.service.stopped.add('n3');
    cluster.service.marks['n3'] = {
      ...OUT,
      since: '2026-01-01T00:00:00Z',
      change: 'x',
      weights: { edge: 100 },
    };
    return cluster;
  };
  const online = (cluster: FakeCluster, input: object, during: Parameters<Harness['run']>[2] = nobody) =>
    harness.run(cluster, { ...WHERE, hosts: ['n3'], ...input }, during, 'nodeOnline');
  const weights = (cluster: FakeCluster) =>
    cluster.journal.flatMap((line) => (line.startsWith('weight') ? [line.split(' ')[1]] : []));

  it('starts it, proves it, and brings it to its full weight over twenty minutes', async () => {
    const cluster = away();
    cluster.judgeAs = () => 'pass';
    const { end, message, report } = await online(cluster, {});
    expect([end, message]).toEqual(['succeeded', 'n3 of web serves with its full weight']);
    expect(cluster.journal).toEqual([
      'startService n3',
      'proveHealthy n3',
      ...['weight 0 n3', 'weight 10 n3', 'weight 50 n3', 'weight 100 n3'],
      'unmark n3',
    ]);
    expect(cluster.service.marks).toEqual({});
    expect(report.gates?.map(({ name, verdict }) => [name, verdict])).toEqual(
      [10, 50, 100].map((percent) => [`gate of n3 at ${percent} %`, 'pass']),
    );
    // judged against those that served before
    expect(cluster.looks.map(({ others }) => others.length)).toEqual(cluster.looks.map(() => 2));
    expect(Date.parse(report.endedAt!) - Date.parse(report.startedAt)).toBeGreaterThan(1_200_000);
  });

  it('that is worse than its peers goes back a step, and up again when that has passed', async () => {
    const cluster = away();
    let failures = 1;
    cluster.judgeAs = () => (cluster.service.weights['n3'] === 50 && failures-- > 0 ? 'fail' : 'pass');
    const { end, report } = await online(cluster, {});
    expect([end, weights(cluster)]).toEqual(['succeeded', ['0', '10', '50', '10', '50', '100']]);
    expect(report.notes.join()).toContain('n3 went back one step: gate of n3 at 50 %');
  });

  it.each([
    ['stepBack', ['0', '10', '0', '10']],
    ['out', ['0', '10']],
  ] as const)('that is worse goes out for good, with onWorse %s', async (onWorse, way) => {
    const cluster = away();
    cluster.judgeAs = () => 'fail';
    const { end, message } = await online(cluster, { onWorse });
    expect([end, message]).toEqual([
      'RolledBack',
      expect.stringContaining('n3 is worse than its peers: gate'),
    ]);
    expect(weights(cluster)).toEqual(way);
    expect(cluster.journal.slice(-2)).toEqual(['stopService n3', 'n3 stopped round 0']);
    expect([[...cluster.out], Object.keys(cluster.service.marks)]).toEqual([['n3'], ['n3']]);
  });

  it('a gate that cannot tell stops it after its hold', async () => {
    const cluster = away();
    cluster.judgeAs = () => 'hold';
    const { end, message } = await online(cluster, { gate: { holdSeconds: 60 } });
    expect([end, message]).toEqual(['RolledBack', expect.stringContaining('no pass within 60 s')]);
    expect([...cluster.out]).toEqual(['n3']);
  });

  it('a host that came through stays when the next one does not', async () => {
    const cluster = new FakeCluster(['n1', 'n2', 'n3', 'n4']);
    for (const name of ['n3', 'n4']) cluster.out.add(name);
    cluster.trouble['proveHealthy n4'] = fails('Unhealthy', 'n4: /health answers 500');
    const { end, message } = await online(cluster, { hosts: ['n3', 'n4'], ...NO_GATE });
    expect([end, message]).toEqual(['RolledBack', expect.stringContaining('n3 came through and stays')]);
    // n4 was marked on its way, so that everybody is told why it is out
    expect([[...cluster.out], Object.keys(cluster.service.marks)]).toEqual([['n4'], ['n4']]);
  });

  it('an abort takes it out at once', async () => {
    const cluster = away();
    const { end } = await online(cluster, NO_GATE, async (run) => {
      await until(run, ({ phase }) => phase === 'soaking');
      await run.executeUpdate('abort', { args: [{ by: 'anna', undo: true }] });
    });
    expect([end, weights(cluster), [...cluster.out]]).toEqual(['Aborted', ['0'], ['n3']]);
  });
});

describe('nodeReplacement', () => {
  const PLANNED = { mode: 'planned', ...OUT, old: 'n1', new: 'n3', ...NO_GATE };
  const replace = (cluster: FakeCluster, input: object, during: Parameters<Harness['run']>[2] = nobody) =>
    harness.run(cluster, { ...input }, during, 'nodeReplacement');
  const spare = () => {
    const cluster = new FakeCluster();
    cluster.out.add('n3');
    return cluster;
  };

  it('proves the new host equal, raises it, and only then takes the old one out', async () => {
    const cluster = spare();
    const { end, message } = await replace(cluster, PLANNED);
    expect([end, message]).toEqual(['succeeded', 'n3 of web serves in the place of n1']);
    expect(cluster.journal).toEqual([
      'proveEqual n3',
      'mark n3',
      'startService n3',
      'proveHealthy n3',
      ...[0, 10, 50, 100].map((weight) => `weight ${weight} n3`),
      'unmark n3',
      'takeOut n1',
      'stopService n1',
      'n1 stopped round 0',
      'mark n1',
    ]);
    expect([[...cluster.out], Object.keys(cluster.service.marks)]).toEqual([['n1'], ['n1']]);
  });

  it('leaves the old one alone when the new one is not equal', async () => {
    const cluster = spare();
    cluster.trouble['proveEqual n3'] = fails('NotEqual', 'n3: another release than was planned');
    const { end, message } = await replace(cluster, PLANNED);
    expect([end, message]).toEqual(['Failed', expect.stringContaining('another release')]);
    expect(cluster.journal).toEqual([]);
  });

  it('keeps the old one when a person leaves the new one out', async () => {
    const cluster = spare();
    cluster.trouble['proveHealthy n3'] = fails('Unhealthy', 'no');
    const { end } = await replace(cluster, { ...PLANNED, onFailure: 'ask' }, async (run) => {
      await until(run, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
      await run.executeUpdate('skip', { args: [{ by: 'anna', host: 'n3' }] });
    });
    expect(end).not.toBe('succeeded');
    expect([cluster.out.has('n1'), cluster.out.has('n3')]).toEqual([false, true]);
  });

  it('in an emergency takes a host out at once, keeps why, and tells', async () => {
    const cluster = new FakeCluster();
    cluster.notifications = { progressSeconds: 0, channels: { ops: ['alert'] } };
    cluster.sessions = 5;
    const { end, message } = await replace(cluster, { mode: 'emergency', ...OUT, host: 'n2' });
    expect([end, message]).toEqual(['succeeded', 'n2 of web is out of rotation: new disk']);
    expect(cluster.journal).toEqual(['takeOut n2', 'mark n2']);
    expect(cluster.told.map(({ line }) => line)).toEqual(['ops alert']);
  });

  it('an emergency does not wait for another change on the same hosts', async () => {
    const cluster = new FakeCluster();
    cluster.watchesAlways = true;
    await harness.with(cluster, async ({ start }) => {
      const usual = await start({ minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 100_000 });
      await until(usual, ({ phase }) => phase === 'watching');
      const emergency = await start({ mode: 'emergency', ...OUT, host: 'n2' }, {}, 'nodeReplacement');
      const [{ message }, { end }] = await Promise.all([endOf(usual), endOf(emergency)]);
      expect([end, message]).toEqual(['succeeded', expect.stringContaining(emergency.workflowId)]);
    });
    expect([...cluster.out]).toEqual(['n2']);
  });

  it('an emergency, and a way back that nobody judges by its peers, go on beside a change of other hosts', async () => {
    const cluster = new FakeCluster();
    cluster.watchesAlways = true;
    await harness.with(cluster, async ({ start }) => {
      const other = await start({ ...OUT, hosts: ['n1'], approvals: ['before'] }, {}, 'nodeOffline');
      await until(other, ({ phase }) => phase === 'awaitingApproval');
      const emergency = await start({ mode: 'emergency', ...OUT, host: 'n2' }, {}, 'nodeReplacement');
      expect((await endOf(emergency)).end).toBe('succeeded');
      const judged = await start({ ...WHERE, hosts: ['n2'] }, {}, 'nodeOnline');
      await until(judged, ({ phase }) => phase === 'queued');
      await judged.signal('abort', { by: 'anna', undo: true });
      await endOf(judged);
      const ramp = [{ percent: 100, seconds: 0 }];
      const back = await start({ ...WHERE, hosts: ['n2'], ramp, ...NO_GATE }, {}, 'nodeOnline');
      expect([(await endOf(back)).end, [...cluster.out]]).toEqual(['succeeded', []]);
      await until(other, ({ phase }) => phase === 'awaitingApproval');
      await other.signal('abort', { by: 'anna', undo: true });
      await endOf(other);
    });
  });
});

// The last one: an activity of a run that was terminated keeps the test server from skipping time ever after.
it('a host on its way in, whose run is terminated, is taken out again by the repair of its lease', async () => {
  const cluster = new FakeCluster();
  cluster.out.add('n3');
  cluster.service.stopped.add('n3');
  cluster.watchesAlways = true;
  await harness.with(cluster, async ({ start, lease, handleOf }) => {
    const run = await start({ ...WHERE, hosts: ['n3'], ...NO_GATE }, {}, 'nodeOnline');
    await until(run, ({ phase }) => phase === 'soaking');
    await run.terminate();
    const { line } = await until(lease, (status) => /^repair-/.test(status.line?.holders[0]?.id ?? ''));
    const { end, report } = await endOf(handleOf(line!.holders[0]!.id));
    expect([end, report.summary]).toEqual(['succeeded', expect.stringContaining('back as before: n3')]);
  });
  expect([[...cluster.out], [...cluster.service.stopped]]).toEqual([['n3'], ['n3']]);
});
