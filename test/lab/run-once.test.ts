/** A migration on real hosts: once for the whole change, whatever is killed, and back where it can go back. */
import { makeRelease } from '../../lab/service';
import { Ground, ended, reached } from './ground';
import { expectAllIn, expectTruth, installed, underLoad } from './whole-run';

const LAB = 'test-once';
const HOSTS = ['n1', 'n2', 'n3'];
const QUICK = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 };
/** What the migration writes down itself, on the host where it runs. */
const JOURNAL = '/var/log/migrations';
const note = (word: string, seconds = 0) => ['sh', '-c', `echo ${word} >>${JOURNAL}; sleep ${seconds}`];

let ground: Ground;
beforeAll(async () => (ground = await Ground.up(LAB, HOSTS.length)), 300_000);
afterAll(() => ground?.remove(), 60_000);
beforeEach(() => ground.inside('n2', 'truncate', '-s', '0', JOURNAL));
jest.setTimeout(120_000);

let releases = 0;
const release = async (behaviour = {}) => {
  const version = `6.0.${(releases += 1)}`;
  return { version, artifact: await makeRelease({ version, behaviour }) };
};
const journal = () => ground.inside('n2', 'cat', JOURNAL).then((text) => text.split('\n'));

it('is done once while the worker is killed in the middle of it, before any host leaves', async () => {
  const runOnce = [
    { name: 'expand', when: 'before', host: 'n2', command: note('expand', 3), undo: note('shrink') },
    { name: 'contract', when: 'after', host: 'n2', command: note('contract') },
  ];
  const prepare = [{ name: 'backup', command: note('backup') }];
  const { result, requests } = await underLoad(ground, async () => {
    const handle = await ground.start({ ...QUICK, ...(await release()), prepare, runOnce });
    await reached(handle, ({ steps }) => steps[0]?.state === 'running');
    while (!(await journal()).includes('expand')) await new Promise((resolve) => setTimeout(resolve, 50));
    await ground.killWorker();
    await ground.startWorker();
    return ended(handle);
  });
  expect([result.end, requests.failed]).toEqual(['succeeded', 0]);
  expect(await journal()).toEqual(['backup', 'expand', 'contract']);
  expect(result.report.steps.map(({ state }) => state)).toEqual(['done', 'done']);
});

it('goes back after the hosts when the release is bad', async () => {
  const runOnce = [
    { name: 'expand', when: 'before', host: 'n2', command: note('expand'), undo: note('shrink') },
  ];
  const before = await installed(ground, 'n1');
  const checks = [{ name: 'one', http: { path: '/path/one' } }];
  const handle = await ground.start({
    ...QUICK,
    ...(await release({ badPath: '/path/one' })),
    runOnce,
    checks,
  });
  const { end, report } = await ended(handle);
  expect(end).toBe('RolledBack');
  expect(await journal()).toEqual(['expand', 'shrink']);
  expect(report.steps[0]?.state).toBe('undone');
  expect(await installed(ground, 'n1')).toBe(before);
  await expectAllIn(ground);
});

it('cannot go back without an undo: a failure behind it leaves everything as it stands, in words', async () => {
  const runOnce = [{ name: 'convert', when: 'before', host: 'n2', command: note('convert') }];
  const checks = [{ name: 'one', http: { path: '/path/one' } }];
  const handle = await ground.start({
    ...QUICK,
    ...(await release({ badPath: '/path/one' })),
    runOnce,
    checks,
  });
  const { end, message, report } = await ended(handle);
  expect([end, message]).toEqual(['Frozen', expect.stringContaining('point of no return (convert)')]);
  await expectTruth(ground, report);
  expect(report.leftToDo.map(({ what }) => what)).toContain('convert was done on n2; it cannot be undone');
  // mended by hand, as an operator would
  await ground.putBackByHand('n1');
});

it('lets one host fail within the budget, and upgrades the others', async () => {
  const checks = [{ name: 'not-n2', command: ['sh', '-c', 'test "$(uname -n)" != n2'] }];
  const good = await release();
  const { result, requests } = await underLoad(ground, async () =>
    ended(await ground.start({ ...QUICK, ...good, checks, batches: [1, '100%'], failureBudget: 1 })),
  );
  expect([result.end, requests.failed]).toEqual(['succeeded', 0]);
  expect(await Promise.all(HOSTS.map((host) => installed(ground, host)))).toEqual([
    good.version,
    expect.not.stringMatching(good.version),
    good.version,
  ]);
  expect(result.report.leftToDo.map(({ host }) => host)).toEqual(['n2']);
  await expectAllIn(ground);
});
