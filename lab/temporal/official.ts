import { spawn } from 'node:child_process';
import { chmod, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './words';

/** A blocked network may swallow packets: without a byte by then, other ways are tried. */
const FIRST_BYTE_MS = 8_000;
const WHOLE_DOWNLOAD_MS = 180_000;
const LOOK_MS = 250;

/**
 * The SDK's own download of one of Temporal's servers, pinned to a version.
 *
 * @param target where the program is to lie; its folder must be empty
 * @returns false when the download site cannot be reached; says why
 */
export async function downloadOfficial(
  kind: 'dev-server' | 'time-skipping',
  version: string,
  folder: string,
  target: string,
): Promise<boolean> {
  const problem = await download(kind, version, folder);
  const [program] = problem ? [] : await readdir(folder);
  if (program) {
    await chmod(join(folder, program), 0o755);
    await rename(join(folder, program), target);
    return true;
  }
  say(`the official download of Temporal's ${kind} ${version} gave nothing (${problem ?? 'no file'})`);
  return false;
}

/** @returns what went wrong, if anything */
async function download(kind: string, version: string, folder: string): Promise<string | undefined> {
  const child = spawn(process.execPath, [join(__dirname, 'sdk-download.cjs'), kind, version, folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (bytes: Buffer) => (words = (words + bytes.toString()).slice(-2_000)));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) =>
      resolve(code === 0 ? undefined : (words.trim().split(': ').at(-1) ?? 'failed')),
    );
  });
  const over = new AbortController();
  const limit = enforceLimits(folder, over.signal);
  try {
    return await Promise.race([ended, limit]);
  } finally {
    over.abort();
    child.kill('SIGKILL');
  }
}

/** Resolves with a reason when the download should be given up. */
async function enforceLimits(folder: string, signal: AbortSignal): Promise<string> {
  const started = performance.now();
  for (let bytes = 0; !signal.aborted;) {
    await sleep(LOOK_MS);
    // a file may be renamed between the look at the folder and the look at the file
    bytes ||= await bytesIn(folder).catch(() => 0);
    const limit = bytes ? WHOLE_DOWNLOAD_MS : FIRST_BYTE_MS;
    if (performance.now() - started > limit) return bytes ? 'too slow' : 'no answer';
  }
  return 'over';
}

async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
