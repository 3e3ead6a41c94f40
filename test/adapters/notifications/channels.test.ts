/** Channels against real servers that take messages, refuse them, hang, and lie. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { openNotifier } from '../../../src/adapters/notifications';
import { feishuSignature } from '../../../src/adapters/notifications/vendors/chats';
import { webhookSignature } from '../../../src/adapters/notifications/vendors/webhook';
import { Cluster } from '../../../src/contracts/cluster';
import { event } from './events';

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}
let server: Server;
let url: string;
let folder: string;
let seen: Seen[] = [];
let answer: (response: ServerResponse, request: Seen) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    void textOf(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body };
      seen.push(one);
      answer(response, one);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-channels-'));
  seen = [];
  answer = (response) => void response.end('ok');
  process.env.TEST_URL = `${url}/hook?access_token=planted-token-0123456789`;
  process.env.TEST_SECRET = 'planted-secret-0123456789';
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  delete process.env.TEST_URL;
  delete process.env.TEST_SECRET;
});

const { signal } = new AbortController();
function notifier(channel: object, limit?: number) {
  const cluster = Cluster.parse({
    cluster: 'shop',
    hosts: { n1: { roles: ['app'] } },
    balancers: {},
    services: {},
    notifications: { channels: { it: channel } },
  });
  return openNotifier(cluster, folder, limit);
}
const send = (
  channel: object,
  { limit, of = event('began') }: { limit?: number; of?: ReturnType<typeof event> } = {},
) => notifier(channel, limit).send('it', of, signal);
const chat = (kind: string, more: object = {}) => ({ kind, url: 'env:TEST_URL', ...more });
const says =
  (body: string, status = 200) =>
  (response: ServerResponse) =>
    void response.writeHead(status).end(body);

describe('chats', () => {
  it.each([
    {
      kind: 'slack',
      body: 'ok',
      sent: { text: expect.stringContaining('begun') as string, unfurl_links: false },
    },
    {
      kind: 'dingtalk',
      body: '{"errcode":0,"errmsg":"ok"}',
      sent: { msgtype: 'text', text: { content: expect.stringContaining('begun') as string } },
    },
    {
      kind: 'feishu',
      body: '{"code":0,"msg":"success","data":{}}',
      sent: { msg_type: 'text', content: { text: expect.stringContaining('begun') as string } },
    },
    {
      kind: 'feishu',
      body: '{"StatusCode":0,"StatusMessage":"success"}',
      sent: { msg_type: 'text', content: { text: expect.stringContaining('begun') as string } },
    },
    {
      kind: 'wecom',
      body: '{"errcode":0,"errmsg":"ok"}',
      sent: { msgtype: 'text', text: { content: expect.stringContaining('begun') as string } },
    },
  ])('$kind takes a message and answers $body', async ({ kind, body, sent }) => {
    answer = says(body);
    const { trouble } = await send(chat(kind));
    expect(trouble).toBeUndefined();
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/hook?access_token=planted-token-0123456789' });
    expect(JSON.parse(seen[0]!.body)).toEqual(sent);
  });

  it.each([
    {
      kind: 'dingtalk',
      body: '{"errcode":310000,"errmsg":"sign not match"}',
      why: 'it answers 310000: sign not match',
      again: false,
    },
    {
      kind: 'dingtalk',
      body: '{"errcode":130101,"errmsg":"send too fast"}',
      why: 'it answers 130101: send too fast',
      again: true,
    },
    {
      kind: 'feishu',
      body: '{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}',
      why: 'it answers 19021: sign match fail',
      again: false,
    },
    { kind: 'feishu', body: '{"code":11232,"msg":"too many request"}', why: 'it answers 11232', again: true },
    {
      kind: 'wecom',
      body: '{"errcode":93000,"errmsg":"invalid webhook url"}',
      why: 'it answers 93000: invalid webhook url',
      again: false,
    },
    {
      kind: 'wecom',
      body: '{"errcode":45009,"errmsg":"api freq out of limit"}',
      why: 'it answers 45009',
      again: true,
    },
    {
      kind: 'wecom',
      body: '<html>Sign in</html>',
      why: 'something else than its codes: <html>Sign in',
      again: false,
    },
    { kind: 'dingtalk', body: '{}', why: 'something else than its codes', again: false },
    { kind: 'slack', body: 'no_text', why: 'it answers no_text instead of ok', again: false },
  ])('$kind refuses with 200 and $body', async ({ kind, body, why, again }) => {
    answer = says(body);
    const { trouble } = await send(chat(kind));
    expect(trouble).toEqual({ why: expect.stringContaining(why) as string, again });
  });

  it('a signed one is signed with the secret of its reference, of this moment', async () => {
    answer = says('{"code":0}');
    await send(chat('feishu', { secret: 'env:TEST_SECRET' }));
    const { timestamp, sign } = JSON.parse(seen[0]!.body) as { timestamp: string; sign: string };
    expect(sign).toBe(feishuSignature('planted-secret-0123456789', Number(timestamp)));
    expect(Math.abs(Number(timestamp) * 1_000 - Date.now())).toBeLessThan(5_000);
  });

  it.each([
    { kind: 'wecom', body: '{"errcode":0}', most: 2_048 },
    { kind: 'dingtalk', body: '{"errcode":0}', most: 16_000 },
  ])('what is too long for $kind is cut behind a sentence, and says so', async ({ kind, body, most }) => {
    answer = says(body);
    const of = event('hostFailed', { why: '主机没有响应。'.repeat(1_500) });
    await send(chat(kind, { language: 'zh' }), { of });
    const { text } = JSON.parse(seen[0]!.body) as { text: { content: string } };
    expect(Buffer.byteLength(text.content)).toBeLessThanOrEqual(most);
    expect(Buffer.byteLength(text.content)).toBeGreaterThan(most - 100);
    expect(text.content).toMatch(/主机没有响应。……（已截短）$/);
  });
});

describe('a server that', () => {
  const cases: { does: string; with: typeof answer; why: RegExp; again: boolean }[] = [
    { does: 'answers 500', with: says('oops', 500), why: /^it answers 500: oops$/, again: true },
    { does: 'answers 429', with: says('', 429), why: /^it answers 429$/, again: true },
    {
      does: 'answers 404',
      with: says('no such hook', 404),
      why: /^it answers 404: no such hook$/,
      again: false,
    },
    {
      does: 'redirects',
      with: (response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      why: /^it answers 302: redirects are not followed$/,
      again: false,
    },
    { does: 'hangs', with: () => undefined, why: /^no answer in 0.3 s$/, again: true },
    { does: 'closes', with: (response) => void response.destroy(), why: /socket hang up/, again: true },
    {
      does: 'closes in the midst of its answer',
      with: (response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{');
        setTimeout(() => response.destroy(), 20);
      },
      why: /cut|aborted/,
      again: true,
    },
    {
      does: 'answers without end',
      with: (response) => void response.end('x'.repeat(70_000)),
      why: /longer than 65536 bytes/,
      again: true,
    },
  ];
  it.each(cases)('$does', async ({ with: how, why, again }) => {
    answer = how;
    const begun = performance.now();
    const { trouble } = await send({ kind: 'webhook', url }, { limit: 300 });
    expect(trouble).toEqual({ why: expect.stringMatching(why) as string, again });
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(seen).toHaveLength(1);
  });

  it('is not there', async () => {
    const { trouble } = await send({ kind: 'webhook', url: 'http://127.0.0.1:1/' });
    expect(trouble).toEqual({ why: expect.stringContaining('ECONNREFUSED') as string, again: true });
  });

  it.each(['http://169.254.169.254/latest', 'http://[fe80::1]/', 'http://[::ffff:169.254.169.254]/'])(
    'is at %s gets nothing',
    async (place) => {
      const { trouble } = await send({ kind: 'webhook', url: place });
      expect(trouble?.why).toContain('link-local');
    },
  );
});

describe('a webhook', () => {
  it('gets the whole event, with its id and a signature over what came', async () => {
    await send({ kind: 'webhook', url: `${url}/in`, secret: 'env:TEST_SECRET', audience: 'management' });
    const { headers, body } = seen[0]!;
    expect(JSON.parse(body)).toMatchObject({
      id: 'change/run#7',
      kind: 'began',
      cluster: 'shop',
      facts: { hosts: 6 },
      audience: 'management',
      language: 'en',
      title: expect.stringContaining('begun') as string,
      text: expect.any(String) as string,
    });
    expect(headers['webhook-id']).toBe('change/run#7');
    const seconds = Number(headers['webhook-timestamp']);
    expect(headers['webhook-signature']).toBe(
      webhookSignature('planted-secret-0123456789', 'change/run#7', seconds, body),
    );
  });

  it('that gets a message again gets the same id', async () => {
    const channel = { kind: 'webhook', url };
    await send(channel);
    await send(channel);
    expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});

describe('an SMS gateway', () => {
  const sms = (more: object = {}) => ({
    kind: 'sms',
    url: `${url}/sms`,
    phones: ['+8613800000001', '+8613800000002'],
    body: '{"to": {{ phone | json }}, "text": {{ text | json }}, "ref": {{ id | json }}}',
    headers: { 'X-Api-Key': 'env:TEST_SECRET' },
    ...more,
  });

  it('gets one request for each number, with the text inside its own JSON', async () => {
    const of = event('hostFailed', { why: 'it said "no" \\ and left' });
    const { trouble, says } = await send(sms(), { of });
    expect([trouble, says]).toEqual([undefined, 'taken for 2 numbers']);
    expect(seen.map(({ body }) => (JSON.parse(body) as { to: string }).to).sort()).toEqual([
      '+8613800000001',
      '+8613800000002',
    ]);
    expect(JSON.parse(seen[0]!.body)).toMatchObject({
      text: expect.stringContaining('it said "no" \\ and left') as string,
    });
    expect(seen[0]!.headers).toMatchObject({
      'x-api-key': 'planted-secret-0123456789',
      'content-type': 'application/json',
    });
  });

  it('with GET gets it in the query', async () => {
    await send(sms({ method: 'GET', body: 'to={{ phone | url_encode }}&text={{ text | url_encode }}' }));
    const [one] = seen.map((each) => new URL(each.url, url).searchParams);
    expect(seen[0]!.method).toBe('GET');
    expect(one?.get('to')).toMatch(/^\+861380000000[12]$/);
    expect(one?.get('text')).toContain('6 hosts in 3 batches');
  });

  it.each([
    {
      what: 'a status',
      with: says('no', 500),
      why: /^it answers 500: no \(2 of 2 numbers, the first …0001\)$/,
      again: true,
    },
    {
      what: 'an answer',
      with: says('{"code":"isv.LIMIT"}'),
      why: /^it answers {"code":"isv.LIMIT"}, without "code":"OK"/,
      again: false,
    },
  ])('that refuses by $what is named', async ({ with: how, why, again }) => {
    answer = how;
    const { trouble } = await send(sms({ success: '"code":"OK"' }));
    expect(trouble).toEqual({ why: expect.stringMatching(why) as string, again });
  });

  it('that took one of two is not sent both again', async () => {
    answer = (response, { body }) => says('', body.includes('0002') ? 503 : 200)(response);
    const { trouble } = await send(sms());
    expect(trouble).toEqual({ why: 'it answers 503 (1 of 2 numbers, the first …0002)', again: false });
  });

  it('with a template that knows no such word sends nothing', async () => {
    const { trouble } = await send(sms({ body: '{{ fone }}' }));
    expect([trouble?.again, seen]).toEqual([false, []]);
    expect(trouble?.why).toContain('undefined variable: fone');
  });
});

describe('a file', () => {
  const channel = { kind: 'file', folder: 'messages' };
  const lines = () =>
    readFileSync(join(folder, 'messages/notifications.jsonl'), 'utf8').split('\n').filter(Boolean);

  it('grows by a line for each message, and has none twice', async () => {
    for (const id of ['a#1', 'a#2', 'a#1']) {
      const { trouble } = await send(channel, { of: event('began', {}, id) });
      expect(trouble).toBeUndefined();
    }
    expect(lines().map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['a#1', 'a#2']);
  });

  it('whose last line was cut off loses no other', async () => {
    await send(channel, { of: event('began', {}, 'a#1') });
    const file = join(folder, 'messages/notifications.jsonl');
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"id": "a#2", "ki`);
    await send(channel, { of: event('began', {}, 'a#2') });
    expect(JSON.parse(lines().at(-1)!)).toMatchObject({ id: 'a#2', kind: 'began' });
  });

  it('that cannot be there is named', async () => {
    writeFileSync(join(folder, 'messages'), '');
    const { trouble } = await send(channel);
    expect(trouble).toEqual({ why: expect.stringMatching(/EEXIST|ENOTDIR/) as string, again: true });
  });
});

it('a channel that the file names no more is named', async () => {
  const { trouble } = await notifier({ kind: 'file', folder: 'x' }).send('gone', event('began'), signal);
  expect(trouble).toEqual({ why: 'the cluster file names it no more', again: false });
});

it('a secret that is not there is told by its name, and may come yet', async () => {
  delete process.env.TEST_URL;
  const { trouble } = await send(chat('slack'));
  expect(trouble).toEqual({ why: 'env:TEST_URL is empty', again: true });
});

it('no secret gets into what is said of a failure, whatever a server repeats', async () => {
  writeFileSync(join(folder, 'key'), 'planted-file-secret-0123\n');
  answer = (response, { url: path, headers }) =>
    says(
      JSON.stringify({
        errcode: 1,
        errmsg: `${url}${path} ${path.split('=')[1]} ${headers['x-key'] as string}`,
      }),
    )(response);
  const told = [
    await send(chat('dingtalk', { secret: 'env:TEST_SECRET' })),
    await send(chat('wecom')),
    await send({
      kind: 'sms',
      url: 'env:TEST_URL',
      phones: ['12345'],
      body: 'x',
      headers: { 'X-Key': 'file:key' },
      success: 'never',
    }),
  ];
  expect(seen[2]!.headers['x-key']).toBe('planted-file-secret-0123');
  expect(told.every(({ trouble }) => trouble)).toBe(true);
  expect(JSON.stringify(told)).not.toMatch(/planted/);
  expect(JSON.stringify(told)).toContain('(hidden)');
});
