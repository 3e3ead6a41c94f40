/** What the worker needs to see is gone while a host leaves: no service is stopped on a guess. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { heal, partition } from '../../lab/hosts';
import { ensurePrograms } from '../../lab/packages';
import { stateDir } from '../../lab/paths';
import { longIt } from '../long';
import { Ground } from './ground';
import { answer, once, play } from './scene';
import { untilBusy } from './whole-run';

const LAB = 'test-contact';
/** Debian's place for it, by the machine's own name. */
const FAKETIME = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`;

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up(LAB, 3, { limits: { healthySeconds: 15, switchSeconds: 60 } });
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(120_000);

/** Long requests are on n1, so that its drain takes some seconds. */
const busy = { load: { rate: 100, slow: { everyMs: 400 } }, ready: () => untilBusy(ground, 'n1') };

const GONE = [
  {
    what: "the balancer's socket is gone",
    fault: () => ground.inside('lb1', 'mv', '/run/haproxy/admin.sock', '/run/haproxy/gone.sock'),
    mend: () => ground.inside('lb1', 'mv', '/run/haproxy/gone.sock', '/run/haproxy/admin.sock'),
  },
  {
    what: "the balancer's sshd is stopped",
    fault: async () => {
      await ground.inside('lb1', 'systemctl', 'stop', 'ssh');
      await ground.inside('lb1', 'sh', '-c', 'pkill -KILL sshd || true');
    },
    mend: () => ground.inside('lb1', 'systemctl', 'start', 'ssh'),
  },
];
longIt.each(GONE)(
  '$what during a drain: nothing is stopped, nobody else leaves, and a person is asked',
  async (scene) => {
    const { result, requests, mostOut, started, version } = await play(
      ground,
      async ({ handle, is, asked, version }) => {
        await is('n1', 'draining');
        await scene.fault();
        await is('n1', 'unreachable');
        expect(await asked(45_000)).toContain('n1');
        expect(await ground.starts('n1').then((lines) => lines.at(-1)?.version)).not.toBe(version);
        await scene.mend();
        await answer(handle, 'retry');
      },
      busy,
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
    expect(requests.failures).toEqual([]);
    expect(mostOut).toHaveLength(1);
    expect(started).toEqual(once(version));
  },
);

it('sshd of a host is stopped for good while its release starts: found in 15 s, and a person is asked', async () => {
  const { result, requests, started, version } = await play(
    ground,
    async ({ handle, begun, is, asked }) => {
      await begun('n1');
      await ground.inside('n1', 'systemctl', 'stop', 'ssh');
      await ground.inside('n1', 'sh', '-c', 'pkill -KILL sshd || true');
      const lost = Date.now();
      await is('n1', 'unreachable');
      expect(Date.now() - lost).toBeLessThan(20_000);
      expect(await asked()).toContain('n1');
      expect(await ground.servers()).toEqual({ n1: 'MAINT', n2: 'UP', n3: 'UP' });
      await ground.inside('n1', 'systemctl', 'start', 'ssh');
      await answer(handle, 'retry');
    },
    { slow: true },
  );
  expect([result.end, requests.failures]).toEqual(['succeeded', []]);
  expect(started).toEqual(once(version));
});

it('a host that its balancer cannot reach is not in service, whatever it says of itself: it is undone', async () => {
  const before = (await ground.starts('n1')).at(-1)?.version;
  const { result, requests, mostOut, started, version } = await play(
    ground,
    async ({ begun, is }) => {
      await begun('n1');
      await partition(LAB, 'n1', ['lb1']);
      await is('n1', 'ramping');
      await is('n1', 'undoing');
      await heal(LAB, 'n1');
    },
    { slow: true },
  );
  expect([result.end, result.message]).toEqual([
    'RolledBack',
    expect.stringContaining('n1 does not come up'),
  ]);
  expect(requests.failures).toEqual([]);
  expect(mostOut).toHaveLength(1);
  expect(started).toEqual({ n1: [version, before] });
});

describe('a worker whose clock jumps', () => {
  const clock = join(stateDir, 'test', `${LAB}-clock`);
  const jump = (offset: string) => writeFile(clock, `${offset}\n`);
  beforeAll(async () => {
    await ensurePrograms([{ program: 'faketime', debianPackage: 'faketime' }], 'for a clock that jumps');
    await jump('+0');
    await ground.stopWorker();
    await ground.startWorker({
      env: {
        LD_PRELOAD: FAKETIME,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: '1',
        DONT_FAKE_MONOTONIC: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
  }, 60_000);
  afterAll(() => rm(clock, { force: true }));

  longIt('two hours ahead and three back cuts no drain and no observation short', async () => {
    const { result, requests, started, version } = await play(
      ground,
      async ({ is }) => {
        await is('n1', 'draining');
        await jump('+2h');
        await delay(1_000);
        await is('n2', 'draining');
        await jump('-1h');
      },
      { ...busy, input: { drain: { deadlineSeconds: 60, onDeadline: 'putBack' }, watchSeconds: 2 } },
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
    expect(requests.failures).toEqual([]);
    expect(started).toEqual(once(version));
  });
});
