/** One bounded question to a metrics server: no redirects, nothing link-local, never more than a little. */
import { PawlError } from '../../contracts/failures';
import { escaped } from '../../domain/escaped';
import { guardedRequest } from '../guarded-request';
import { within } from '../deadline';

/** Milliseconds for the whole answer. */
const LIMIT = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;

export interface Question {
  url: URL;
  headers: Record<string, string>;
}

/** @throws MetricsUnavailable with the reason in words */
export async function askJson({ url, headers }: Question, signal: AbortSignal): Promise<unknown> {
  const place = `${url.protocol}//${url.host}`;
  const unavailable = (words: string) => new PawlError('MetricsUnavailable', `${place} ${words}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw unavailable('is neither http nor https');
  const request = { method: 'GET', url, headers, what: 'metrics server', maxBytes: MAX_BYTES } as const;
  const { status, location, body } = await within(LIMIT, signal, async (deadline) => {
    try {
      return await guardedRequest(request, deadline.signal);
    } catch (error) {
      if (signal.aborted || error instanceof PawlError) throw error;
      if (deadline.passed) throw unavailable(`gives no answer in ${deadline.seconds} s`);
      throw unavailable(`gives no answer: ${(error as Error).message}`);
    }
  });
  if (status >= 300 && status < 400)
    throw unavailable(`answers with a redirect to ${escaped(location)}; redirects are not followed`);
  const json = parsed(body);
  if (json === undefined)
    throw unavailable(`answers ${status} with something that is not JSON: ${escaped(body.trim())}`);
  // an error of Prometheus is JSON, too, and says more than its status
  if (status !== 200 && !isError(json)) throw unavailable(`answers ${status}`);
  return json;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isError(json: unknown): boolean {
  return typeof json === 'object' && json !== null && (json as { status?: unknown }).status === 'error';
}
