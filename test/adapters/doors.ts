/** What tests of maintenance pages do at every balancer: close a door, and ask as clients do. */
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { Closure } from '../../src/contracts/doors';

export const NAMES = { header: 'X-Test-Pass', cookie: 'test-pass' };

export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

export function closureWith(page: string, more: Partial<Closure>): Closure {
  const late = '<p>late</p>';
  return { until: inSeconds(600), marker: 'm1', page, late, addresses: [], passes: [], ...more };
}

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Asked {
  headers?: OutgoingHttpHeaders;
  /** the client's address */
  from?: string;
  path?: string;
  method?: string;
}

/** Each request has a connection of its own. */
export function ask(
  port: number,
  { headers = {}, from = '127.0.0.1', path = '/', method = 'GET' }: Asked,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', port, agent: false as const };
    const sent = request({ ...to, headers, localAddress: from, path, method }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
    }).on('error', reject);
    sent.end(method === 'POST' ? 'x'.repeat(100_000) : undefined);
  });
}
