import type { WorkflowHandle } from '@temporalio/client';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cutSsh, fillDisk, freeDisk, freeze, heal, partition, powerCut, reboot } from '../../lab/hosts';
import { start, thaw } from '../../lab/hosts';
import type { LoadResult } from '../../lab/load';
import { stateDir } from '../../lab/paths';
import { makeRelease } from '../../lab/service';
import { longIt, selection } from '../long';
import { Ground, ended, reached } from './ground';
import { QUICK, answer, nextVersion, once, play } from './scene';
import { expectAllIn, installed, mostTakenOut, startsFromNow, underLoad, untilBusy } from './whole-run';

const LAB = 'test-faults';
const HOSTS = ['n1', 'n2', 'n3'];

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up(LAB, HOSTS.length, { limits: { healthySeconds: 15, switchSeconds: 60 } });
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
// a test that failed leaves nothing broken to the next one
afterEach(() =>
  Promise.all(
    ['n1', 'n2'].map(async (host) => {
      await thaw(LAB, host);
      await heal(LAB, host);
      await freeDisk(LAB, host);
    }),
  ),
);
jest.setTimeout(120_000);

describe('a host', () => {
  const cuts = [
    { what: 'loses its power', fault: () => powerCut(LAB, 'n1').then(() => start(LAB, 'n1')) },
    { what: 'is rebooted', fault: () => reboot(LAB, 'n1') },
  ];
  it.each(selection(cuts, 1))('that $what while its release starts is finished', async ({ fault }) => {
    const { result, requests, mostOut, started, version } = await play(
      ground,
      async ({ begun }) => {
        await begun('n1');
        await fault();
      },
      { slow: true },
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(1);
    // once before the reboot, and once by the host's own boot: the job that goes on has nothing left to start
    expect(started).toEqual({ ...once(version), n1: [version, version] });
    const boots = (await ground.starts('n1')).slice(-2).map(({ boot }) => boot);
    expect(new Set(boots).size).toBe(2);
  });

  longIt('that is rebooted while it is out and checked is checked again', async () => {
    const checks = [{ name: 'long', command: ['sleep', '3'] }];
    const { result, requests, mostOut, started, version } = await play(
      ground,
      async ({ is }) => {
        await is('n1', 'checking');
        await delay(500);
        await reboot(LAB, 'n1');
      },
      { input: { checks } },
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(1);
    expect(started).toEqual({ n1: [version, version], n2: [version] });
  });

  const silences = [
    {
      what: 'cannot be reached',
      fault: () => partition(LAB, 'n1', ['machine']),
      mend: () => heal(LAB, 'n1'),
    },
    { what: 'hangs', fault: () => freeze(LAB, 'n1'), mend: () => thaw(LAB, 'n1') },
  ];
  it.each(selection(silences, 1))(
    'that $what while it is out halts the roll, and a person is asked',
    async ({ fault, mend }) => {
      const { result, requests, mostOut, started, version } = await play(
        ground,
        async ({ handle, begun, is, asked }) => {
          await begun('n1');
          await fault();
          const lost = Date.now();
          await is('n1', 'unreachable');
          expect(Date.now() - lost).toBeLessThan(20_000);
          expect(await asked(30_000)).toContain('n1');
          expect(await ground.servers()).toEqual({ n1: 'MAINT', n2: 'UP', n3: 'UP' });
          await mend();
          await answer(handle, 'retry');
        },
        { slow: true },
      );
      expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
      expect(requests.failures).toEqual([]);
      expect(mostOut).toEqual([expect.any(String)]);
      expect(started).toEqual(once(version));
    },
  );

  longIt('that hangs while it is observed is not undone blindly: it is observed again', async () => {
    const { result, started, version } = await play(
      ground,
      async ({ handle, asked }) => {
        await reached(handle, ({ phase }) => phase === 'watching');
        await freeze(LAB, 'n2');
        expect(await asked(45_000)).toContain('n2');
        await thaw(LAB, 'n2');
        await answer(handle, 'retry');
      },
      { input: { watchSeconds: 6 }, load: { rate: 1 } },
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
    expect(started).toEqual(once(version));
  });

  it('that goes down by itself counts as out: the next one does not leave, and says why', async () => {
    const { result, requests, seen, started, version } = await play(
      ground,
      async ({ handle }) => {
        await reached(handle, ({ phase }) => phase === 'soaking');
        await ground.inside('n3', 'systemctl', 'stop', 'web');
        const why = 'n2 cannot leave: out of rotation already: n3 (DOWN); at most 1 may be out';
        const waiting = await reached(handle, ({ hosts }) => hosts[1]?.note === why);
        expect(waiting.hosts[1]?.state).toBe('staged');
        await delay(1_500);
        expect(await ground.servers()).toEqual({ n1: 'UP', n2: 'UP', n3: 'DOWN' });
        await ground.inside('n3', 'systemctl', 'start', 'web');
      },
      { input: { batches: [1, '100%'], soakSeconds: 2, unreachableSeconds: 30 } },
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
    expect(seen.filter((out) => out.includes(', '))).toEqual([]);
    // those that came to n3 before HAProxy's checks, which a busy machine makes late, had seen it
    expect(requests.failed).toBe(during(requests, 2_000).length);
    expect(started).toEqual({ n1: [version], n2: [version], n3: [expect.any(String)] });
  });
});

/** Failures of the first so many milliseconds after the first one. */
function during({ failures }: LoadResult, ms: number) {
  const first = Date.parse(failures[0]?.at ?? '');
  return failures.filter(({ at }) => Date.parse(at) <= first + ms);
}

describe('HAProxy', () => {
  const load = { rate: 100, slow: { everyMs: 400 } };
  const ready = () => untilBusy(ground, 'n1');

  it('reloaded during a drain is told again, and requests of its old process are waited for', async () => {
    const { result, requests, seen, started, version } = await play(
      ground,
      async ({ is }) => {
        await is('n1', 'draining');
        await ground.inside('lb1', 'systemctl', 'reload', 'haproxy');
        await delay(1_000);
        await ground.inside('lb1', 'systemctl', 'reload', 'haproxy');
      },
      { load, ready, input: { hosts: ['n1'] } },
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 1 hosts')]);
    expect(requests.failures).toEqual([]);
    expect(requests.slow.ok).toBeGreaterThan(0);
    expect(mostTakenOut(seen)).toBe(1);
    expect(started).toEqual({ n1: [version] });
  });

  longIt('restarted during a drain cuts its own connections; nothing is lost to the upgrade', async () => {
    let from = 0;
    let to = 0;
    const { result, requests, seen, started, version } = await play(
      ground,
      async ({ is }) => {
        await is('n1', 'draining');
        await delay(500);
        from = Date.now();
        await ground.inside('lb1', 'systemctl', 'restart', 'haproxy');
        to = Date.now();
      },
      { load, ready, input: { hosts: ['n1'] } },
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 1 hosts')]);
    // what was open when it went, and what came while it was away
    const others = requests.failures.filter(({ at, kind }) => {
      const when = Date.parse(at);
      return when < from || when > to + 500 || !['refused', 'reset', 'cut', 'other'].includes(kind);
    });
    expect(others).toEqual([]);
    expect(requests.slow.ok).toBeGreaterThan(0);
    expect(mostTakenOut(seen)).toBe(1);
    expect(started).toEqual({ n1: [version] });
  });
});

it('SSH sessions that end and an sshd that is restarted, on hosts and balancer, change nothing', async () => {
  const { result, requests, mostOut, started, version } = await play(
    ground,
    async ({ is, begun }) => {
      await begun('n1');
      await cutSsh(LAB, 'n1');
      await cutSsh(LAB, 'lb1');
      await is('n2', 'draining');
      await cutSsh(LAB, 'lb1');
      await ground.inside('n2', 'systemctl', 'restart', 'ssh');
      await ground.inside('lb1', 'systemctl', 'restart', 'ssh');
      await begun('n2');
      await cutSsh(LAB, 'n2');
    },
    { slow: true },
  );
  expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
  expect(requests.failures).toEqual([]);
  expect(mostOut).toHaveLength(1);
  expect(started).toEqual(once(version));
});

describe('before any host leaves', () => {
  /** Starts an upgrade that must end before it touches anything, and tells how it ended. */
  async function refused(start: () => Promise<WorkflowHandle>) {
    const started = await startsFromNow(ground);
    const before = await Promise.all(HOSTS.map((host) => installed(ground, host)));
    const { result, requests, mostOut } = await underLoad(ground, async () => ended(await start()));
    expect([requests.failures, mostOut, await started()]).toEqual([[], [], {}]);
    expect(await Promise.all(HOSTS.map((host) => installed(ground, host)))).toEqual(before);
    await expectAllIn(ground);
    return result;
  }

  it('a full disk is found by the plan', async () => {
    const version = nextVersion();
    const artifact = await makeRelease({ version });
    await fillDisk(LAB, 'n2');
    const { end, message } = await refused(() => ground.start({ version, artifact }));
    expect([end, message.split('\n').slice(1)]).toEqual([
      'BadInput',
      ['hosts.n2: 0 MiB: at least 64 MiB must be free (limits.freeMiB)'],
    ]);
  });

  it('a release that does not fit is found while it is staged', async () => {
    const version = nextVersion();
    const artifact = await makeRelease({ version, ballastKiB: 12 * 1_024 });
    // the plan's 64 MiB are free, but not 12 more
    const script =
      'fallocate -l $(($(df --output=avail -B1 /opt/web | tail -n 1) - 70 * 1048576)) /opt/web/.filler';
    await ground.inside('n2', 'sh', '-c', script);
    const { end, message } = await refused(() => ground.start({ version, artifact }));
    expect([end, message]).toEqual(['Failed', expect.stringContaining('n2: too little space')]);
    expect(message).toContain('no host was taken out of rotation');
  });

  it('bytes that change after the plan are refused', async () => {
    const version = nextVersion();
    const file = await ownCopy(version);
    const { end, message } = await refused(async () => {
      // paused before it stages anything
      const handle = await ground.startPaused({ ...QUICK, version, artifact: { file } });
      await reached(handle, ({ phase }) => phase === 'paused');
      await replace(file, version);
      await answer(handle, 'resume');
      return handle;
    });
    expect([end, message]).toEqual(['Failed', expect.stringContaining(`${file} has SHA-256`)]);
  });

  it('bytes that change while the plan waits for approval make it another plan', async () => {
    const version = nextVersion();
    const file = await ownCopy(version);
    const { end, report } = await refused(async () => {
      const handle = await ground.start({ ...QUICK, version, artifact: { file }, approvals: ['before'] });
      const first = await reached(handle, ({ phase }) => phase === 'awaitingApproval');
      await replace(file, version);
      await answer(handle, 'approve', { planHash: first.planHash });
      await reached(handle, ({ planHash }) => planHash !== first.planHash);
      await expect(answer(handle, 'approve', { planHash: first.planHash })).rejects.toThrow();
      await answer(handle, 'reject');
      return handle;
    });
    expect([end, report.notes.join()]).toEqual(['Aborted', expect.stringContaining('approvals are void')]);
  });
});

/** A release that no other test reads. */
async function ownCopy(version: string): Promise<string> {
  const { file } = await makeRelease({ version });
  const copy = join(stateDir, 'labs', LAB, basename(file));
  await copyFile(file, copy);
  return copy;
}

/** Other bytes of the same version under the same name. */
async function replace(file: string, version: string): Promise<void> {
  const other = await makeRelease({ version, behaviour: { addMs: 1 } });
  await copyFile(other.file, file);
}
