/** One HTTP request over a stream that starts on a host. */
import http from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';

/** Characters of a body that are kept unless told otherwise. */
const LONGEST_BODY = 65_536;

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** cut at the limit */
  body: string;
}

/** The stream is the caller's to close. */
export function httpGet(
  stream: Duplex,
  path: string,
  signal: AbortSignal,
  longestBody = LONGEST_BODY,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      path,
      host: 'localhost',
      createConnection: () => stream,
      signal,
      headers: { connection: 'close' },
    };
    const sent = http.get(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < longestBody) body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
  });
}
