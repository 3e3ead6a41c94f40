import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cutSsh, freeze, powerCut, reboot, start, thaw } from '../../lab/hosts';
import type { JobSpec } from '../../src/contracts/world';
import { note, openJobWorld, type JobWorld } from './job-world';

const root = join(__dirname, '..', '..');
let world: JobWorld;

beforeAll(async () => {
  world = await openJobWorld('test-jobs-cut');
}, 300_000);
afterAll(() => world.close(), 60_000);

const later = (job: JobSpec): JobSpec => ({
  ...job,
  fence: { ...job.fence, attempt: job.fence.attempt + 1 },
});

/** Notes how often it has begun and how often it came through. */
const slow = (name: string, seconds: number) =>
  `${note(`${name}-begun`)}; sleep ${seconds}; ${note(`${name}-done`)}`;

/** Another process that starts the job, as a worker would. */
function spawnClient(job: JobSpec) {
  const program = `
    const { openHosts, sshJobs } = require(${JSON.stringify(join(root, 'dist/src/adapters/ssh'))});
    const hosts = openHosts(${JSON.stringify(world.cluster)}, { folder: '/' });
    sshJobs().run(hosts.on('n1'), ${JSON.stringify(job)}, new AbortController().signal);`;
  return spawn(process.execPath, ['-e', program], { stdio: 'inherit' });
}

describe('a job goes on, once', () => {
  it('when its client is killed', async () => {
    execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'ignore' });
    const job = world.job(slow('client', 2));
    const client = spawnClient(job);
    expect(await world.effects('client-begun')).toBe(1);
    client.kill('SIGKILL');
    expect(await world.run(later(job))).toMatchObject({ code: 0, reattached: true });
    expect(await world.effects('client-done')).toBe(1);
    expect(await world.effects('client-begun')).toBe(1);
  }, 60_000);

  it('when the client is killed at any moment of its start', async () => {
    for (let delay = 250; delay < 600; delay += 50) {
      const name = `early-${delay}`;
      const job = world.job(slow(name, 0.2));
      const client = spawnClient(job);
      await sleep(delay);
      client.kill('SIGKILL');
      expect(await world.run(later(job))).toMatchObject({ code: 0 });
      expect(await world.effects(`${name}-done`)).toBe(1);
      expect(await world.effects(`${name}-begun`)).toBe(1);
    }
  }, 60_000);

  it('when its SSH session is killed: the same call attaches again', async () => {
    const job = world.job(slow('session', 2));
    const running = world.run(job);
    await world.effects('session-begun');
    await cutSsh(world.lab, 'n1');
    expect(await running).toMatchObject({ code: 0, reattached: false });
    expect(await world.effects('session-begun')).toBe(1);
  }, 30_000);

  it('when SSH is killed again and again', async () => {
    const job = world.job(slow('often', 4));
    const running = world.run(job);
    for (let times = 0; times < 12; times += 1) {
      await sleep(300);
      await cutSsh(world.lab, 'n1');
    }
    expect(await running).toMatchObject({ code: 0 });
    expect(await world.effects('often-begun')).toBe(1);
  }, 30_000);

  it('when sshd is restarted, and when its whole unit is killed', async () => {
    const job = world.job(slow('sshd', 3));
    const running = world.run(job);
    await world.effects('sshd-begun');
    await world.inside('systemctl', 'restart', 'ssh');
    await sleep(500);
    await world.inside('systemctl', 'kill', '-s', 'KILL', 'ssh');
    await world.inside('systemctl', 'restart', 'ssh');
    expect(await running).toMatchObject({ code: 0 });
    expect(await world.effects('sshd-begun')).toBe(1);
  }, 30_000);

  it('when its host hangs for some seconds', async () => {
    const job = world.job(slow('frozen', 2));
    const running = world.run(job);
    await world.effects('frozen-begun');
    await freeze(world.lab, 'n1');
    await sleep(6_000);
    await thaw(world.lab, 'n1');
    expect(await running).toMatchObject({ code: 0 });
    expect(await world.effects('frozen-begun')).toBe(1);
  }, 60_000);
});

it('a host that stays away is told after some 10 s, and the job is found later', async () => {
  const job = world.job(slow('away', 1));
  const running = world.run(job);
  await world.effects('away-begun');
  await freeze(world.lab, 'n1');
  const begun = Date.now();
  await expect(running).rejects.toMatchObject({
    type: expect.stringMatching(/HostUnreachable|OutcomeUnknown/),
  });
  expect(Date.now() - begun).toBeLessThan(30_000);
  await thaw(world.lab, 'n1');
  expect(await world.run(later(job))).toMatchObject({ code: 0, reattached: true });
}, 60_000);

describe('a job that is cut off', () => {
  it.each([
    [
      'by SIGKILL',
      async (unit: string) => world.inside('systemctl', 'kill', '-s', 'KILL', unit),
      /killed by KILL/,
    ],
    ['by systemctl stop', async (unit: string) => world.inside('systemctl', 'stop', unit), /killed by TERM/],
  ])('%s is never taken for a success', async (how, cut, words) => {
    const name = how.replaceAll(' ', '-');
    const job = world.job(slow(name, 20));
    const running = world.run(job);
    await world.effects(`${name}-begun`);
    await cut(`pawl-job-${job.key}`);
    await expect(running).rejects.toMatchObject({ type: 'JobDied', message: expect.stringMatching(words) });
    await expect(world.run(later(job))).rejects.toMatchObject({ type: 'JobDied' });
    expect(await world.effects(`${name}-begun`)).toBe(1);
  });

  it('by anything runs again where its policy says so, three times at most', async () => {
    const job = world.job(`${note('thrice')}; kill -KILL $$`, { ifCut: 'runAgain' });
    await expect(world.run(job)).rejects.toMatchObject({ type: 'JobDied' });
    expect(await world.effects('thrice', 3)).toBe(3);
    await expect(world.run(later(job))).rejects.toMatchObject({ type: 'JobDied' });
    expect(await world.effects('thrice', 3)).toBe(3);
  });

  it.each([
    ['an orderly reboot', async () => reboot(world.lab, 'n1')],
    ['a power cut', async () => powerCut(world.lab, 'n1').then(() => start(world.lab, 'n1'))],
  ])(
    'by %s is reported, or runs again, as its policy says',
    async (how, fall) => {
      const name = how.replaceAll(' ', '-');
      const report = world.job(slow(`${name}-report`, 8));
      const again = world.job(slow(`${name}-again`, 8), { ifCut: 'runAgain' });
      const running = [report, again].map((job) => world.run(job).catch((error: Error) => error.name));
      await world.effects(`${name}-report-begun`);
      await world.effects(`${name}-again-begun`);
      await fall();
      await Promise.all(running);
      await expect(world.run(later(report))).rejects.toMatchObject({ type: 'JobDied' });
      expect(await world.run(later(again))).toMatchObject({ code: 0 });
      expect(await world.effects(`${name}-report-begun`)).toBe(1);
      expect(await world.effects(`${name}-again-begun`)).toBe(2);
      expect(await world.effects(`${name}-again-done`)).toBe(1);
    },
    90_000,
  );

  it('runs again once, however many ask', async () => {
    const job = world.job(`${note('many')}; sleep 1`, { ifCut: 'runAgain' });
    const first = world.run(job).catch(() => undefined);
    await world.effects('many');
    await Promise.all([powerCut(world.lab, 'n1'), first]);
    await start(world.lab, 'n1');
    const next = later(job);
    const results = await Promise.all(Array.from({ length: 20 }, () => world.run(next)));
    expect(new Set(results.map((result) => result.code))).toEqual(new Set([0]));
    expect(await world.effects('many', 2)).toBe(2);
  }, 90_000);

  it('and whose folder is gone is not begun anew by the call that waits for it', async () => {
    const job = world.job(slow('gone', 1));
    const running = world.run(job);
    await world.effects('gone-begun');
    await world.inside('rm', '-rf', `/var/lib/pawl/jobs/${job.key}`);
    await expect(running).rejects.toMatchObject({
      type: 'JobDied',
      message: expect.stringContaining('gone'),
    });
    expect(await world.effects('gone-begun')).toBe(1);
  }, 30_000);
});
