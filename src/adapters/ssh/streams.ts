/** Streams that begin on a host: to its UNIX sockets, its TCP ports, and on to other hosts. */
import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { PawlError } from '../../contracts/failures';
import { onAbort, unlessAborted } from '../abort';
import { AnswerLost, NotSent, type Connection } from './connection';
import type { HostPool } from './pool';

type Opener = <T>(connection: Connection, onOpen: (channel: ClientChannel) => T) => Promise<T>;

/** Milliseconds for a place on a jump host's connection. */
const JUMP_TIMEOUT = 15_000;

/**
 * Opens a stream that holds a channel of the pool until it is closed. Abort, and the loss of the
 * connection, give an `error` event before the end, so that a cut answer is not read as a whole one.
 *
 * @throws HostUnreachable; StreamRefused when the host answers, but nothing listens there
 */
export async function openStream(
  pool: HostPool,
  what: string,
  signal: AbortSignal,
  open: Opener,
  tries = 2,
): Promise<Duplex> {
  const slot = await pool.acquire(signal);
  const { connection } = slot;
  const opening = open(connection, (channel) => {
    channel.once('close', () => slot.release());
    watch(channel, connection, what, signal);
    return channel;
  });
  opening.catch(() => slot.release());
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    if (!(error instanceof NotSent || error instanceof AnswerLost)) throw error;
    // a pooled connection had died unseen; nothing has begun on the host yet
    if (connection.gone.aborted && tries > 1) return openStream(pool, what, signal, open, tries - 1);
    throw connection.gone.aborted ? unreachable(what, error) : refused(what, error);
  }
}

/** A stream to another host. It does not count as a channel: it lasts as long as that host's connection. */
export async function openRide(pool: HostPool, address: string, port: number): Promise<Duplex> {
  const what = `${address}:${port} through the jump host`;
  const slot = await pool.acquire(AbortSignal.timeout(JUMP_TIMEOUT)).catch((error: Error) => {
    throw error instanceof PawlError ? error : unreachable(what, error);
  });
  const leave = pool.ride(slot.connection);
  slot.release();
  try {
    return await slot.connection.openTcp(address, port, (channel) => {
      channel.once('close', leave);
      slot.connection.whenGone(leave);
      return channel;
    });
  } catch (error) {
    leave();
    throw unreachable(what, error as Error);
  }
}

function watch(channel: ClientChannel, connection: Connection, what: string, signal: AbortSignal): void {
  // without a listener an error event would end the process
  channel.on('error', () => {});
  // ssh2 tells of the end of a channel only when all that came has been read
  const destroy = channel.destroy.bind(channel);
  channel.destroy = () => destroy().resume();
  const stop = (error: Error) => {
    channel.emit('error', error);
    channel.destroy();
  };
  const listening = [onAbort(signal, stop), connection.whenGone((reason) => stop(unreachable(what, reason)))];
  channel.once('close', () => listening.forEach((end) => end()));
}

function refused(what: string, error: Error): PawlError {
  return new PawlError('StreamRefused', `${what} is refused: ${error.message}`, undefined, { cause: error });
}

function unreachable(what: string, error: Error): PawlError {
  return new PawlError('HostUnreachable', `${what} cannot be reached: ${error.message}`, undefined, {
    cause: error,
  });
}
