/** One command: where it runs, how often it is tried, and which failure it ends in. */
import { PawlError } from '../../contracts/failures';
import type { RunOptions } from '../../contracts/world';
import { onAbort } from '../abort';
import { AnswerLost, NotSent } from './connection';
import { within, type Deadline } from '../deadline';
import { Exchange, type Answer } from './exchange';
import type { HostPool, Slot } from './pool';

/** Milliseconds. */
const TIMEOUT = 30_000;
/** A pooled connection may have died unseen: one more try, while nothing was sent. */
const TRIES = 2;

/**
 * Runs a command line.
 *
 * Until the command has gone out every failure is HostUnreachable (or what logging in threw) and
 * trying again is safe. From then on it is OutcomeUnknown or TimedOut.
 *
 * @param what for messages
 * @throws the signal's reason when the caller aborts, wherever the command is by then
 */
export async function runCommand(
  pool: HostPool,
  what: string,
  command: string,
  options: RunOptions,
): Promise<Answer> {
  return within(options.timeoutMs ?? TIMEOUT, options.signal, async (deadline) => {
    for (let tries = 1; ; tries += 1) {
      const slot = await takeSlot(pool, what, deadline);
      try {
        return await runOn(slot, what, command, options, deadline);
      } catch (error) {
        if (!(error instanceof NotSent)) throw error;
        pool.retire(slot.connection);
        if (tries < TRIES) continue;
        throw new PawlError('HostUnreachable', `${what} was not sent: ${error.message}`, undefined, {
          cause: error,
        });
      }
    }
  });
}

async function takeSlot(pool: HostPool, what: string, deadline: Deadline): Promise<Slot> {
  try {
    return await pool.acquire(deadline.signal);
  } catch (error) {
    if (!deadline.passed) throw error;
    throw new PawlError(
      'HostUnreachable',
      `${what} was not sent: no free connection within ${deadline.seconds} s`,
    );
  }
}

async function runOn(
  slot: Slot,
  what: string,
  command: string,
  options: RunOptions,
  deadline: Deadline,
): Promise<Answer> {
  const { connection } = slot;
  const exchange = new Exchange(what, options);
  const listening = [onAbort(deadline.signal, () => exchange.giveUp(deadline))];
  connection
    .exec(command, (channel) => {
      exchange.attach(channel);
      listening.push(connection.whenGone((reason) => exchange.lose(reason)));
    })
    .catch((error: Error) => (error instanceof AnswerLost ? exchange.lose(error) : exchange.fail(error)));
  try {
    return await exchange.answer;
  } finally {
    for (const stop of listening) stop();
    slot.release(exchange.cutOff);
  }
}
