/** What is said on one command's channel: stdin out, output and exit code in. */
import { constants } from 'node:os';
import type { ClientChannel } from 'ssh2';
import { PawlError } from '../../contracts/failures';
import type { Ran, RunOptions } from '../../contracts/world';
import type { Deadline } from '../deadline';
import { Output } from './output';
import { feed } from './stdin';

const MAX_OUTPUT = 1024 * 1024;

/** What the host answered; `began`: the program itself was reached. */
export type Answer = Ran & { began: boolean };

export class Exchange {
  readonly answer: Promise<Answer>;
  /** true while the host has not closed its side: its session may live on */
  cutOff = false;
  private readonly stdout: Output;
  private readonly stderr: Output;
  private channel: ClientChannel | undefined;
  private code: number | undefined;
  private over = false;
  private resolve!: (answer: Answer) => void;
  private reject!: (error: Error) => void;

  constructor(
    private readonly what: string,
    private readonly options: RunOptions,
  ) {
    const cap = options.maxOutputBytes ?? MAX_OUTPUT;
    this.stdout = new Output(cap);
    this.stderr = new Output(cap);
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Must be called in the tick in which the channel opens, or the exit code may be missed. */
  attach(channel: ClientChannel): void {
    if (this.over) return channel.close();
    this.channel = channel;
    channel.on('data', (chunk: Buffer) => this.stdout.push(chunk));
    channel.stderr.on('data', (chunk: Buffer) => this.stderr.push(chunk));
    channel.on('exit', (code: number | null, signal?: string) => (this.code = code ?? codeOf(signal)));
    channel.once('close', () => this.end());
    feed(channel, this.options.stdin).catch((error: Error) => this.fail(error));
  }

  /** The caller does not wait any longer, or the time is over. */
  giveUp(deadline: Deadline): void {
    if (!deadline.passed) return this.fail(deadline.signal.reason as Error);
    // the program has ended, and something it left behind keeps its output open
    if (this.code !== undefined) return this.finish(this.code);
    this.fail(new PawlError('TimedOut', `${this.what} gave no answer within ${deadline.seconds} s`));
  }

  /** The connection is gone and the answer with it. */
  lose(reason: Error): void {
    this.fail(outcomeUnknown(this.what, reason.message));
  }

  fail(error: Error): void {
    this.settle(() => this.reject(error));
  }

  private end(): void {
    if (this.code !== undefined) return this.finish(this.code, true);
    this.fail(outcomeUnknown(this.what, 'its session ended without an exit code'));
  }

  private finish(code: number, closed = false): void {
    const began = this.stdout.began;
    const truncated = this.stdout.truncated || this.stderr.truncated;
    this.settle(() =>
      this.resolve({ code, stdout: this.stdout.text(), stderr: this.stderr.text(), truncated, began }),
    );
    if (closed) this.cutOff = false;
  }

  private settle(how: () => void): void {
    if (this.over) return;
    this.over = true;
    const { stdin } = this.options;
    if (typeof stdin === 'object' && 'destroy' in stdin) stdin.destroy();
    this.cutOff = true;
    this.channel?.close();
    how();
  }
}

/** Shells say 128 + n of a program that a signal ended; ssh2 gives the signal's name. */
function codeOf(signal: string | undefined): number {
  return 128 + ((constants.signals as Record<string, number>)[signal ?? ''] ?? 127);
}

function outcomeUnknown(what: string, reason: string): PawlError {
  return new PawlError('OutcomeUnknown', `${what}: ${reason}; it may have run or not`);
}
