import { setTimeout as sleep } from 'node:timers/promises';
import { jobKey, sshJobs } from '../../src/adapters/ssh';
import type { RemoteHosts } from '../../src/contracts/world';
import { note, openJobWorld, type JobWorld } from './job-world';

let world: JobWorld;
const { signal } = new AbortController();

beforeAll(async () => {
  world = await openJobWorld('test-jobs');
}, 300_000);
afterAll(() => world.close(), 60_000);

describe('a job', () => {
  it.each([
    { text: 'echo fine', code: 0, output: 'fine\n' },
    { text: 'echo bad >&2; exit 3', code: 3, output: 'bad\n' },
    { text: 'exit 97', code: 97, output: '' },
    { text: 'echo $HOME; cat; pwd', code: 0, output: '/root\n/\n' },
    { text: `printf 'a\\377'`, code: 0, output: 'a\ufffd' },
  ])('`$text` ends with $code', async ({ text, code, output }) => {
    expect(await world.run(world.job(text))).toEqual({ code, output, reattached: false });
  });

  it('takes its arguments exactly', async () => {
    const words = [
      '',
      ' a  b ',
      "it's",
      '$HOME `id` "x" \\',
      'two\nlines',
      '-n',
      '100%',
      '%n ${x} $$',
      'é🪝',
    ];
    const job = world.job('', { args: ['printf', '%s|', ...words] });
    expect((await world.run(job)).output).toBe(words.map((word) => `${word}|`).join(''));
  });

  it('has one effect for thirty simultaneous starters, and one answer for all', async () => {
    const job = world.job(`${note('once')}; sleep 0.3; echo answer`);
    const results = await Promise.all(Array.from({ length: 30 }, () => world.run(job)));
    expect(new Set(results.map((result) => result.output))).toEqual(new Set(['answer\n']));
    expect(await world.effects('once')).toBe(1);
  }, 60_000);

  it('is collected, not repeated, by a later attempt', async () => {
    const job = world.job(`${note('collected')}; echo out; exit 4`);
    await world.run(job);
    const later = { ...job, fence: { ...job.fence, attempt: job.fence.attempt + 1 } };
    expect(await world.run(later)).toEqual({ code: 4, output: 'out\n', reattached: true });
    expect(await world.effects('collected')).toBe(1);
  });

  it('goes on when its starter is aborted, and a later attempt attaches', async () => {
    const job = world.job(`${note('begun')}; sleep 2; ${note('done')}`);
    await expect(world.run(job, AbortSignal.timeout(700))).rejects.toMatchObject({ name: 'TimeoutError' });
    const later = { ...job, fence: { ...job.fence, attempt: job.fence.attempt + 1 } };
    expect(await world.run(later)).toMatchObject({ code: 0, reattached: true });
    expect(await world.effects('begun')).toBe(1);
    expect(await world.effects('done')).toBe(1);
  });

  it('tells its progress', async () => {
    const lines: string[] = [];
    const text = 'for i in 1 2 3; do echo "$i of 3" >> "$PAWL_PROGRESS"; sleep 3; done';
    await world.run(world.job(text), signal, (line) => lines.push(line));
    expect(lines).toEqual(['2 of 3', '3 of 3']);
  }, 30_000);

  it('keeps the last 64 KiB of what it says, and may say much more', async () => {
    const text = 'head -c 300000000 /dev/zero | tr "\\0" x; echo; echo the end';
    const { output, code } = await world.run(world.job(text));
    expect(code).toBe(0);
    expect(output).toHaveLength(65_536);
    expect(output.endsWith('xx\nthe end\n')).toBe(true);
    expect(Number(await world.inside('sh', '-c', 'du -sk /var/lib/pawl/jobs | cut -f1'))).toBeLessThan(4_000);
  }, 60_000);

  it('is stopped after its time limit, and its last words are kept', async () => {
    const job = world.job('echo working; sleep 30', { maxSeconds: 1 });
    await expect(world.run(job)).rejects.toMatchObject({
      type: 'JobFailed',
      message: expect.stringContaining('limit of 1 s'),
      details: { output: 'working\n' },
    });
    // it has ended; what may be cut off is not run again for it
    await expect(world.run({ ...job, ifCut: 'runAgain' })).rejects.toMatchObject({ type: 'JobFailed' });
  });

  it('leaves nothing running behind', async () => {
    const marker = '31.4159';
    expect(await world.run(world.job(`sleep ${marker} & exit 0`))).toMatchObject({ code: 0 });
    expect(await world.inside('pgrep', '-f', `sleep ${marker}`)).toBe('');
  });

  it('ends in good order on a full disk', async () => {
    const full = '/var/lib/pawl/jobs';
    await world.inside('sh', '-c', `mkdir -p ${full} && mount -t tmpfs -o size=400k none ${full}`);
    try {
      const text = `head -c 1000000 /dev/zero; dd if=/dev/zero of=${full}/fill bs=1k; exit 5`;
      expect((await world.run(world.job(text))).code).toBe(5);
    } finally {
      await world.inside('umount', full);
    }
  });
});

describe('a lane', () => {
  it('refuses an attempt that is older than the newest it has seen', async () => {
    const lane = 'web';
    const newest = world.job(note('newest'), { lane, fence: { epoch: 2_000, attempt: 5 } });
    await world.run(newest);
    for (const fence of [
      { epoch: 2_000, attempt: 4 },
      { epoch: 1_999, attempt: 9 },
    ]) {
      const old = world.job(note('old'), { lane, fence });
      await expect(world.run(old)).rejects.toMatchObject({ type: 'Fenced' });
      await expect(world.run({ ...newest, fence })).rejects.toMatchObject({ type: 'Fenced' });
    }
    await world.run(world.job(note('newer'), { lane, fence: { epoch: 2_001, attempt: 0 } }));
    expect(await world.inside('grep', '-c', '^old$', '/var/log/effects')).toBe('0');
  });

  it('fences off an attempt that waits for its job', async () => {
    const job = world.job('sleep 7');
    const waiting = world.run(job);
    await sleep(500);
    await world.run(world.job('true', { fence: { epoch: 1_000, attempt: job.fence.attempt + 1 } }));
    const newer = { ...job, fence: { epoch: 1_000, attempt: job.fence.attempt + 100 } };
    const taken = world.run(newer);
    await expect(waiting).rejects.toMatchObject({ type: 'Fenced' });
    expect(await taken).toMatchObject({ code: 0, reattached: true });
  }, 30_000);

  it('has one active job', async () => {
    const first = world.job('sleep 1.5');
    const running = world.run(first);
    await sleep(500);
    const second = world.job(note('second'), { lane: first.lane, fence: { epoch: 1_001, attempt: 1 } });
    await expect(world.run(second)).rejects.toMatchObject({
      type: 'LaneBusy',
      message: expect.stringContaining(first.key),
    });
    await running.catch(() => undefined);
    await sleep(1_500);
    expect(await world.run(second)).toMatchObject({ code: 0 });
    expect(await world.effects('second')).toBe(1);
  });

  it('whose lock is held is busy, not broken', async () => {
    const job = world.job('true');
    const holder = world.inside('flock', `/var/lib/pawl/lanes/${job.lane}.fence`, 'sleep', '6.5');
    await sleep(200);
    await expect(world.run(job)).rejects.toMatchObject({ type: 'LaneBusy' });
    await holder;
    expect((await world.run(job)).code).toBe(0);
  }, 30_000);
});

describe('an account with sudo', () => {
  let hosts: RemoteHosts;
  const whoami = () => hosts.on('n1').run('run-command', ['id', '-un'], { signal });
  afterEach(() => hosts.close());

  it('runs commands and jobs as root', async () => {
    hosts = world.openAs({ user: 'pawl', sudo: true });
    expect((await whoami()).stdout).toBe('root\n');
    const job = world.job("id -un; echo 'a  b'");
    expect((await sshJobs().run(hosts.on('n1'), job, signal)).output).toBe('root\na  b\n');
    const piped = await hosts.on('n1').run('run-command', ['cat'], { signal, stdin: 'through sudo' });
    expect(piped.stdout).toBe('through sudo');
  });

  it('that would have to give a password is AccessDenied', async () => {
    hosts = world.openAs({ user: 'pawl', sudo: true });
    await world.inside('sh', '-c', 'mkdir /etc/sudoers.off && mv /etc/sudoers.d/* /etc/sudoers.off/');
    try {
      await expect(whoami()).rejects.toMatchObject({
        type: 'AccessDenied',
        message: expect.stringContaining('sudo'),
      });
    } finally {
      await world.inside('sh', '-c', 'mv /etc/sudoers.off/* /etc/sudoers.d/ && rmdir /etc/sudoers.off');
    }
  });

  it('that is turned away while the host boots may come again', async () => {
    hosts = world.openAs({ user: 'pawl', sudo: true });
    await world.inside('sh', '-c', 'echo System is booting up. > /run/nologin');
    try {
      await expect(whoami()).rejects.toMatchObject({ type: 'HostUnreachable' });
    } finally {
      await world.inside('rm', '/run/nologin');
    }
    expect((await whoami()).stdout).toBe('root\n');
  });
});

describe('clean-up', () => {
  const folders = async () => (await world.inside('ls', '-A', '/var/lib/pawl/jobs')).split('\n').sort();
  const job = (lane: string, epoch: number, text = 'true') =>
    world.job(text, { lane, fence: { epoch, attempt: 1 } });

  it('by a job that starts: earlier changes of its lane, ended long ago', async () => {
    const [old, other, young, own] = [job('a', 1), job('b', 1), job('a', 1), job('a', 2)];
    for (const each of [old, other, young, own]) await world.run(each);
    const running = job('c', 1, 'sleep 4');
    const waiting = world.run(running);
    await sleep(500);
    const before = await folders();
    await world.inside('find', '/var/lib/pawl/jobs', '-exec', 'touch', '-d', '40 days ago', '{}', '+');
    await world.inside('touch', `/var/lib/pawl/jobs/${young.key}/exit`);
    await world.inside('mkdir', '/var/lib/pawl/jobs/.old-cut');
    const next = job('a', 2);
    await world.run(next);
    expect(await folders()).toEqual([...before.filter((key) => key !== old.key), next.key].sort());
    expect((await waiting).code).toBe(0);
  });
});

it('names jobs by all that makes them one', () => {
  const of = { change: 'c', step: 's', host: 'n1', script: 'command', args: ['true'], round: 1 };
  const others = [
    { change: 'd' },
    { step: 't' },
    { host: 'n2' },
    { script: 'switch-deb' },
    { args: ['true', ''] },
    { round: 2 },
  ];
  const keys = [of, { ...of }, ...others.map((other) => ({ ...of, ...other }))].map(jobKey);
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(keys).size).toBe(others.length + 1);
});
