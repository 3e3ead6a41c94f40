/** One request to a channel: no redirects, nothing link-local, a short answer. */
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { guardedLookup, refuseLinkLocal } from '../link-local';
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

function send({ method, url, headers, body }: Request, signal: AbortSignal): Promise<Answer> {
  const target = placeOf(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) refuseLinkLocal(host, WHAT);
  const { request: open } = target.protocol === 'https:' ? https : http;
  const length = method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...headers, ...length },
      signal,
      lookup: guardedLookup(WHAT),
      agent: false,
    };
    const request = open(target, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES)
          return void request.destroy(new Error(`its answer is longer than ${MAX_BYTES} bytes`));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('close', () => reject(new Error('its answer was cut')));
      response.on('end', () => {
        if (!response.complete) return reject(new Error('its answer was cut'));
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.on('error', reject);
    request.end(method === 'GET' ? undefined : body);
  });
}

/** A URL that came from a secret is not shown when it is wrong. */
function placeOf(url: string): URL {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Refused('its URL is no http(s) URL', false);
  return new URL(url);
}
