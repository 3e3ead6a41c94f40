import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad, type LoadOptions } from '../../lab/load';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function load(options: LoadOptions, ms = 1000) {
  const running = await startLoad(options);
  await sleep(ms);
  return running.stop();
}

it('sends at the rate it was asked for and counts by version and host', async () => {
  let served = 0;
  const url = await serve((_, response) => {
    response.writeHead(200, { 'X-Version': served++ % 4 ? '1.0.0' : '1.1.0', 'X-Host': 'n1' }).end('hello');
  });
  const result = await load({ url, rate: 500 }, 2000);
  expect(result).toMatchObject({ ok: result.sent, failed: 0, open: 0, heldBack: 0, failures: [] });
  expect(result.sent).toBe(served);
  const rate = result.sent / result.seconds;
  expect(rate).toBeGreaterThan(400);
  expect(rate).toBeLessThan(600);
  expect(result.byHost).toEqual({ n1: { ok: served, failed: 0 } });
  expect(result.byVersion['1.1.0']?.ok).toBe(Math.ceil(served / 4));
  expect(result.latencyMs.p50).toBeLessThanOrEqual(result.latencyMs.p99);
  expect(result.timeline.reduce((sum, second) => sum + second.ok, 0)).toBe(served);
});

it.each([
  ['status', '503', (_: IncomingMessage, response: ServerResponse) => response.writeHead(503).end()],
  ['reset', 'ECONNRESET', (request: IncomingMessage) => request.socket.destroy()],
  [
    'cut',
    'ECONNRESET',
    (request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'Content-Length': 100 }).write('half', () => request.socket.destroy());
    },
  ],
  ['timeout', '300 ms', () => undefined],
])('counts %s as failed, once for each request', async (kind, detail, answer) => {
  let asked = 0;
  const url = await serve((request, response) => {
    asked++;
    answer(request, response);
  });
  const result = await load({ url, rate: 50, timeoutMs: 300 });
  expect(result.sent).toBeGreaterThan(20);
  expect(result).toMatchObject({ ok: 0, failed: result.sent, byKind: { [kind]: result.sent } });
  expect(result.failures[0]).toMatchObject({ kind, detail, path: '/' });
  expect(asked).toBe(result.sent);
});

it('counts a refused connection', async () => {
  const url = await serve(() => undefined);
  await new Promise((resolve) => server?.close(resolve));
  const result = await load({ url, rate: 50 });
  expect(result).toMatchObject({ ok: 0, byKind: { refused: result.sent } });
  expect(result.sent).toBeGreaterThan(0);
});

it('keeps to its rate when answers are slow', async () => {
  const url = await serve((_, response) => void setTimeout(() => response.end('done'), 400));
  const result = await load({ url, rate: 300 });
  expect(result.sent).toBeGreaterThan(250 * (result.seconds - 1));
  expect(result).toMatchObject({ failed: 0, heldBack: 0 });
  expect(result.latencyMs.max).toBeLessThan(1_500);
});

it('sends long requests beside the others', async () => {
  const paths: Record<string, number> = {};
  const url = await serve((request, response) => {
    paths[request.url ?? ''] = (paths[request.url ?? ''] ?? 0) + 1;
    setTimeout(() => response.end('done'), request.url === '/long' ? 700 : 0);
  });
  const result = await load({ url, rate: 100, slow: { everyMs: 200, share: 0.1, path: '/long' } });
  expect(result.slow.sent).toBeGreaterThanOrEqual(10);
  expect(result.slow).toEqual({ sent: paths['/long'], ok: paths['/long'], failed: 0 });
  expect(result.latencyMs.p95).toBeLessThan(700);
});

it('refuses to load other machines', async () => {
  await expect(startLoad({ url: 'http://192.0.2.1/', rate: 10 })).rejects.toThrow(
    /this machine and its labs/,
  );
});
