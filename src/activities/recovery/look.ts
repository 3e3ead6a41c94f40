/** One look at one thing on one host: measured, or unknown, and never longer than it may take. */
import { PawlError } from '../../contracts/failures';
import type { Subject } from '../../contracts/recovery';
import type { Ran, RemoteHost } from '../../contracts/world';
import { unlessAborted } from '../../adapters/abort';
import { within } from '../../adapters/deadline';
import { SecretUnavailable, withoutSecrets } from '../../adapters/secrets';
import type { Judged, Known } from '../../domain/recovery/damage';

export interface Look {
  subject: Subject;
  /** milliseconds */
  withinMs: number;
  work(signal: AbortSignal): Promise<Judged & { subject?: Subject }>;
}

/** @returns `unknown` where nobody could look, and why */
export async function looked(
  { work, withinMs }: Pick<Look, 'work' | 'withinMs'>,
  signal: AbortSignal,
): ReturnType<Look['work']> {
  return within(withinMs, signal, async (deadline) => {
    try {
      return await unlessAborted(work(deadline.signal), deadline.signal);
    } catch (error) {
      if (signal.aborted || !(deadline.passed || isExpected(error))) throw error;
      const why = deadline.passed ? `no end within ${deadline.seconds} s` : saidBy(error);
      return { is: 'unknown', found: [why] };
    }
  });
}

/** What cannot be had is told where it is missed. */
export async function known<T>(work: () => Promise<T>, signal: AbortSignal, what: string): Promise<Known<T>> {
  try {
    return { known: await work() };
  } catch (error) {
    if (signal.aborted || !isExpected(error)) throw error;
    return { unknown: `${what}: ${saidBy(error)}` };
  }
}

const isExpected = (error: unknown): error is Error =>
  error instanceof PawlError || error instanceof SecretUnavailable;

const saidBy = (error: unknown) => withoutSecrets((error as Error).message).slice(0, 300);

export const unknown = (why: string): Judged => ({ is: 'unknown', found: [why] });
export const damaged = (why: string): Judged => ({ is: 'damaged', found: [why] });

/** What a program has said in the end. */
export const lastWords = ({ code, stdout, stderr }: Ran) =>
  withoutSecrets((stderr || stdout).trim().slice(-300)) || `ended with ${code}`;

/** @throws CommandFailed where it is cut off, or is nothing that this knows */
export function readAs<T>(remote: RemoteHost, { stdout, truncated }: Ran, parse: (text: string) => T): T {
  if (truncated) throw new PawlError('CommandFailed', `${remote.name} says more than can be read`);
  try {
    return parse(stdout);
  } catch (error) {
    throw new PawlError('CommandFailed', `${remote.name}: ${(error as Error).message.slice(0, 300)}`);
  }
}
