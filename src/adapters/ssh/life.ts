import type { Duplex } from 'node:stream';

/** Milliseconds between two looks; ssh2 sends a keepalive as often. */
export const INTERVAL = 1_000;
/** So many looks in a row without a byte from the host, and it is gone. */
const SILENT_LOOKS = 3;

/**
 * Tells when a host falls silent. Every byte counts as life, not answers to keepalives alone: behind
 * megabytes of an upload on a slow link they would come too late. Looks are counted, not milliseconds,
 * so that a worker that was frozen itself gets to read what has come meanwhile.
 *
 * @returns ends the watch
 */
export function watchLife(sock: Duplex, tell: (silence: Error) => void): () => void {
  let heard = true;
  let silent = 0;
  sock.on('data', () => (heard = true));
  const timer = setInterval(() => {
    silent = heard ? 0 : silent + 1;
    heard = false;
    if (silent < SILENT_LOOKS) return;
    tell(new Error(`no sign of life for ${(SILENT_LOOKS * INTERVAL) / 1000} s`));
  }, INTERVAL);
  return () => clearInterval(timer);
}
