import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { PawlError } from '../contracts/failures';

/** Writes a file that is complete under its name or not there at all. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await writeFile(part, text, { flag: 'wx' });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new PawlError('BadInput', `${path} cannot be written: ${why}`, undefined, {
      cause: error,
    });
  }
}
