/** Open source nginx checks no server by itself: we ask the server's health path, from nginx's host. */
import { PawlError } from '../../../contracts/failures';
import type { RemoteHost } from '../../../contracts/world';
import { httpGet } from '../../ssh/http-get';
import { hostAndPort } from './servers';
import { within } from '../../deadline';

export interface Health {
  path: string;
  timeoutSeconds: number;
}

/** @returns what is wrong, in words, or undefined. What is wrong once may have been the way there: it counts twice. */
export async function unhealthy(
  from: RemoteHost,
  address: string,
  health: Health,
  signal: AbortSignal,
): Promise<string | undefined> {
  const first = await once(from, address, health, signal);
  return first === undefined ? undefined : once(from, address, health, signal);
}

async function once(
  from: RemoteHost,
  address: string,
  { path, timeoutSeconds }: Health,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { host, port } = hostAndPort(address);
  return within(timeoutSeconds * 1_000, signal, async (deadline) => {
    try {
      const stream = await from.openTcp(host, port, deadline.signal);
      try {
        const { status } = await httpGet(stream, path, deadline.signal);
        return status === 200 ? undefined : `${path} answers ${status}`;
      } finally {
        stream.destroy();
      }
    } catch (error) {
      signal.throwIfAborted();
      // its own host out of reach says nothing of the server
      if (error instanceof PawlError && error.type !== 'StreamRefused') throw error;
      return deadline.passed
        ? `${path} gives no answer in ${timeoutSeconds} s`
        : `${address} cannot be reached`;
    }
  });
}
