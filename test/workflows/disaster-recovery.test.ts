/** In which order a recovery brings things back, and what becomes of it when something fails. */
import { ApplicationFailure } from '@temporalio/common';
import type { Looked } from '../../src/contracts/recovery';
import { looked } from './fake-recovery';
import { endOf, FakeCluster, fails, Harness, until, type End } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const DAMAGE: Looked[] = [
  looked('n3', { kind: 'service', service: 'web' }),
  looked('n2', { kind: 'config', service: 'web', revision: 'r2' }),
  looked('n1', { kind: 'source', source: 'shop-data' }),
  looked('n2', { kind: 'packages', packages: ['nginx'] }),
];
const WELL = DAMAGE.map((one): Looked => ({ ...one, is: 'well' }));

function struck(...damage: Looked[][]): FakeCluster {
  const made = new FakeCluster();
  made.damage = damage.length ? damage : [DAMAGE, WELL];
  return made;
}

const once = (fake: FakeCluster, input: object = { approvals: [] }): Promise<End> =>
  harness.with(fake, async ({ start }) => endOf(await start(input, {}, 'disasterRecovery')));

/** No retry of Temporal's can mend it. */
function no(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'JobFailed');
}

it('packages, database, configuration, services, in this order; only what is damaged', async () => {
  const fake = struck();
  const { end, report } = await once(fake);
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  expect(
    inOrder(fake, 'reinstall nginx n2', 'takeOut n1', 'swapIn n1', 'switchConfig n2', 'proveHealthy n3'),
  ).toBe(true);
  expect(fake.journal.filter((line) => line.startsWith('stage'))).toEqual([
    'stageRestore n1',
    'stageConfig n2',
  ]);
  expect(report.summary).toMatch(
    /^recovered: 6 steps in .*, .* after the disaster \(RTO\); at most 30 min are lost \(RPO\)$/,
  );
  const names = report.recovery!.steps.map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(['packages-on-n2', 'shop-data-on-n1', 'config-of-web-on-n2']);
  // side by side
  expect(names.slice(3).sort()).toEqual(['web-on-n1', 'web-on-n2', 'web-on-n3']);
  expect(fake.out.size).toBe(0);
});

it('what comes back when services are done leaves its host in rotation', async () => {
  const journal: Looked = { ...looked('n1', { kind: 'source', source: 'journal' }), level: 'logs' };
  const fake = struck([...DAMAGE, journal], WELL);
  const { end, report } = await once(fake);
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  expect(report.steps.map(({ state }) => state)).toEqual(report.steps.map(() => 'done'));
  expect(fake.journal.lastIndexOf('putBack n1')).toBeGreaterThan(fake.journal.lastIndexOf('swapIn n1'));
  expect(fake.out.size).toBe(0);
});

it('a database that only stood still is started, and loses nothing', async () => {
  const damage = [looked('n1', { kind: 'source', source: 'shop-data' })];
  const fake = struck(damage, [looked('n1', { kind: 'source', source: 'shop-data' }, 'well')]);
  fake.trouble['start shop-data n1'] = () => void fake.damage.shift();
  const { end, report } = await once(fake);
  expect([end, report.summary]).toEqual(['succeeded', expect.stringMatching(/nothing is lost$/)]);
  expect(fake.journal).not.toContain('stageRestore n1');
  expect(report.steps[0]!.note).toBe('it only stood still: as it should be');
});

it.each([
  [
    { complete: true, at: '2026-01-01T02:29:59Z', why: '' },
    /nothing is lost$/,
    /; then the server's own binary logs up to 2026-01-01T02:29:59Z, to their end$/,
  ],
  [
    { complete: false, at: '2026-01-01T02:20:00Z', why: 'a log is broken' },
    /at most 10 min are lost \(RPO\)$/,
    /up to 2026-01-01T02:20:00Z, and not to their end: a log is broken$/,
  ],
  [
    { complete: false, at: null, why: 'there is no such log' },
    /at most 30 min are lost \(RPO\)$/,
    /nobody can say how much: there is no such log$/,
  ],
])("what is lost is told by the server's own logs: %j", async (own, summary, how) => {
  const fake = struck();
  fake.ownLogs = own;
  const { report } = await once(fake);
  expect(report.summary).toMatch(summary);
  expect(report.recovery!.steps.find(({ name }) => name === 'shop-data-on-n1')!.how).toMatch(how);
});

it("a server's own logs are left alone where the input says so", async () => {
  const fake = struck();
  fake.ownLogs = { complete: true, at: '2026-01-01T02:29:59Z', why: '' };
  const { report } = await once(fake, { approvals: [], ownLogs: false });
  expect(report.summary).toMatch(/at most 30 min are lost \(RPO\)$/);
});

it('takes the backup before where one is not what it says, and swaps no such one in', async () => {
  const fake = struck();
  fake.spoilt = ['new'];
  const { report } = await once(fake);
  expect(fake.journal.filter((line) => line === 'swapIn n1')).toHaveLength(1);
  expect(report.recovery!.steps.find(({ name }) => name === 'shop-data-on-n1')!.how).toMatch(
    /^old, which holds /,
  );
  expect(report.timeline!.map(({ what }) => what)).toContain(
    'shop-data-on-n1: new is not what it says: shop.orders has 1 row, not 2',
  );
});

it('one that could not be brought back is tried once more: a cut connection says nothing of it', async () => {
  const fake = struck();
  let tries = 0;
  const cut = () => ((tries += 1) === 1 ? no('n1: the restore ended with 45: it cannot be read') : undefined);
  fake.trouble['stageRestore n1'] = cut;
  const { end, report } = await once(fake);
  expect([end, tries]).toEqual(['succeeded', 2]);
  expect(report.recovery!.steps.find(({ name }) => name === 'shop-data-on-n1')!.how).toMatch(
    /^new, which holds /,
  );
});

it('asks about what fails when all other hosts are through; a retry is another round, a skip is left to do', async () => {
  const fake = struck();
  fake.spoilt = ['new', 'old'];
  let tried = 0;
  fake.trouble['proveHealthy n3'] = () => ((tried += 1) < 4 ? no('n3: web is failed') : undefined);
  await harness.with(fake, async ({ start }) => {
    const run = await start({ approvals: [] }, {}, 'disasterRecovery');
    const asked = async (step: string) =>
      until(run, ({ waitingFor }) => !!waitingFor?.what.startsWith(`${step} waits`));
    const { waitingFor, steps } = await asked('shop-data-on-n1');
    expect(waitingFor!.what).toBe(
      'shop-data-on-n1 waits for you. nothing was swapped in: new is not what it says: shop.orders has 1 row, not 2; old is not what it says: shop.orders has 1 row, not 2. Try again, leave it as it is (skip), or abort?',
    );
    // other hosts were not held up, and what waits behind it was
    const stateOf = (name: string) => steps.find((step) => step.name === name)!.state;
    expect(['web-on-n1', 'web-on-n2', 'web-on-n3'].map(stateOf)).toEqual(['pending', 'done', 'failed']);
    const skipped = await run.executeUpdate('skip', { args: [{ by: 'ann', step: 'shop-data-on-n1' }] });
    expect(skipped).toBe('shop-data-on-n1 is left as it is; the rest goes on');
    await asked('web-on-n3');
    await run.executeUpdate('retry', { args: [{ by: 'ann', step: 'web-on-n3' }] });
    const { end, report } = await endOf(run);
    expect(end).toBe('succeeded');
    expect(report.leftToDo.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^shop-data-on-n1 was left as it is: nothing was swapped in/),
    ]);
    expect(fake.journal).not.toContain('swapIn n1');
  });
});

it('an abort leaves what came back, and says what did not and who is out', async () => {
  const fake = struck();
  fake.trouble['switchConfig n2'] = () => no('n2: it is full');
  await harness.with(fake, async ({ start }) => {
    const run = await start({ approvals: [] }, {}, 'disasterRecovery');
    await until(run, ({ waitingFor }) => waitingFor !== null);
    await run.executeUpdate('abort', { args: [{ by: 'ann', undo: true }] });
    const { end, message, report } = await endOf(run);
    expect(end).toBe('Aborted');
    expect(message).toMatch(/^stopped by ann; nothing is put back behind the point of no return \(/);
    expect(report.leftToDo.map(({ what }) => what)).toEqual([
      'config-of-web-on-n2 is not brought back (n2: it is full); start this again',
      'web-on-n2 is not brought back (its turn did not come); start this again',
      'n2 of web is out of rotation; nodeOnline brings it back',
    ]);
  });
});

it('what is damaged still makes a failure of it, with what it is', async () => {
  const fake = struck(DAMAGE, [{ ...DAMAGE[0]!, found: ['nothing listens on port 8080'] }]);
  const { end, message, report } = await once(fake);
  expect([end, message]).toEqual([
    'Failed',
    expect.stringMatching(/^1 thing damaged still; came back: 6 steps in /),
  ]);
  expect(report.leftToDo).toEqual([
    { host: 'n3', what: 'still damaged: n3, web: nothing listens on port 8080' },
  ]);
});

it('a release that nothing brings back is no question to anybody: it is told', async () => {
  const gone = [looked('n3', { kind: 'service', service: 'web', releaseGone: true })];
  const fake = struck(gone);
  const { end, message, report } = await once(fake, {});
  expect([end, message]).toEqual(['Failed', '1 thing damaged still; nothing here mends that']);
  expect(report.leftToDo).toEqual([{ host: 'n3', what: 'still damaged: n3, web: gone' }]);
  expect(fake.journal).toEqual([]);
});

it('a mistake of the input ends it before anything is touched or anybody is asked', async () => {
  const fake = struck();
  const mistakes = [{ code: 'twice', path: 'hosts.1', value: 'n1', rule: 'each host once' }];
  fake.trouble['plan'] = fails('BadInput', '1 mistake, nothing was touched', { mistakes });
  const { end, report } = await once(fake, {});
  expect([end, report.phase, fake.journal, fake.told]).toEqual(['BadInput', 'failed', [], []]);
});

it('nothing is touched before it is approved, and nothing at all where all is well', async () => {
  const fake = struck();
  await harness.with(fake, async ({ start }) => {
    const run = await start({}, {}, 'disasterRecovery');
    const { planHash } = await until(run, ({ phase }) => phase === 'awaitingApproval');
    expect(fake.journal).toEqual([]);
    await run.executeUpdate('approve', { args: [{ by: 'ann', planHash }] });
    expect((await endOf(run)).end).toBe('succeeded');
  });
  const well = struck(WELL);
  const { report } = await once(well, {});
  expect([report.phase, report.summary, well.journal]).toEqual(['succeeded', 'nothing is damaged', []]);
});

/** As a look says it of each host of a service. */
const web = (host: string, is: Looked['is'] = 'well') =>
  looked(host, { kind: 'service', service: 'web' }, is);
const nginx = (host: string) => looked(host, { kind: 'packages', packages: ['nginx'] });
const well = (all: Looked[]) => all.map((one): Looked => ({ ...one, is: 'well' }));
const about = ({ journal }: FakeCluster, ...hosts: string[]) =>
  journal.filter((line) => hosts.some((host) => line.endsWith(` ${host}`)));

it('hosts that serve come behind the others, one after the other, each in one go', async () => {
  const config = (host: string) => looked(host, { kind: 'config', service: 'web', revision: 'r2' });
  const damage = [
    web('n1', 'damaged'),
    config('n1'),
    ...['n2', 'n3'].flatMap((host) => [web(host), nginx(host), config(host)]),
  ];
  const fake = struck(damage, well(damage));
  const { end, report } = await once(fake);
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  const through = (host: string) =>
    [
      'fetch nginx',
      'takeOut',
      'reinstall nginx',
      'stageConfig',
      'takeOut',
      'switchConfig',
      'proveHealthy',
      'proveServed',
      'putBack',
    ].map((step) => `${step} ${host}`);
  expect(about(fake, 'n2', 'n3')).toEqual([...through('n2'), ...through('n3')]);
  expect(fake.journal.indexOf('putBack n1')).toBeLessThan(fake.journal.indexOf('fetch nginx n2'));
  expect(fake.mostOut).toBe(1);
});

it('a host that serves with a damaged database has its turn with the databases', async () => {
  const damage = [web('n1'), looked('n1', { kind: 'source', source: 'shop-data' }), web('n2'), nginx('n2')];
  const fake = struck(damage, well(damage));
  fake.spoilt = ['new'];
  const { end } = await once(fake);
  expect(end).toBe('succeeded');
  expect(fake.journal.indexOf('putBack n1')).toBeLessThan(fake.journal.indexOf('fetch nginx n2'));
  expect(fake.mostOut).toBe(1);
});

it('a host that may not leave yet is taken out when it is tried again, and nothing is changed before', async () => {
  const damage = [web('n1'), nginx('n1')];
  const fake = struck(damage, well(damage));
  fake.trouble['takeOut n1'] = () => no('n1 cannot leave: out of rotation already: n2 (DOWN)');
  await harness.with(fake, async ({ start }) => {
    const run = await start({ approvals: [] }, {}, 'disasterRecovery');
    const { waitingFor } = await until(run, (status) => status.waitingFor !== null);
    expect(waitingFor!.what).toMatch(/^packages-on-n1 waits for you\. n1 cannot leave/);
    expect(fake.journal).toEqual(['fetch nginx n1']);
    delete fake.trouble['takeOut n1'];
    await run.executeUpdate('retry', { args: [{ by: 'ann', step: 'packages-on-n1' }] });
    expect((await endOf(run)).end).toBe('succeeded');
    expect(inOrder(fake, 'takeOut n1', 'reinstall nginx n1', 'putBack n1')).toBe(true);
  });
});

it('while one that served is out with what failed, no other one that serves leaves', async () => {
  const damage = ['n1', 'n2'].flatMap((host) => [web(host), nginx(host)]);
  const fake = struck(damage, well(damage));
  fake.trouble['reinstall nginx n1'] = () => no('n1: damaged still');
  await harness.with(fake, async ({ start }) => {
    const run = await start({ approvals: [] }, {}, 'disasterRecovery');
    const { steps } = await until(run, (status) => status.waitingFor !== null);
    expect(steps.map(({ state }) => state)).toEqual(['failed', 'pending', 'pending', 'pending']);
    delete fake.trouble['reinstall nginx n1'];
    await run.executeUpdate('retry', { args: [{ by: 'ann', step: 'packages-on-n1' }] });
    expect((await endOf(run)).end).toBe('succeeded');
    expect(fake.mostOut).toBe(1);
  });
});

it('a package that cannot be had leaves its host in rotation, holds up no other one, and says what to do', async () => {
  const lost = looked('n1', { kind: 'packages', packages: ['lost'] });
  const both = looked('n2', { kind: 'packages', packages: ['lost', 'nginx'] });
  const damage = [web('n1'), lost, web('n2'), both, web('n3'), nginx('n3')];
  const fake = struck(damage, [lost, both]);
  fake.nowhere = ['lost'];
  await harness.with(fake, async ({ start }) => {
    const run = await start({ approvals: [] }, {}, 'disasterRecovery');
    const asked = await until(run, (status) => status.waitingFor !== null);
    const what =
      'lost 1 (no such version) cannot be had: put it into a repository of this host, or there as /var/lib/pawl/packages/lost/1.deb';
    expect(asked.waitingFor!.what).toBe(
      `packages-on-n1 waits for you. ${what}. Try again, leave it as it is (skip), or abort?`,
    );
    expect(about(fake, 'n1')).toEqual(['fetch lost n1']);
    // it serves while people think
    const through = ['fetch lost+nginx', 'takeOut', 'reinstall nginx', 'proveHealthy', 'putBack'];
    expect(about(fake, 'n2')).toEqual(through.map((step) => `${step} n2`));
    expect(fake.out.size).toBe(0);
    await run.executeUpdate('skip', { args: [{ by: 'ann', step: 'packages-on-n1' }] });
    await until(run, ({ waitingFor }) => !!waitingFor?.what.startsWith('packages-on-n2'));
    fake.nowhere = [];
    await run.executeUpdate('retry', { args: [{ by: 'ann', step: 'packages-on-n2' }] });
    const { end, report } = await endOf(run);
    expect([end, fake.out.size]).toEqual(['Failed', 0]);
    const names = report.recovery!.steps.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(report.recovery!.steps.find(({ name }) => name === 'packages-on-n2')!.how).toBe(
      'nginx installed anew; then lost, nginx installed anew',
    );
    expect(report.leftToDo[0]!.what).toBe(`packages-on-n1 was left as it is: ${what}`);
    expect(fake.mostOut).toBe(1);
  });
});

it.each<[string, string, boolean]>([
  ['starts again', 'nginx', true],
  ['goes on with what it has in memory', 'lost', false],
])(
  'a service %s where %s is its package, and another one of the host could not be had',
  async (_, own, again) => {
    const both = looked('n1', { kind: 'packages', packages: ['lost', 'nginx'] });
    const fake = struck([web('n1'), both], [both]);
    fake.nowhere = ['lost'];
    fake.package = own;
    await harness.with(fake, async ({ start }) => {
      const run = await start({ approvals: [] }, {}, 'disasterRecovery');
      await until(run, (status) => status.waitingFor !== null);
      await run.executeUpdate('skip', { args: [{ by: 'ann', step: 'packages-on-n1' }] });
      await endOf(run);
      expect(inOrder(fake, 'stopService n1', 'startService n1')).toBe(again);
      expect(fake.out.size).toBe(0);
    });
  },
);

it('who was never touched is not left to do, where nobody is asked', async () => {
  const damage = [web('n1'), looked('n1', { kind: 'packages', packages: ['lost'] })];
  const fake = struck(damage);
  fake.nowhere = ['lost'];
  const { end, report } = await once(fake, { approvals: [], onFailure: 'freeze' });
  expect([end, report.leftToDo.map(({ what }) => what)]).toEqual([
    'Frozen',
    [
      expect.stringMatching(
        /^packages-on-n1 is not brought back \(lost 1 \(no such version\) cannot be had: /,
      ),
    ],
  ]);
  expect(fake.journal).toEqual(['fetch lost n1']);
});

const inOrder = ({ journal }: FakeCluster, ...lines: string[]) => {
  const at = lines.map((line) => journal.indexOf(line));
  return at.every((place, nth) => place > (at[nth - 1] ?? -1));
};
