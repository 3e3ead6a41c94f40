/** A bad release that is gone from all traffic within seconds of a word, on real hosts under load. */
import { freeze, thaw } from '../../lab/hosts/faults';
import { makeRelease, type Behaviour } from '../../lab/service';
import type { Status } from '../../src/contracts/status';
import { busy } from '../full';
import { longIt, selection } from '../long';
import { ask } from '../lab/page';
import { ended, Ground, reached } from '../lab/ground';
import { expectAllIn, installed, underLoad } from '../lab/whole-run';

const HOSTS = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
/** What an upgrade notes of the run that it gives way to. */
const BEGUN = /^(rollback-web-\d+) brings web back/;
const GONE_BACK = /the service went back to an earlier release: 3 of 6 hosts are unhealthy/;
const NOW = { reason: 'orders fail', by: 'anna' };

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-rollback', HOSTS.length);
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(180_000);

const release = async (version: string) => ({ version, artifact: await makeRelease({ version }) });
const rollBack = (more: object = {}) => ground.startAs('emergencyRollback', { ...NOW, ...more });

/** Half of the hosts have it, and the others wait. */
const HALF = { batches: [3, '100%'], soakSeconds: 3_600 };

async function half(version: string) {
  const upgrade = await ground.start({ ...(await release(version)), ...HALF });
  await reached(upgrade, ({ phase }) => phase === 'soaking', 60_000);
  return upgrade;
}

async function versions(): Promise<string[]> {
  return Promise.all(HOSTS.map((host) => installed(ground, host)));
}

it('takes a soaking upgrade back from three of six hosts, without losing a request', async () => {
  const upgrade = await half('1.1.0');
  const byMessage = async () => {
    await upgrade.executeUpdate('rollback', { args: [NOW] });
    const { notes } = await reached(upgrade, (status) => status.notes.some((note) => BEGUN.test(note)));
    const id = notes.map((note) => BEGUN.exec(note)?.[1]).find(Boolean)!;
    return ended(ground.client.workflow.getHandle(id));
  };
  const { result, requests, mostOut } = await underLoad(ground, byMessage, { rate: busy(600) });
  expect([result.end, result.message]).toEqual(['succeeded', 'all requests of web go to 1.0.0']);
  expect(requests.failures).toEqual([]);
  expect(mostOut.length).toBeLessThanOrEqual(3);
  expect((await ended(upgrade)).end).toBe('Aborted');
  expect(await versions()).toEqual(HOSTS.map(() => '1.0.0'));
  const { startedAt, endedAt } = result.report;
  expect(Date.parse(endedAt!) - Date.parse(startedAt)).toBeLessThan(60_000);
  await expectAllIn(ground);
});

longIt('goes to the release before, where the newest that has proven itself is the bad one', async () => {
  expect((await ended(await ground.start(await release('1.2.0')))).end).toBe('succeeded');
  expect(await versions()).toEqual(HOSTS.map(() => '1.2.0'));
  const { end, message } = await ended(await rollBack());
  expect([end, message]).toEqual(['succeeded', 'all requests of web go to 1.0.0']);
  expect(await versions()).toEqual(HOSTS.map(() => '1.0.0'));
  await expectAllIn(ground);
});

longIt(
  'goes back by itself where the policy of a health watch says so, hosts that it had ejected too',
  async () => {
    expect((await ended(await ground.start(await release('1.4.0')))).end).toBe('succeeded');
    const watch = await ground.startAs('healthWatch', {
      ...{ intervalSeconds: 1, failures: 2, passes: 2 },
      rollback: { unhealthy: 3 },
    });
    await reached(watch, ({ phase }) => phase === 'running');
    for (const host of ['n1', 'n2', 'n3'])
      await ground.inside(
        host,
        'sh',
        '-c',
        `echo '{"unhealthy":true}' >/opt/web/current/behaviour.json && systemctl restart web`,
      );
    const back = await reached(watch, ({ notes }) => notes.some((note) => GONE_BACK.test(note)), 90_000);
    expect(back.notes.filter((note) => GONE_BACK.test(note))).toHaveLength(1);
    expect(await versions()).toEqual(HOSTS.map(() => '1.0.0'));
    await expectAllIn(ground);
    await watch.executeUpdate('abort', { args: [{ by: 'the test', undo: false }] });
    expect((await ended(watch)).end).toBe('Aborted');
  },
);

/** Where a rollback may find an upgrade; each of them is under way when a host goes silent. */
const MOMENTS: { at: string; input?: object; behaviour?: Behaviour; is: (status: Status) => boolean }[] = [
  { at: 'while it soaks', is: ({ phase }) => phase === 'soaking' },
  {
    at: 'while it waits for a yes',
    input: { approvals: ['before'] },
    is: ({ phase }) => phase === 'awaitingApproval',
  },
  {
    at: 'while a host drains',
    is: ({ hosts }) => hosts.some(({ state }) => state === 'draining'),
  },
  {
    at: 'while a host starts',
    behaviour: { startMs: 4_000 },
    is: ({ hosts }) => hosts.some(({ state }) => state === 'checking'),
  },
  {
    at: 'while it watches all hosts',
    input: { batches: ['100%'], maxUnavailable: 3, watchSeconds: 3_600 },
    is: ({ phase }) => phase === 'watching',
  },
  {
    at: 'behind its page',
    input: {
      batches: ['100%'],
      maxUnavailable: 6,
      maintenance: { minutes: 10, content: 'a faster database' },
    },
    behaviour: { startMs: 4_000 },
    is: ({ hosts }) => hosts.some(({ state }) => state === 'checking'),
  },
  {
    at: 'while it goes back by itself',
    input: { checks: [{ name: 'never', command: ['false'] }] },
    is: ({ phase }) => phase === 'rollingBack',
  },
];

it.each(selection(MOMENTS, 1))(
  '$at: keeps a host out that gives no answer, and brings back the others meanwhile',
  async ({ at, input, behaviour, is }) => {
    const version = `1.3.${MOMENTS.findIndex((moment) => moment.at === at)}`;
    const artifact = await makeRelease({ version, behaviour });
    const upgrade = await ground.start({ ...HALF, version, artifact, ...input });
    try {
      await reached(upgrade, is, 60_000);
      await freeze(ground.name, 'n2');
      const { end, message, report } = await ended(await rollBack());
      expect([end, message]).toEqual(['succeeded', 'all requests of web go to 1.0.0; out of rotation: n2']);
      // where it stood behind a page, its flag too
      expect([...new Set(report.leftToDo.map(({ host }) => host))]).toEqual(['n2']);
      expect((await ground.servers())['n2']).toMatch(/^MAINT/);
      expect((await ask(ground.address('lb1'))).status).toBe(200);
    } finally {
      await thaw(ground.name, 'n2');
      await upgrade
        .executeUpdate('abort', { args: [{ by: 'the test', undo: false }] })
        .catch(() => undefined);
    }
    expect((await ended(upgrade)).end).toMatch(/^(Aborted|RolledBack|Failed)$/);
    const again = await ended(await rollBack({ version: '1.0.0' }));
    expect([again.end, again.message]).toEqual(['succeeded', 'all requests of web go to 1.0.0']);
    expect(await versions()).toEqual(HOSTS.map(() => '1.0.0'));
    await expectAllIn(ground);
  },
);

it('names what there is to go back to, and refuses what there is not', async () => {
  const { end, message } = await ended(await rollBack({ version: '0.9.0' }));
  expect([end, message]).toEqual(['BadInput', expect.stringContaining('no host can go back to it')]);
  const without = await ended(await rollBack());
  expect([without.end, without.message]).toEqual([
    'BadInput',
    expect.stringContaining('no release is known to go back to'),
  ]);
});
