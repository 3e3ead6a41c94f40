/** HAProxy's runtime API over a stream: questions out, complete answers back, in bounded time. */
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { PawlError } from '../../../contracts/failures';
import type { RemoteHost } from '../../../contracts/world';
import { within, type Deadline } from '../../deadline';
import { FAILURE_OF } from '../exit-codes';

export interface RuntimeSocket {
  host: RemoteHost;
  /** path there */
  socket: string;
  /** path of what HAProxy reads at its start (`server-state-file`), where it does */
  stateFile?: string;
}

/** Milliseconds to get the stream; a first SSH connection through a jump host is part of it. */
const OPEN_LIMIT = 15_000;
/** Milliseconds for the whole answer, which takes 1 on a warm connection. */
const ANSWER_LIMIT = 2_000;
/** Some 20,000 servers. */
const MAX_ANSWER = 8 * 1024 * 1024;
/** HAProxy ends each answer with an empty line. */
const END = '\n\n';

/**
 * Asks read-only commands on one connection.
 *
 * @returns one answer for each command, without its final empty line
 * @throws BalancerUnavailable when an answer is late, cut or missing, and the SSH failures
 */
export async function ask(at: RuntimeSocket, commands: string[], signal: AbortSignal): Promise<string[]> {
  return within(OPEN_LIMIT, signal, async (opening) => {
    const stream = await open(at, opening);
    try {
      return await converse(stream, commands, placeOf(at));
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      stream.destroy();
    }
  });
}

/** For messages. */
export function placeOf({ host, socket }: RuntimeSocket): string {
  return `HAProxy at ${host.name}:${socket}`;
}

async function open(at: RuntimeSocket, opening: Deadline): Promise<Duplex> {
  try {
    return await at.host.openSocket(at.socket, opening.signal);
  } catch (error) {
    if (opening.passed) throw unavailable(at, `no stream to it within ${opening.seconds} s`, error);
    // sshd gives no reason; the host itself was reached
    if (!(error instanceof PawlError) || error.type !== 'StreamRefused') throw error;
    throw unavailable(
      at,
      'the socket is not there, nobody listens, or the SSH user may not use it ' +
        '(see `stats socket … user … mode … level admin` in haproxy.cfg)',
      error,
    );
  }
}

async function converse(stream: Duplex, commands: string[], place: string): Promise<string[]> {
  const unavailable = (words: string) => new PawlError('BalancerUnavailable', `${place}: ${words}`);
  let late: NodeJS.Timeout | undefined;
  const answers = new Promise<string[]>((resolve, reject) => {
    const decoder = new StringDecoder('utf8');
    const pieces: string[] = [];
    let length = 0;
    let tail = '';
    const cut = () =>
      reject(unavailable(length ? `its answer was cut after ${length} characters` : 'it gave no answer'));
    late = setTimeout(
      () => reject(unavailable(`no complete answer within ${ANSWER_LIMIT / 1000} s`)),
      ANSWER_LIMIT,
    );
    stream.on('data', (chunk: Buffer) => {
      const piece = decoder.write(chunk);
      pieces.push(piece);
      length += piece.length;
      tail = (tail + piece).slice(-END.length);
      // not waiting for the end of the stream saves 44 ms
      const found = tail === END ? pieces.join('').split(END).slice(0, -1) : [];
      if (found.length >= commands.length) resolve(found.slice(0, commands.length));
      else if (length > MAX_ANSWER) reject(unavailable(`its answer exceeds ${MAX_ANSWER} characters`));
    });
    stream.once('end', cut);
    stream.once('close', cut);
    stream.on('error', reject);
    stream.write(`${commands.join(';')}\n`);
  });
  try {
    return await answers;
  } catch (error) {
    if (error instanceof PawlError) throw error;
    throw unavailable((error as Error).message);
  } finally {
    clearTimeout(late);
  }
}

function unavailable(at: RuntimeSocket, words: string, cause: unknown): PawlError {
  return new PawlError('BalancerUnavailable', `${placeOf(at)}: ${words}`, undefined, { cause });
}

/** Why one of our programs that fill maps did not. @param about what was to be set, in words */
export function mapFailure(
  at: RuntimeSocket,
  about: string,
  { code, stderr }: { code: number; stderr: string },
): PawlError {
  const said = stderr.trim().slice(0, 300) || `exit code ${code}`;
  const hint = /Unknown map/.test(said) ? '; `pawl doctor` shows the lines that it needs' : '';
  return new PawlError(FAILURE_OF[code] ?? 'CommandFailed', `${placeOf(at)}: ${about}: ${said}${hint}`);
}
