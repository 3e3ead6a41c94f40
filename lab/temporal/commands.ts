import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const MOST_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a program to its end and answers what it wrote; throws with its last words when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  options: { timeoutMs: number; env?: NodeJS.ProcessEnv; cwd?: string },
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      ...options,
      timeout: options.timeoutMs,
      maxBuffer: MOST_OUTPUT_BYTES,
    });
    return stdout;
  } catch (error) {
    const { message, stderr, killed } = error as Error & { stderr?: string; killed?: boolean };
    const words = killed ? `no end after ${options.timeoutMs / 1000} s` : lastWords(stderr || message);
    throw new Error(`${program} failed: ${words}`, { cause: error });
  }
}

function lastWords(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n').slice(-800);
}

/** The full path of a program, or undefined. */
export function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function say(words: string): void {
  process.stderr.write(`pawl: ${words}\n`);
}

/** Tells what takes long, and how long it took. */
export async function telling<Result>(words: string, work: () => Promise<Result>): Promise<Result> {
  say(words);
  const started = performance.now();
  const result = await work();
  say(`${words}: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return result;
}
