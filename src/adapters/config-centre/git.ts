/** How git is run: on repositories whose settings are those of others. */
import { spawn } from 'node:child_process';
import { PawlError } from '../../contracts/failures';

export interface Ran {
  /** null: it was killed */
  code: number | null;
  stdout: string;
  stderr: string;
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

interface Options {
  cwd: string;
  env?: Record<string, string>;
  stdin?: string;
  signal?: AbortSignal;
}

/** Ends with all of its children when the signal says so. */
export function run(program: string, args: readonly string[], options: Options): Promise<Ran> {
  const { cwd, env = shieldedEnvironment(), stdin = '', signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, detached: true });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // it has ended by itself
      }
    };
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end, { once: true });
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // one that has ended reads no more
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    child.once('error', ({ message }) => {
      signal?.removeEventListener('abort', end);
      reject(new PawlError('BadInput', `\`${program}\` cannot be run beside the worker: ${message}`));
    });
    child.once('close', (code) => {
      signal?.removeEventListener('abort', end);
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
      resolve({ code, stdout: text(out), stderr: text(err) });
    });
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
