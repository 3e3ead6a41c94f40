/** Mail to a real SMTP server that demands TLS and a login. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { openNotifier } from '../../../src/adapters/notifications';
import { messageId } from '../../../src/adapters/notifications/vendors/mail';
import { Cluster } from '../../../src/contracts/cluster';
import { event } from './events';

const PASSWORD = 'planted-password-0123';
let folder: string;
let tls: { key: Buffer; cert: Buffer };
let server: SMTPServer | Server | undefined;
let mails: { from: string; to: string[]; raw: string; secure: boolean; user: unknown }[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-mail-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync(
    'openssl',
    [
      ...args,
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  );
  tls = { key: readFileSync(key), cert: readFileSync(cert) };
  writeFileSync(join(folder, 'password'), `${PASSWORD}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => (mails = []));
afterEach(async () => {
  await new Promise((done) => (server ? server.close(() => done(undefined)) : done(undefined)));
  server = undefined;
});

async function serve(options: SMTPServerOptions = {}): Promise<number> {
  const smtp = new SMTPServer({
    ...tls,
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'pawl' && password === PASSWORD
        ? done(null, { user: username })
        : done(Object.assign(new Error(`no such login (${password ?? ''})`), { responseCode: 535 })),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('nobody')
        ? done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }))
        : done(),
    onData(stream, { envelope, secure, user }, done) {
      void textOf(stream).then((raw) => {
        const { mailFrom, rcptTo } = envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          raw,
          secure,
          user,
        });
        done(null, 'taken');
      });
    },
    ...options,
  });
  server = smtp;
  smtp.on('error', () => undefined);
  const listening = smtp.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return (listening.address() as AddressInfo).port;
}

function send(port: number, more: object = {}, { kind = 'hostFailed' as const, limit = 5_000 } = {}) {
  const cluster = Cluster.parse({
    cluster: 'shop',
    hosts: { n1: { roles: ['app'] } },
    balancers: {},
    services: {},
    notifications: {
      channels: {
        it: {
          kind: 'mail',
          host: 'localhost',
          port,
          ca: 'cert.pem',
          user: 'pawl',
          password: 'file:password',
          from: 'Pawl <pawl@example.org>',
          to: ['ops@example.org', 'dev@example.org'],
          ...more,
        },
      },
    },
  });
  return openNotifier(cluster, folder, limit).send('it', event(kind), new AbortController().signal);
}
const quotedPrintable = (text: string) =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString();

it.each([
  { tls: 'starttls', options: {} },
  { tls: 'implicit', options: { secure: true } },
])('arrives by $tls, after a login, with an id that stays the same', async ({ tls, options }) => {
  const port = await serve(options);
  for (const _ of [1, 2]) expect(await send(port, { tls })).toEqual({ says: '250 taken' });
  expect(mails[0]).toMatchObject({
    from: 'pawl@example.org',
    to: ['ops@example.org', 'dev@example.org'],
    secure: true,
    user: 'pawl',
  });
  for (const { raw } of mails) {
    expect(raw).toContain(`Message-ID: ${messageId('change/run#7')}`);
    expect(raw).toContain('X-Pawl-Message-ID: change/run#7');
    expect(raw).toContain('Subject: web 2.0.0 on shop: n2 failed');
    expect(raw).toContain('Auto-Submitted: auto-generated');
    expect(raw).toContain('/health answers 500');
  }
});

it('is Chinese in subject and body where the reader is', async () => {
  await send(await serve(), { language: 'zh' });
  const { raw } = mails[0]!;
  const subject = [...raw.matchAll(/=\?UTF-8\?([BQ])\?([^?]+)\?=/g)].map(([, how, text = '']) =>
    how === 'B' ? Buffer.from(text, 'base64').toString() : quotedPrintable(text),
  );
  expect(subject.join('')).toContain('失败');
  expect(raw).toMatch(/charset=utf-8/);
});

it('goes without TLS only where that is wanted, and then without a login', async () => {
  const port = await serve({ disabledCommands: ['STARTTLS'], authOptional: true });
  const refused = await send(port);
  expect(refused.trouble?.why).toMatch(/STARTTLS|TLS/);
  expect(mails).toEqual([]);
  expect(await send(port, { tls: 'none', user: undefined, password: undefined })).toEqual({
    says: '250 taken',
  });
  expect(mails[0]!.secure).toBe(false);
});

it('does not talk to a server with another certificate', async () => {
  const { trouble } = await send(await serve(), { ca: undefined });
  expect(trouble).toEqual({ why: expect.stringMatching(/certificate/) as string, again: true });
  expect(mails).toEqual([]);
});

it.each([
  { what: 'a wrong login', more: { user: 'other' }, why: /no such login \(\(hidden\)\)/, again: false },
  {
    what: 'an address that does not exist',
    more: { to: ['nobody@example.org'] },
    why: /no such mailbox/,
    again: false,
  },
  {
    what: 'one of two addresses',
    more: { to: ['ops@example.org', 'nobody@example.org'] },
    why: /^not taken for 1 of 2 addresses$/,
    again: false,
  },
])('$what is a refusal, without the password', async ({ more, why, again }) => {
  const { trouble } = await send(await serve(), more);
  expect(trouble).toEqual({ why: expect.stringMatching(why) as string, again });
  expect(JSON.stringify(trouble)).not.toContain(PASSWORD);
  expect(JSON.stringify(trouble)).not.toContain(Buffer.from(`\0other\0${PASSWORD}`).toString('base64'));
});

it.each([
  { what: 'is busy', code: 451, again: true },
  { what: 'is full for ever', code: 552, again: false },
])('a server that $what: $code', async ({ code, again }) => {
  const port = await serve({
    onData(stream, _session, done) {
      stream.resume().on('end', () => done(Object.assign(new Error('not now'), { responseCode: code })));
    },
  });
  expect((await send(port)).trouble).toEqual({ why: expect.stringContaining('not now') as string, again });
});

it('a server that says nothing is left in time', async () => {
  const mute = createServer(() => undefined).listen(0, '127.0.0.1');
  server = mute;
  const sockets: Socket[] = [];
  mute.on('connection', (socket) => sockets.push(socket));
  await once(mute, 'listening');
  const begun = performance.now();
  const { trouble } = await send((mute.address() as AddressInfo).port, {}, { limit: 400 });
  expect(trouble).toEqual({ why: 'no answer in 0.4 s', again: true });
  expect(performance.now() - begun).toBeLessThan(2_000);
  for (const socket of sockets) socket.destroy();
});
