import { PawlError } from '../../contracts/failures';
import type { Ran, RemoteHost } from '../../contracts/world';

/** @throws CommandFailed, or DiskFull where that is why */
export function mustBeWell(remote: RemoteHost, { code, stdout, stderr }: Ran, what: string): void {
  if (code === 0) return;
  const said = (stderr || stdout).trim().slice(-300) || `ended with ${code}`;
  const type = /No space left/.test(said) ? 'DiskFull' : 'CommandFailed';
  throw new PawlError(type, `${remote.name}: ${what}: ${said}`);
}
