/** How git is run: on repositories whose settings are those of others. */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { PawlError } from '../../contracts/failures';
import { onAbort } from '../abort';
import { within } from '../deadline';

export interface Ran {
  /** null: it was killed */
  code: number | null;
  stdout: string;
  stderr: string;
  /** its time was over */
  late: boolean;
}

/**
 * What git takes its orders from, and nothing else that the worker knows: no replaced or grafted history, nothing that is
 * fetched on the way, no questions, paths as they are.
 */
export function shieldedEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', SSH_AUTH_SOCK } = process.env;
  return {
    ...{ PATH, HOME, LC_ALL: 'C' },
    ...(SSH_AUTH_SOCK && { SSH_AUTH_SOCK }),
    GIT_NO_REPLACE_OBJECTS: '1',
    // in what is no folder is no file
    GIT_GRAFT_FILE: '/dev/null/none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_TERMINAL_PROMPT: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_OPTIONAL_LOCKS: '0',
  };
}

/** Milliseconds for what asks nobody else. */
const LOCAL_MS = 60_000;

interface Options {
  cwd: string;
  env?: Record<string, string>;
  stdin?: string;
  signal?: AbortSignal;
  /** milliseconds */
  limit?: number;
}

/** Ends with all of its children when its time is over, or nobody wants it any more. */
export function run(program: string, args: readonly string[], options: Options): Promise<Ran> {
  const { cwd, env = shieldedEnvironment(), stdin = '', limit = LOCAL_MS } = options;
  const { signal: caller = new AbortController().signal } = options;
  return within(limit, caller, async (deadline) => {
    const child = spawn(program, args, { cwd, env, detached: true });
    const forget = onAbort(deadline.signal, () => endGroup(child));
    try {
      return { ...(await ended(child, program, stdin)), late: deadline.passed };
    } finally {
      forget();
    }
  });
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

function ended(
  child: ChildProcessWithoutNullStreams,
  program: string,
  stdin: string,
): Promise<Omit<Ran, 'late'>> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // one that has ended reads no more
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    child.once('error', ({ message }) =>
      reject(new PawlError('BadInput', `\`${program}\` cannot be run beside the worker: ${message}`)),
    );
    child.once('close', (code) => resolve({ code, stdout: text(out), stderr: text(err) }));
  });
}

/**
 * @param args of git; settings first
 * @returns what it prints
 * @throws CommandFailed
 */
export async function git(args: readonly string[], options: Options): Promise<string> {
  const { code, stdout, stderr } = await run('git', args, options);
  if (code === 0) return stdout;
  const task = args.find((word) => /^[a-z]+(-[a-z]+)*$/.test(word)) ?? '';
  throw new PawlError('CommandFailed', `git ${task} ended with ${code}: ${stderr.trim().slice(-300)}`);
}
