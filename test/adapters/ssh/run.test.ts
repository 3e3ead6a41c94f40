import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { RemoteHost, RunOptions } from '../../../src/contracts/world';
import { reachHost, type ReachedHost } from './reached';
import type { TestSshd } from './sshd';

let at: ReachedHost;
let sshd: TestSshd;
let host: RemoteHost;
const { signal } = new AbortController();

beforeAll(async () => {
  at = await reachHost();
  ({ sshd, host } = at);
});
afterAll(() => at?.stop());

/** Any program of the test, by the fixed program that runs programs. */
const shell = (text: string, options: Partial<RunOptions> = {}, ...args: string[]) =>
  host.run('run-command', ['sh', '-c', text, 'sh', ...args], { signal, ...options });

describe('arguments', () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...`'"\\$\`!*?~#&;|<>(){}[] \n\t-=%`) }),
  );

  it('arrive exactly as they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          word.map((text) => text.replaceAll('\0', '')),
          { maxLength: 5 },
        ),
        async (words) => {
          const ran = await host.run('run-command', ['printf', '%s\\0', ...words], { signal });
          expect(ran.stdout).toBe(words.length > 0 ? words.map((text) => `${text}\0`).join('') : '\0');
        },
      ),
      { numRuns: 150, examples: [[['-n', '--', '$(id)', "it's", 'a\nb', '', '\ufeffx', '🪝 ñ']]] },
    );
  });

  it.each([
    { words: ['a\0b'], rule: /NUL/ },
    { words: ['\ud800'], rule: /Unicode/ },
    { words: ['x'.repeat(130_000)], rule: /stdin/ },
  ])('that cannot arrive are refused: $rule', async ({ words, rule }) => {
    await expect(host.run('run-command', words, { signal })).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringMatching(rule),
    });
  });
});

describe('the end', () => {
  it.each([
    { text: 'exit 0', code: 0 },
    { text: 'exit 3', code: 3 },
    { text: 'exit 255', code: 255 },
    { text: 'kill -KILL $$', code: 137 },
    { text: 'kill -TERM $$', code: 143 },
  ])('of `$text` is $code', async ({ text, code }) => {
    expect((await shell(text)).code).toBe(code);
  });

  it('is known at the time limit when only a leftover keeps the output open', async () => {
    const ran = await shell('sleep 5 & echo done; exit 4', { timeoutMs: 500 });
    expect(ran).toMatchObject({ code: 4, stdout: 'done\n' });
  });

  it('is TimedOut when nothing comes', async () => {
    const begun = Date.now();
    await expect(shell('sleep 20', { timeoutMs: 300 })).rejects.toMatchObject({ type: 'TimedOut' });
    expect(Date.now() - begun).toBeLessThan(2_000);
  });

  it('of an abort comes at once, and later commands run', async () => {
    const reason = new Error('not needed any more');
    const controller = new AbortController();
    const running = shell('sleep 20', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 200);
    await expect(running).rejects.toBe(reason);
    expect((await shell('echo on')).stdout).toBe('on\n');
  });

  it('is never 0 when the session dies', async () => {
    const mark = join(sshd.folder, 'mark');
    const running = shell('sleep 0.5; echo ran > "$1"', {}, mark);
    running.catch(() => undefined);
    await sleep(250);
    sshd.killSessions();
    await expect(running).rejects.toMatchObject({ type: 'OutcomeUnknown' });
    // which is true: it ran
    await sleep(600);
    expect(await readFile(mark, 'utf8')).toBe('ran\n');
    expect((await shell('echo back')).stdout).toBe('back\n');
  });
});

describe('output', () => {
  it('of 1 GB is capped, drained and costs no memory', async () => {
    const before = process.memoryUsage().rss;
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
    const ran = await shell('head -c 1000000000 /dev/zero | tr "\\0" x; echo err >&2; exit 7', {
      timeoutMs: 120_000,
    });
    clearInterval(watch);
    expect(ran).toMatchObject({ code: 7, truncated: true, stderr: 'err\n' });
    expect(ran.stdout).toBe('x'.repeat(1024 * 1024));
    expect(peak - before).toBeLessThan(150 * 1024 * 1024);
  }, 130_000);

  it('becomes valid UTF-8, also where the cap cuts a character in two', async () => {
    expect((await shell("printf 'a\\377b\\303\\251'")).stdout).toBe('a\ufffdbé');
    expect(await shell("printf 'xé'", { maxOutputBytes: 2 })).toMatchObject({ stdout: 'x', truncated: true });
  });

  it('holds nothing of what the login shell says before', async () => {
    const bashrc = join(sshd.folder, '.bashrc');
    await writeFile(bashrc, 'echo welcome; echo careful >&2\n');
    const ran = await shell('echo out; echo err >&2');
    await writeFile(bashrc, '');
    expect(ran).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
  });

  it('of an account that runs no commands is AccessDenied', async () => {
    const bashrc = join(sshd.folder, '.bashrc');
    await appendFile(bashrc, 'echo This account is not available.; exit 0\n');
    const running = shell('echo out');
    await expect(running).rejects.toMatchObject({
      type: 'AccessDenied',
      message: expect.stringContaining('not available'),
    });
    await writeFile(bashrc, '');
  });
});

describe('stdin', () => {
  it('may be text, bytes or a stream, and ends', async () => {
    expect((await shell('cat', { stdin: 'téxt' })).stdout).toBe('téxt');
    expect((await shell('wc -c', { stdin: Buffer.alloc(3_000_000) })).stdout).toBe('3000000\n');
    const stream = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(50_000)));
    expect((await shell('wc -c', { stdin: stream })).stdout).toBe('5000000\n');
    expect((await shell('cat')).stdout).toBe('');
  });

  it('may be longer than what the program reads', async () => {
    const stdin = Readable.from(Array.from({ length: 200 }, () => Buffer.alloc(50_000)));
    expect((await shell('head -c 3 >/dev/null; exit 5', { stdin })).code).toBe(5);
    expect(stdin.destroyed).toBe(true);
  });

  it('that fails is not taken for its end', async () => {
    const stdin = new Readable({ read() {} });
    stdin.push('half');
    setTimeout(() => stdin.destroy(new Error('no more')), 100);
    await expect(shell('cat', { stdin })).rejects.toThrow('no more');
  });
});

it('refuses hosts and programs that are not there', async () => {
  expect(() => at.hosts.on('h9')).toThrow('it has h1');
  await expect(host.run('no-such', [], { signal })).rejects.toMatchObject({ type: 'BadInput' });
  await expect(host.run('../etc/x', [], { signal })).rejects.toMatchObject({ type: 'BadInput' });
});
