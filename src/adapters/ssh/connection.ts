/** One SSH connection: its channels, and the news of its end. */
import type { Client, ClientChannel } from 'ssh2';
import { onAbort } from '../abort';
import type { Dialled } from './dial';
import { watchLife } from './life';

/** OpenSSH allows 10 sessions a connection; some are left for sessions that linger. */
export const MAX_CHANNELS = 6;
/** Milliseconds for ssh2 to report each channel's own fate after the connection was lost. */
const LAST_WORDS = 250;

/** Nothing was sent to the host, or it refused to begin: trying again is safe. */
export class NotSent extends Error {}
/** The request went out and no answer came back. */
export class AnswerLost extends Error {}

type Opener = (done: (error: Error | undefined, channel: ClientChannel) => void) => void;

export class Connection {
  /** channels that count against MAX_CHANNELS */
  channels = 0;
  /** connections to other hosts that travel through this one */
  riders = 0;
  /** takes no new channels and ends with its last one */
  retired = false;
  /** aborts when the connection is gone, with the reason */
  readonly gone: AbortSignal;
  private readonly loss = new AbortController();
  private readonly client: Client;

  constructor({ client, sock }: Dialled) {
    this.client = client;
    this.gone = this.loss.signal;
    const stop = watchLife(sock, (silence) => {
      this.loss.abort(silence);
      client.destroy();
    });
    this.whenGone(stop);
    client.on('error', (error) => this.loss.abort(error));
    client.on('close', () => this.loss.abort(new Error('the connection was closed')));
  }

  get free(): number {
    return this.retired || this.gone.aborted ? 0 : MAX_CHANNELS - this.channels;
  }

  get idle(): boolean {
    return this.channels === 0 && this.riders === 0;
  }

  /** @param onOpen called in the same tick: what comes right behind must find its listeners */
  exec<T>(command: string, onOpen: (channel: ClientChannel) => T): Promise<T> {
    return this.open((done) => this.client.exec(command, {}, done), onOpen);
  }

  openSocket<T>(path: string, onOpen: (channel: ClientChannel) => T): Promise<T> {
    return this.open((done) => this.client.openssh_forwardOutStreamLocal(path, done), onOpen);
  }

  openTcp<T>(address: string, port: number, onOpen: (channel: ClientChannel) => T): Promise<T> {
    return this.open((done) => this.client.forwardOut('127.0.0.1', 0, address, port, done), onOpen);
  }

  /**
   * Calls back once, also when the connection is gone already.
   *
   * @returns stops listening
   */
  whenGone(tell: (reason: Error) => void): () => void {
    return onAbort(this.gone, tell);
  }

  end(): void {
    this.retired = true;
    this.client.end();
  }

  destroy(): void {
    this.client.destroy();
  }

  private open<T>(opener: Opener, onOpen: (channel: ClientChannel) => T): Promise<T> {
    if (this.gone.aborted) return Promise.reject(new NotSent('the connection is gone'));
    return new Promise((resolve, reject) => {
      const stop = this.whenGone((reason) => setTimeout(() => reject(lost(reason)), LAST_WORDS));
      try {
        opener((error, channel) => {
          stop();
          if (error) reject(this.fate(error));
          else resolve(onOpen(channel));
        });
      } catch (error) {
        stop();
        reject(new NotSent((error as Error).message));
      }
    });
  }

  /**
   * ssh2 says "Unable to exec" both when the host refuses and when the connection ends after the
   * command went out; all its other words come before the command goes out.
   */
  private fate(error: Error): Error {
    const sent = error.message === 'Unable to exec' && this.gone.aborted;
    return sent ? lost(this.gone.reason as Error) : new NotSent(error.message);
  }
}

function lost(reason: Error): AnswerLost {
  return new AnswerLost(`the connection was lost: ${reason.message}`);
}
