import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PawlError } from '../../contracts/failures';

/** Milliseconds in which git has shown everything. */
const READ_MS = 60_000;

/**
 * What files of a repository hold: one program of git for all of them, however many.
 *
 * @param names of git's objects, each once
 */
export async function objectsOf(
  repository: string,
  env: Record<string, string>,
  names: readonly string[],
): Promise<Map<string, Buffer>> {
  const git = spawn('git', ['cat-file', '--batch'], {
    ...{ cwd: repository, env, timeout: READ_MS, killSignal: 'SIGKILL' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const chunks: Buffer[] = [];
  git.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  // whoever ends early is told by what is missing
  git.stdin.on('error', () => undefined).end(names.map((name) => `${name}\n`).join(''));
  await once(git, 'close');
  return objectsIn(Buffer.concat(chunks), names);
}

/** `NAME blob BYTES`, then so many bytes and a line feed, for each. */
function objectsIn(all: Buffer, names: readonly string[]): Map<string, Buffer> {
  const objects = new Map<string, Buffer>();
  let at = 0;
  for (const name of names) {
    const begin = all.indexOf('\n', at) + 1;
    const [found, kind, bytes] = all.toString('latin1', at, Math.max(at, begin - 1)).split(' ');
    at = begin + Number(bytes) + 1;
    if (begin === 0 || found !== name || kind !== 'blob' || at > all.length)
      throw new PawlError('BadInput', `git cannot read ${name} of the configuration repository`);
    objects.set(name, all.subarray(begin, at - 1));
  }
  return objects;
}
