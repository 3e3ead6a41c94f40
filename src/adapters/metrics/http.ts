/** One bounded question to a metrics server: no redirects, nothing link-local, never more than a little. */
import { lookup as dnsLookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { PawlError } from '../../contracts/failures';
import { escaped } from '../../domain/escaped';

/** Milliseconds for the whole answer. */
const LIMIT = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** Where clouds keep the credentials of machines: never a metrics server. */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');

export interface Question {
  url: URL;
  headers: Record<string, string>;
}

/** @throws MetricsUnavailable with the reason in words */
export async function askJson({ url, headers }: Question, signal: AbortSignal): Promise<unknown> {
  const place = `${url.protocol}//${url.host}`;
  const unavailable = (words: string) => new PawlError('MetricsUnavailable', `${place} ${words}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw unavailable('is neither http nor https');
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(LIMIT)]);
  try {
    const { status, location, body } = await ask(url, headers, bounded);
    if (status >= 300 && status < 400)
      throw unavailable(`answers with a redirect to ${escaped(location)}; redirects are not followed`);
    const json = parsed(body);
    if (json === undefined)
      throw unavailable(`answers ${status} with something that is not JSON: ${escaped(body.trim())}`);
    // an error of Prometheus is JSON, too, and says more than its status
    if (status !== 200 && !isError(json)) throw unavailable(`answers ${status}`);
    return json;
  } catch (error) {
    if (signal.aborted || error instanceof PawlError) throw error;
    if (bounded.aborted) throw unavailable(`gives no answer in ${LIMIT / 1_000} s`);
    throw unavailable(`gives no answer: ${(error as Error).message}`);
  }
}

function ask(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<{ status: number; location: string | undefined; body: string }> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) refuseLinkLocal(host);
  return new Promise((resolve, reject) => {
    const { get } = url.protocol === 'https:' ? https : http;
    const request = get(url, { headers, signal, lookup: guardedLookup, agent: false }, (response) => {
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
        const { statusCode = 0, headers } = response;
        if (!response.complete) return reject(new Error('its answer was cut'));
        resolve({
          status: statusCode,
          location: headers.location,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    request.on('error', reject);
  });
}

/** The address that is connected to is the one that was looked at. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, options, (error, address, family) => {
    if (error) return callback(error, address, family);
    try {
      for (const one of Array.isArray(address) ? address : [{ address }]) refuseLinkLocal(one.address);
    } catch (refused) {
      return callback(refused as Error, address, family);
    }
    callback(null, address, family);
  });
};

function refuseLinkLocal(address: string): void {
  const mapped = /^::ffff:([\d.]+|[\da-f]+:[\da-f]+)$/i.exec(address)?.[1];
  const plain = mapped?.includes(':') ? fromHex(mapped) : (mapped ?? address);
  if (LINK_LOCAL.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6'))
    throw new Error(`${plain} is a link-local address, and no metrics server`);
}

/** `a9fe:a9fe`, the end of an IPv4 address in IPv6 as URLs write it. */
function fromHex(text: string): string {
  const [high = 0, low = 0] = text.split(':').map((part) => parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
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
