/** What somebody gets who asks a balancer for a service. */
import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { within } from '../adapters/deadline';
import { MARKER_HEADER, PROOF_HEADER } from '../contracts/doors';
import { PawlError } from '../contracts/failures';
import type { Entry } from '../contracts/maintenance';
import type { RemoteHost } from '../contracts/world';

/** Milliseconds; a service behind an open door may be slow. */
const LIMIT = 5_000;

export interface Served {
  status: number;
  /** of the maintenance page; null: the service answered, or the balancer for it */
  marker: string | null;
}

/**
 * One request that starts on the balancer's host and shows the page to whomever it is from.
 *
 * @throws BalancerUnavailable without an answer, and the SSH failures
 */
export async function served(remote: RemoteHost, entry: Entry, signal: AbortSignal): Promise<Served> {
  const { address, port } = entry;
  return within(LIMIT, signal, async (deadline) => {
    try {
      const stream = await remote.openTcp(address, port, deadline.signal);
      try {
        return await head(entry.tls ? await secured(stream, entry) : stream, entry, deadline.signal);
      } finally {
        stream.destroy();
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PawlError && error.type !== 'StreamRefused') throw error;
      const why = deadline.passed ? `none in ${deadline.seconds} s` : (error as Error).message;
      throw new PawlError('BalancerUnavailable', `${remote.name}: no answer at ${address}:${port}: ${why}`);
    }
  });
}

/** The certificate is not looked at: the page is what matters, and the request came from the host itself. */
function secured(stream: Duplex, { hostName }: Entry): Promise<Duplex> {
  const servername = hostName !== undefined && !isIP(hostName) ? hostName : undefined;
  return new Promise((resolve, reject) => {
    const secure = connect({ socket: stream, servername, rejectUnauthorized: false });
    secure.once('secureConnect', () => resolve(secure));
    secure.once('error', reject);
  });
}

function head(stream: Duplex, { path, hostName, address }: Entry, signal: AbortSignal): Promise<Served> {
  return new Promise((resolve, reject) => {
    const asked = { host: hostName ?? address, connection: 'close', [PROOF_HEADER]: '1' };
    const sent = http.get({ path, createConnection: () => stream, signal, headers: asked }, (response) => {
      const { statusCode: status = 0, headers } = response;
      const marker = headers[MARKER_HEADER.toLowerCase()];
      // lines of which half is there may name the page and let through
      resolve({ status, marker: status === 503 && typeof marker === 'string' ? marker : null });
      response.destroy();
    });
    sent.on('error', reject);
  });
}
