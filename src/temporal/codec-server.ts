/**
 * Temporal's codec protocol over HTTP: its web interface and its command line read and write encrypted
 * payloads through it. Whoever may call it reads everything, so it answers pages of one origin only, on
 * loopback unless told otherwise, and may ask for a token.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';

/** Temporal's own limit for a message, in base64. */
const LARGEST_BODY = 8 * 1024 * 1024;

const Bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const OnePayload = z
  .object({ metadata: z.record(z.string(), Bytes).default({}), data: Bytes.optional() })
  .transform(({ metadata, data }): Payload => ({ metadata, ...(data && { data }) }));
/** An empty list is left out by those who write protobuf's JSON. */
const Body = z.object({ payloads: z.array(OnePayload).default([]) });

interface CodecServerOptions {
  codec: PayloadCodec;
  namespace: string;
  /** of the pages that may call */
  origin?: string;
  token?: string;
}

class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function codecServer(options: CodecServerOptions): Server {
  return createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      // a payload that cannot be read is the caller's trouble, in words that he may see
      const status = error instanceof Refused ? error.status : 400;
      send(response, status, { message: error instanceof Error ? error.message : String(error) });
    });
  });
}

async function answer(
  options: CodecServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  allowOrigin(options, request, response);
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  allowCaller(options, request);
  const [, act] = /^(?:\/[^/]+)?\/(encode|decode)$/.exec(request.url ?? '') ?? [];
  if (!act) throw new Refused(404, 'there are /encode and /decode');
  if (request.method !== 'POST') throw new Refused(405, 'POST is needed');
  const parsed = Body.safeParse(await bodyOf(request));
  if (!parsed.success) throw new Refused(400, 'the body is no list of payloads');
  const payloads = await options.codec[act as 'encode' | 'decode'](parsed.data.payloads);
  send(response, 200, { payloads: payloads.map(asJson) });
}

/** Browsers name the page that calls; a page from elsewhere may not even write. */
function allowOrigin({ origin }: CodecServerOptions, request: IncomingMessage, response: ServerResponse) {
  const from = request.headers.origin;
  if (from === undefined) return;
  if (from !== origin) throw new Refused(403, `pages of ${from} may not call; PAWL_UI_URL names who may`);
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization');
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('vary', 'origin');
}

function allowCaller({ token, namespace }: CodecServerOptions, { headers }: IncomingMessage): void {
  if (token !== undefined && !same(headers.authorization ?? '', `Bearer ${token}`))
    throw new Refused(401, 'the token is needed: Authorization: Bearer …');
  const asked = headers['x-namespace'];
  if (asked !== undefined && asked !== namespace)
    throw new Refused(400, `this server is for namespace ${namespace}`);
}

function same(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Refused(413, `at most ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new Refused(400, 'the body is no JSON');
  }
}

function asJson({ metadata, data }: Payload) {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const words = Object.entries(metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]);
  return {
    metadata: Object.fromEntries(words) as Record<string, string>,
    ...(data && { data: base64(data) }),
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
