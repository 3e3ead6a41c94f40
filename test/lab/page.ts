/** What a client gets from a balancer, read whole. */
import { get, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

export function ask(host: string, headers: Record<string, string> = {}, port = 80): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host, port, path: '/', headers, agent: false }, (incoming) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text));
      incoming.on('end', () => resolve({ status: incoming.statusCode, headers: incoming.headers, body }));
    }).on('error', reject);
  });
}
