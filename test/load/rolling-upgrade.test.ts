import type { Behaviour } from '../../lab/service';
import { makeRelease } from '../../lab/service';
import { busy, full } from '../full';
import { longIt, selection } from '../long';
import { Ground, ended, reached } from '../lab/ground';
import { makeSlowRelease } from '../lab/odd-releases';
import { expectAllIn, expectTruth, installed, startsFromNow, underLoad } from '../lab/whole-run';

const RUNS = full ? 20 : 1;
const HOSTS = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-runs', HOSTS.length, { limits: { healthySeconds: 8 } });
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(180_000);

describe('a good release', () => {
  const versions = Array.from({ length: RUNS }, (_, run) => `1.1.${run}`);
  it.each(versions)('goes to six hosts under load without losing a request: %s', async (version) => {
    const started = await startsFromNow(ground);
    const artifact = await makeRelease({ version });
    const { result, requests, mostOut, samples } = await underLoad(
      ground,
      async () => ended(await ground.start({ version, artifact, minHealthySeconds: 2, watchSeconds: 10 })),
      { rate: busy(900), slow: { everyMs: 2_000 } },
    );
    expect(result.end).toBe('succeeded');
    expect(requests.failures).toEqual([]);
    expect(requests.sent).toBeGreaterThan(full ? 20_000 : 5_000);
    expect(requests.slow.ok).toBeGreaterThan(10);
    expect(samples).toBeGreaterThan(50);
    expect(mostOut).toEqual([expect.any(String)]);
    expect(await started()).toEqual(Object.fromEntries(HOSTS.map((host) => [host, [version]])));
    await expectTruth(ground, result.report);
    await expectAllIn(ground);
  });

  it('goes to two hosts at a time with maxUnavailable 2, and never to more', async () => {
    const started = await startsFromNow(ground);
    const artifact = await makeRelease({ version: '1.2.0' });
    const input = { version: '1.2.0', artifact, maxUnavailable: 2, batches: ['100%'] };
    const { result, requests, mostOut } = await underLoad(ground, async () =>
      ended(await ground.start(input)),
    );
    expect(result.end).toBe('succeeded');
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(2);
    expect(await started()).toEqual(Object.fromEntries(HOSTS.map((host) => [host, ['1.2.0']])));
    await expectTruth(ground, result.report);
    await expectAllIn(ground);
  });

  it('that runs everywhere already changes nothing', async () => {
    const started = await startsFromNow(ground);
    const version = await installed(ground, 'n1');
    const { end, message } = await ended(
      await ground.start({ version, artifact: await makeRelease({ version }) }),
    );
    expect([end, message]).toEqual(['succeeded', expect.stringContaining('nothing to do')]);
    expect(await started()).toEqual({});
  });
});

const PATH_ONE = { name: 'path-one', http: { path: '/path/one' } };
const SHELL = { name: 'shell', command: ['sh', '-c', 'curl -sf "http://localhost:8080/path/one"'] };

describe('a bad release', () => {
  const bad: { version: string; behaviour: Behaviour; checks?: object[]; says: string }[] = [
    { version: '2.0.1-no-start', behaviour: { willNotStart: true }, says: 'switching to 2.0.1-no-start' },
    { version: '2.0.2-unhealthy', behaviour: { unhealthy: true }, says: '/health answers 503' },
    {
      version: '2.0.3-path',
      behaviour: { badPath: '/path/one' },
      checks: [PATH_ONE],
      says: '/path/one answers 500',
    },
    {
      version: '2.0.4-path',
      behaviour: { badPath: '/path/one' },
      checks: [SHELL],
      says: 'check shell ended with 22',
    },
    {
      version: '2.0.5-alone',
      behaviour: {},
      checks: [{ name: 'database', tcp: { host: 'localhost', port: 3306 } }],
      says: 'check database: localhost:3306 takes no connection from it',
    },
  ];
  it.each(selection(bad, 3))(
    '$version is undone by itself, with no request lost',
    async ({ version, behaviour, checks, says }) => {
      const before = await installed(ground, 'n1');
      const started = await startsFromNow(ground);
      const artifact = await makeRelease({ version, behaviour });
      const { result, requests, mostOut } = await underLoad(ground, async () =>
        ended(await ground.start({ version, artifact, checks })),
      );
      expect([result.end, result.message]).toEqual(['RolledBack', expect.stringContaining(says)]);
      expect(result.message).toContain('n1');
      expect(requests.failures).toEqual([]);
      expect(requests.byVersion[version]).toBeUndefined();
      expect(mostOut).toEqual([expect.stringContaining('n1')]);
      expect(await started()).toEqual({ n1: [version, before] });
      expect(result.report.hosts.map(({ state }) => state)).toEqual(['undone', ...Array(5).fill('staged')]);
      await expectTruth(ground, result.report);
      await expectAllIn(ground);
    },
  );

  longIt('found in the second batch is undone everywhere', async () => {
    const before = await installed(ground, 'n1');
    const started = await startsFromNow(ground);
    const version = '2.1.0';
    const artifact = await makeRelease({ version });
    // n2 alone does not pass
    const command = ['sh', '-c', '[ "$(hostname)" != n2 ]'];
    const { result, requests, mostOut } = await underLoad(ground, async () =>
      ended(await ground.start({ version, artifact, checks: [{ name: 'not-here', command }] })),
    );
    expect([result.end, result.message]).toEqual(['RolledBack', expect.stringContaining('n2')]);
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(1);
    expect(await started()).toEqual({ n1: [version, before], n2: [version, before] });
    await expectTruth(ground, result.report);
    await expectAllIn(ground);
  });

  it('stays as it stands with onFailure freeze, and the report says what is left to do', async () => {
    const before = await installed(ground, 'n1');
    const version = '2.2.0';
    const artifact = await makeRelease({ version, behaviour: { willNotStart: true } });
    const { result, requests, mostOut } = await underLoad(ground, async () =>
      ended(await ground.start({ version, artifact, onFailure: 'freeze' })),
    );
    expect([result.end, result.message]).toEqual(['Frozen', expect.stringContaining('left as it stands')]);
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(1);
    await expectTruth(ground, result.report);
    expect(await ground.servers()).toMatchObject({ n1: 'MAINT', n2: 'UP' });
    expect(result.report.leftToDo[0]).toMatchObject({
      host: 'n1',
      command: 'ssh n1 systemctl status web.service',
    });
    await ground.inside('n1', 'ln', '-sfn', `/opt/web/releases/${before}`, '/opt/web/current');
    await ground.inside('n1', 'systemctl', 'restart', 'web');
    await ground.putBackByHand('n1');
  });
});

describe('people', () => {
  const rest = { hosts: ['n4', 'n5', 'n6'], batches: [1, '100%'] };

  it('approve before and after the first batch, and pause a host that is out only when it is back', async () => {
    const version = '3.0.0';
    const artifact = await makeSlowRelease(version, 2, 'n5');
    const started = await startsFromNow(ground);
    const { result, requests, mostOut } = await underLoad(ground, async () => {
      const approvals = ['before', 'afterFirstBatch'];
      const handle = await ground.start({ ...rest, version, artifact, approvals });
      const { planHash } = await reached(handle, ({ phase }) => phase === 'awaitingApproval');
      expect(await started()).toEqual({});
      await handle.executeUpdate('approve', { args: [{ by: 'ann', planHash }] });
      await reached(handle, ({ phase, batch }) => phase === 'awaitingApproval' && batch?.index === 1);
      expect(await started()).toEqual({ n4: [version] });
      await handle.signal('approve', { by: 'bob' });
      await reached(handle, ({ hosts }) => hosts[1]?.state === 'changing');
      const answer = await handle.executeUpdate<string, [object]>('pause', { args: [{ by: 'ann' }] });
      expect(answer).toContain('after n5 is back');
      await reached(handle, ({ phase }) => phase === 'paused');
      await expectAllIn(ground);
      await handle.executeUpdate('resume', { args: [{ by: 'ann' }] });
      return ended(handle);
    });
    expect(result.end).toBe('succeeded');
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(1);
    expect(await started()).toEqual({ n4: [version], n5: [version], n6: [version] });
    await expectTruth(ground, result.report);
  });

  longIt('are asked with onFailure ask: retry tries again, skip leaves the host as it was', async () => {
    const version = '3.1.0';
    const artifact = await makeRelease({ version });
    const before = await installed(ground, 'n5');
    const started = await startsFromNow(ground);
    const checks = [{ name: 'mark', command: ['test', '-e', '/run/mark'] }];
    const { result, requests } = await underLoad(ground, async () => {
      const handle = await ground.start({ ...rest, version, artifact, checks, onFailure: 'ask' });
      const asking = (host: string) =>
        reached(handle, ({ waitingFor }) => waitingFor?.answers[0]?.payload['host'] === host);
      await asking('n4');
      expect(await ground.servers()).toMatchObject({ n4: 'MAINT', n5: 'UP', n6: 'UP' });
      await ground.inside('n4', 'touch', '/run/mark');
      await handle.executeUpdate('retry', { args: [{ by: 'ann', host: 'n4' }] });
      await asking('n5');
      await ground.inside('n6', 'touch', '/run/mark');
      await handle.executeUpdate('skip', { args: [{ by: 'ann', host: 'n5' }] });
      return ended(handle);
    });
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('skipped: n5')]);
    expect(requests.failures).toEqual([]);
    expect(await started()).toEqual({ n4: [version], n5: [version, before], n6: [version] });
    await expectTruth(ground, result.report);
    await expectAllIn(ground);
  });

  it.each([true, false])('abort with undo %p', async (undo) => {
    const version = `3.2.${Number(undo)}`;
    const artifact = await makeRelease({ version });
    const before = await installed(ground, 'n4');
    const { result, requests } = await underLoad(ground, async () => {
      const handle = await ground.start({ ...rest, version, artifact, approvals: ['afterFirstBatch'] });
      await reached(handle, ({ phase }) => phase === 'awaitingApproval');
      await handle.executeUpdate('abort', { args: [{ by: 'ann', undo }] });
      return ended(handle);
    });
    expect(result.end).toBe('Aborted');
    expect(requests.failures).toEqual([]);
    expect(await installed(ground, 'n4')).toBe(undo ? before : version);
    expect(result.report.leftToDo.map(({ host }) => host)).toEqual(undo ? [] : ['n4']);
    await expectTruth(ground, result.report);
    await expectAllIn(ground);
  });
});
