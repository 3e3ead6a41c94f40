import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { LabError } from '../error';

/**
 * Runs `work` while nobody else on this machine holds the folder's lock. The lock lives in a child
 * that ends with us, so a killed process never leaves it behind.
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, waitSeconds = 300): Promise<T> {
  await mkdir(folder, { recursive: true });
  const holder = spawn('flock', ['-w', String(waitSeconds), folder, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => holder.on('close', () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('error', reject);
      holder.once('exit', () =>
        reject(new LabError(`${folder} is locked by another process for more than ${waitSeconds} s`)),
      );
    });
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
