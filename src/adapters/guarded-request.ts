/** One HTTP request to a place from the cluster file: nothing link-local, and an answer that is whole and short. */
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { guardedLookup, refuseLinkLocal } from './link-local';

export interface GuardedRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string;
  /** what it is, in words, for a refusal */
  what: string;
  /** bytes of an answer that are too many */
  maxBytes: number;
}

export interface GuardedAnswer {
  status: number;
  location: string | undefined;
  body: string;
}

/** Redirects are answers like others. Rejects with what kept the answer from coming, in words. */
export function guardedRequest(
  { method, url, headers, body, what, maxBytes }: GuardedRequest,
  signal: AbortSignal,
): Promise<GuardedAnswer> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) refuseLinkLocal(host, what);
  const { request: open } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const options = { method, headers, signal, lookup: guardedLookup(what), agent: false };
    const request = open(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes)
          return void request.destroy(new Error(`its answer is longer than ${maxBytes} bytes`));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('close', () => reject(new Error('its answer was cut')));
      response.on('end', () => {
        if (!response.complete) return reject(new Error('its answer was cut'));
        const { statusCode = 0, headers: answered } = response;
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: statusCode, location: answered.location, body: text });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
