/** A metrics server that answers anything: a gate must hold, so each of these is no answer, with its reason. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMetrics } from '../../../src/adapters/metrics';
import { Cluster, Latency } from '../../../src/contracts/cluster';
import { percentile } from '../../../src/domain/histogram';

const signal = new AbortController().signal;
const series = Latency.parse({ histogram: 'http_request_duration_seconds', labels: { job: 'web' } });

type Handler = (query: URLSearchParams, answer: ServerResponse, request: IncomingMessage) => void;
let server: Server;
let handle: Handler;
let url: string;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-metrics-'));
  server = createServer((request, answer) =>
    handle(new URL(request.url ?? '/', 'http://test').searchParams, answer, request),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

function metrics(more: object = {}) {
  const cluster = Cluster.parse({
    cluster: 'test',
    hosts: { n1: { roles: ['app'] }, n2: { roles: ['app'], address: '192.0.2.2' } },
    balancers: {},
    services: {},
    metrics: { url, ...more },
  });
  return openMetrics(cluster, folder)!;
}

const value = (more?: object) => metrics(more).value('up', ['n1'], signal);
const json =
  (body: unknown): Handler =>
  (_query, answer) =>
    void answer.end(JSON.stringify(body));
const now = (query: URLSearchParams) => Number(query.get('time'));
const vector =
  (...values: [labels: object, value: string, agoSeconds?: number][]): Handler =>
  (query, answer) =>
    void answer.end(
      JSON.stringify({
        status: 'success',
        data: {
          resultType: 'vector',
          result: values.map(([metric, text, ago = 0]) => ({ metric, value: [now(query) - ago, text] })),
        },
      }),
    );
const refused = (words: string | RegExp) =>
  expect.objectContaining({ type: 'MetricsUnavailable', message: expect.stringMatching(words) }) as Error;

it.each<{ what: string; with: Handler; says: string | RegExp }>([
  { what: 'nothing', with: vector(), says: 'answers with nothing' },
  { what: 'NaN', with: vector([{}, 'NaN']), says: 'answers NaN' },
  { what: 'infinity', with: vector([{}, '+Inf']), says: /answers \+Inf/ },
  { what: 'an empty value', with: vector([{}, '']), says: 'answers' },
  { what: 'two series', with: vector([{ a: '1' }, '1'], [{ a: '2' }, '1']), says: '2 series: one is wanted' },
  { what: 'a stale answer', with: vector([{}, '1', 300]), says: '300 s from now: stale' },
  {
    what: 'a matrix',
    with: json({ status: 'success', data: { resultType: 'matrix', result: [] } }),
    says: 'answers with a matrix',
  },
  {
    what: 'text for a number',
    with: json({ status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: 7 }] } }),
    says: 'cannot be read',
  },
  {
    what: 'an error of Prometheus',
    with: (_query, answer) =>
      void answer.writeHead(422).end('{"status":"error","errorType":"x","error":"query timed out"}'),
    says: 'refuses: query timed out',
  },
  { what: 'other JSON', with: json({ hello: 'world' }), says: 'none of its answers' },
  {
    what: 'HTML',
    with: (_query, answer) => void answer.end('<html>Sign in</html>'),
    says: /not JSON: <html>Sign in/,
  },
  { what: 'no body', with: (_query, answer) => void answer.end(), says: 'not JSON: \\(empty\\)' },
  { what: '503', with: (_query, answer) => void answer.writeHead(503).end('{}'), says: 'answers 503' },
  {
    what: 'a redirect',
    with: (_query, answer) => void answer.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    says: 'redirect to http://169.254.169.254/; redirects are not followed',
  },
  {
    what: 'an answer that is cut',
    with: (_query, answer) => {
      answer.writeHead(200, { 'content-length': '100' }).write('{');
      setTimeout(() => answer.destroy(), 20);
    },
    says: 'gives no answer',
  },
  { what: 'a closed connection', with: (_query, answer) => void answer.destroy(), says: 'gives no answer' },
])('$what is no answer', async ({ with: handler, says }) => {
  handle = handler;
  await expect(value()).rejects.toEqual(refused(says));
});

it('takes one number, of a vector or a scalar', async () => {
  handle = vector([{ job: 'web' }, '0.25']);
  expect(await value()).toBe(0.25);
  handle = (query, answer) =>
    void answer.end(
      JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [now(query), '3'] } }),
    );
  expect(await value()).toBe(3);
});

it('stops reading an answer that has no end', async () => {
  let sent = 0;
  handle = (_query, answer) => {
    const chunk = 'x'.repeat(65_536);
    const more = () => {
      for (; !answer.destroyed && sent < 1e9; sent += chunk.length) if (!answer.write(chunk)) break;
      if (sent >= 1e9) answer.end();
    };
    answer.on('drain', more);
    more();
  };
  await expect(value()).rejects.toEqual(refused('longer than 4194304 bytes'));
  expect(sent).toBeLessThan(100e6);
});

it('waits five seconds and no longer', async () => {
  handle = () => undefined;
  const begun = Date.now();
  await expect(value()).rejects.toEqual(refused('gives no answer in 5 s'));
  expect(Date.now() - begun).toBeLessThan(15_000);
}, 30_000);

it('is cancelled while it waits', async () => {
  handle = () => undefined;
  const abort = new AbortController();
  const waiting = metrics().value('up', [], abort.signal);
  setTimeout(() => abort.abort(), 50);
  await expect(waiting).rejects.not.toMatchObject({ type: 'MetricsUnavailable' });
});

it.each([
  'http://169.254.169.254',
  'http://[::ffff:169.254.169.254]',
  'http://[::ffff:a9fe:a9fe]',
  'http://[fe80::1]',
  'http://0xa9fea9fe',
])('connects to nothing link-local: %s', async (address) => {
  // the cluster file refuses some of them already
  const cluster = {
    ...Cluster.parse({ cluster: 'c', hosts: { n1: { roles: ['a'] } }, balancers: {}, services: {} }),
  };
  const there = openMetrics({ ...cluster, metrics: { kind: 'prometheus', url: address } }, folder)!;
  await expect(there.value('up', [], signal)).rejects.toEqual(refused('link-local'));
});

it('says that nobody listens', async () => {
  await expect(value({ url: 'http://127.0.0.1:1' })).rejects.toEqual(refused('ECONNREFUSED'));
});

describe('a token', () => {
  const TOKEN = 'planted-secret-7f3a';
  const shown = async (bearer: string) => {
    let seen: string | undefined;
    handle = (query, answer, request) => {
      seen = request.headers.authorization;
      vector([{}, '1'])(query, answer, request);
    };
    await value({ bearer });
    return seen;
  };

  it('comes from the environment or a file of the worker', async () => {
    process.env['PAWL_TEST_TOKEN'] = TOKEN;
    expect(await shown('env:PAWL_TEST_TOKEN')).toBe(`Bearer ${TOKEN}`);
    await writeFile(join(folder, 'token'), `${TOKEN}\n`);
    expect(await shown('file:token')).toBe(`Bearer ${TOKEN}`);
  });

  it.each([
    ['env:PAWL_TEST_NO_TOKEN', 'empty or not set'],
    ['file:no-token', 'ENOENT'],
  ])('%s that is not there is told', async (bearer, says) => {
    await expect(value({ bearer })).rejects.toEqual(refused(says));
  });

  it('stands in no failure', async () => {
    process.env['PAWL_TEST_TOKEN'] = TOKEN;
    handle = (_query, answer) => void answer.writeHead(401).end('nope');
    const error: unknown = await value({ bearer: 'env:PAWL_TEST_TOKEN' }).catch((thrown: unknown) => thrown);
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain(TOKEN);
  });
});

describe('response times', () => {
  const latency = () => metrics().latency(series, ['n1', 'n2'], Date.now() - 60_000, Date.now(), signal);

  it('are a histogram, asked for by name or address of the hosts', async () => {
    let asked = '';
    handle = (query, answer, request) => {
      asked = query.get('query') ?? '';
      vector([{ le: '0.1' }, '90'], [{ le: '+Inf' }, '100.4'], [{ le: '0.5' }, '99'])(query, answer, request);
    };
    const histogram = await latency();
    expect(asked).toBe(
      'sum by (le) (increase(http_request_duration_seconds_bucket{job="web",instance=~"(?:n1|n2|192\\\\.0\\\\.2\\\\.2)(?::[0-9]+)?"}[60s]))',
    );
    expect(histogram.samples).toBe(100);
    expect(percentile(histogram, 0.9)).toBeCloseTo(100.4, 0);
  });

  it.each<{ what: string; with: Handler; says: string }>([
    { what: 'none', with: vector(), says: 'knows no response times' },
    { what: 'no last bucket', with: vector([{ le: '0.1' }, '1']), says: 'no "\\+Inf"' },
    { what: 'more labels', with: vector([{ le: '+Inf', job: 'a' }, '1']), says: 'alone' },
    {
      what: 'a bucket twice',
      with: vector([{ le: '+Inf' }, '1'], [{ le: '1' }, '1'], [{ le: '1.0' }, '1']),
      says: 'two buckets',
    },
    {
      what: 'a bound that is no number',
      with: vector([{ le: 'x' }, '1'], [{ le: '+Inf' }, '1']),
      says: 'alone',
    },
    { what: 'NaN', with: vector([{ le: '+Inf' }, 'NaN']), says: 'answers NaN' },
  ])('with $what are none', async ({ with: handler, says }) => {
    handle = handler;
    await expect(latency()).rejects.toEqual(refused(says));
  });

  it.each<{ what: string; ages: Record<string, number>; says?: string }>([
    { what: 'fresh', ages: { 'n1:8080': 5, '192.0.2.2:8080': 20 } },
    {
      what: 'old at one host',
      ages: { 'n1:8080': 5, n2: 600 },
      says: 'response times of n2 in Prometheus are 600 s old',
    },
    { what: 'missing at one host', ages: { 'n1:8080': 5, 'n22:8080': 1 }, says: 'no response times of n2' },
  ])('are reported: $what', async ({ ages, says }) => {
    handle = (query, answer, request) => {
      const all = Object.entries(ages).map(([instance, age]): [object, string] => [
        { instance },
        String(now(query) - age),
      ]);
      vector(...all)(query, answer, request);
    };
    const reported = metrics().reported(series, ['n1', 'n2'], Date.now(), signal);
    await (says
      ? expect(reported).rejects.toEqual(refused(says))
      : expect(reported).resolves.toBeUndefined());
  });
});
