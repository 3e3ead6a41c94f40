/** One request to a channel: no redirects, nothing link-local, a short answer. */
import { guardedRequest } from '../guarded-request';
import { Refused, tidy } from './trouble';

export interface Request {
  method: 'POST' | 'PUT' | 'GET';
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface Answer {
  status: number;
  body: string;
}

const WHAT = 'place for messages';
/** What is behind this of an answer says nothing more. */
const MAX_BYTES = 64 * 1024;

/** @returns any answer with a status of 2xx; all others are Refused */
export async function exchange(request: Request, signal: AbortSignal): Promise<Answer> {
  const answer = await send(request, signal);
  const { status, body } = answer;
  if (status >= 200 && status < 300) return answer;
  if (status >= 300 && status < 400)
    throw new Refused(`it answers ${status}: redirects are not followed`, false);
  // too many, or its own trouble: these pass
  const again = status === 408 || status === 429 || status >= 500;
  throw new Refused(`it answers ${status}${body.trim() ? `: ${tidy(body)}` : ''}`, again);
}

async function send({ method, url, headers, body }: Request, signal: AbortSignal): Promise<Answer> {
  const target = placeOf(url);
  const sent =
    method === 'GET'
      ? { headers }
      : { headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, body };
  return guardedRequest({ method, url: target, ...sent, what: WHAT, maxBytes: MAX_BYTES }, signal);
}

/** A URL that came from a secret is not shown when it is wrong. */
function placeOf(url: string): URL {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Refused('its URL is no http(s) URL', false);
  return new URL(url);
}
