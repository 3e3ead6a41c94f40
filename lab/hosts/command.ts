import { spawn } from 'node:child_process';
import { LabError } from '../error';

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  input?: string;
  cwd?: string;
  /** on top of our own */
  env?: NodeJS.ProcessEnv;
  /** default 60 s; then the program is killed and the call fails */
  timeoutMs?: number;
  /** gets each complete line of standard output as it comes */
  onLine?: (line: string) => void;
  /** asks the program to end */
  signal?: AbortSignal;
}

/** Runs a program without a shell and returns its output, whatever its exit code is. */
export async function attempt(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Output> {
  const { input = '', cwd, timeoutMs = 60_000, onLine, signal: interruption } = options;
  interruption?.throwIfAborted();
  const env = { ...process.env, ...options.env };
  env['PATH'] = `${env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`; // lacking after a plain `su`
  const child = spawn(program, args, { cwd, env, stdio: 'pipe' });
  const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const interrupt = () => child.kill('SIGTERM');
  interruption?.addEventListener('abort', interrupt);
  const output = { stdout: '', stderr: '' };
  let unread = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    for (let end; onLine && (end = output.stdout.indexOf('\n', unread)) >= 0; unread = end + 1) {
      onLine(output.stdout.slice(unread, end));
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin.on('error', () => undefined); // the program may end before it has read its input
  child.stdin.end(input);
  return new Promise<Output>((resolve, reject) => {
    child.on('error', (error) => reject(new LabError(`${program} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code !== null) return resolve({ code, ...output });
      reject(new LabError(`${[program, ...args].join(' ')} was ended by ${signal} (limit ${timeoutMs} ms)`));
    });
  }).finally(() => {
    clearTimeout(limit);
    interruption?.removeEventListener('abort', interrupt);
  });
}

/** Runs a program that must succeed and returns its standard output. */
export async function run(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await attempt(program, args, options);
  if (code === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
  throw new LabError(`${[program, ...args].join(' ')} ended with ${code}: ${said}`);
}
