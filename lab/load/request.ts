import { type Agent, get, type IncomingMessage } from 'node:http';
import { now, type FailureKind, type Outcome } from './tally';

export interface Request {
  url: URL;
  agent: Agent;
  slow: boolean;
  /** milliseconds of the clock */
  due: number;
  timeoutMs: number;
}

const KINDS: Record<string, FailureKind> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'refused',
};

/** Sends one request, once, and tells how it ended; never rejects. */
export function send({ url, agent, slow, due, timeoutMs }: Request): Promise<Outcome> {
  return new Promise((resolve) => {
    let answer: IncomingMessage | undefined;
    let timedOut = false;
    const end = (failure?: Outcome['failure']) => {
      clearTimeout(limit);
      resolve({ slow, due, path: url.pathname, ...origin(answer), failure });
    };
    const request = get(url, { agent }, (incoming) => {
      answer = incoming;
      const status = incoming.statusCode ?? 0;
      incoming.on('end', () => end(status < 400 ? undefined : { kind: 'status', detail: String(status) }));
      incoming.on('error', (error) => fail(error, 'cut'));
      incoming.resume();
    });
    const fail = ({ code, message }: NodeJS.ErrnoException, kind: FailureKind) =>
      end(timedOut ? { kind: 'timeout', detail: `${timeoutMs} ms` } : { kind, detail: code ?? message });
    request.on('error', (error: NodeJS.ErrnoException) => fail(error, KINDS[error.code ?? ''] ?? 'other'));
    const limit = setTimeout(
      () => {
        timedOut = true;
        request.destroy(new Error('timeout'));
      },
      timeoutMs - Math.min(now() - due, timeoutMs),
    );
  });
}

/** The service names itself in each answer; the balancer's own answers name nobody. */
function origin(answer?: IncomingMessage): { host?: string; version?: string } {
  const text = (name: string) => answer?.headers[name]?.toString();
  return { host: text('x-host'), version: text('x-version') };
}
