/** Temporal's own settings for TLS and API keys, over real TLS: a proxy before the server asks for certificates. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server as TlsServer } from 'node:tls';
import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { connectionConfig } from '../../src/temporal/connection';
import { installQuietRuntime, Server } from './server';

let folder: string;
let server: Server;
let proxy: TlsServer;
const sockets: Socket[] = [];

const file = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

function authority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-days', '2'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    ...subject,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  );
}

function certificate(name: string, by: string, host: string): void {
  openssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  );
  writeFileSync(file(`${name}.ext`), `subjectAltName=DNS:${host}\n`);
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${by}.pem`,
    '-CAkey',
    `${by}.key`,
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.pem`,
  );
}

beforeAll(async () => {
  installQuietRuntime();
  folder = mkdtempSync(join(tmpdir(), 'pawl-tls-'));
  for (const name of ['ca', 'other-ca']) authority(name);
  certificate('server', 'ca', 'temporal.test');
  certificate('client', 'ca', 'client.test');
  certificate('stranger', 'other-ca', 'client.test');
  server = await Server.start();
  const [host, port] = server.address.split(':');
  proxy = createServer(
    {
      cert: readFileSync(file('server.pem')),
      key: readFileSync(file('server.key')),
      ca: readFileSync(file('ca.pem')),
      requestCert: true,
      ALPNProtocols: ['h2'],
    },
    (socket) => {
      const behind = connect(Number(port), host);
      sockets.push(socket, behind);
      socket.pipe(behind).pipe(socket);
      for (const [one, other] of [
        [socket, behind],
        [behind, socket],
      ] as const)
        one.on('error', () => other.destroy());
    },
  );
  await listening(proxy);
}, 60_000);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  proxy?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
}, 30_000);

const listening = (one: TlsServer | Http2SecureServer) =>
  new Promise<void>((resolve) => void one.listen(0, '127.0.0.1', resolve));
const addressOf = (one: TlsServer | Http2SecureServer) => `127.0.0.1:${(one.address() as AddressInfo).port}`;

/** As the command line and as a worker connects. */
async function canConnect(env: NodeJS.ProcessEnv): Promise<boolean> {
  const { connectionOptions } = connectionConfig({ TEMPORAL_CONFIG_FILE: file('none.toml'), ...env }, folder);
  const ways = [
    Connection.connect({ ...connectionOptions, connectTimeout: 3_000 }),
    NativeConnection.connect(connectionOptions),
  ];
  const tried = await Promise.allSettled(ways);
  for (const way of tried) if (way.status === 'fulfilled') await way.value.close();
  const [client, worker] = tried.map(({ status }) => status === 'fulfilled');
  expect(client).toBe(worker);
  return client!;
}

const trusted = () => ({
  TEMPORAL_ADDRESS: addressOf(proxy),
  TEMPORAL_TLS_SERVER_NAME: 'temporal.test',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('ca.pem'),
});
const shown = (name: string) => ({
  TEMPORAL_TLS_CLIENT_CERT_PATH: file(`${name}.pem`),
  TEMPORAL_TLS_CLIENT_KEY_PATH: file(`${name}.key`),
});

it('connects with a certificate on both sides', async () => {
  expect(await canConnect({ ...trusted(), ...shown('client') })).toBe(true);
});

it('connects by a profile of temporal.toml', async () => {
  const TEMPORAL_CONFIG_FILE = file('temporal.toml');
  writeFileSync(
    TEMPORAL_CONFIG_FILE,
    `[profile.prod]
address = "${addressOf(proxy)}"
[profile.prod.tls]
server_name = "temporal.test"
server_ca_cert_path = "${file('ca.pem')}"
client_cert_path = "${file('client.pem')}"
client_key_path = "${file('client.key')}"
`,
  );
  expect(await canConnect({ TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: 'prod' })).toBe(true);
});

it.each([
  ['no certificate of ours', () => trusted()],
  ['a certificate of a stranger', () => ({ ...trusted(), ...shown('stranger') })],
  [
    'a server whose authority is not ours',
    () => ({ ...trusted(), ...shown('client'), TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('other-ca.pem') }),
  ],
  [
    'a server of another name',
    () => ({ ...trusted(), ...shown('client'), TEMPORAL_TLS_SERVER_NAME: 'other.test' }),
  ],
  ['no TLS at all', () => ({ TEMPORAL_ADDRESS: addressOf(proxy) })],
])(
  'does not connect with %s',
  async (_what, env) => {
    expect(await canConnect(env())).toBe(false);
  },
  40_000,
);

it('shows an API key, over TLS', async () => {
  const keys = new Set<string | undefined>();
  const cloud = createSecureServer({
    cert: readFileSync(file('server.pem')),
    key: readFileSync(file('server.key')),
  });
  cloud.on('connection', (socket: Socket) => sockets.push(socket));
  cloud.on('stream', (stream, headers) => {
    keys.add(headers.authorization);
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '16' },
      { endStream: true },
    );
  });
  await listening(cloud);
  try {
    const env = { ...trusted(), TEMPORAL_ADDRESS: addressOf(cloud), TEMPORAL_API_KEY: 'the-key' };
    expect(await canConnect(env)).toBe(false);
    expect([...keys]).toEqual(['Bearer the-key']);
  } finally {
    cloud.close();
  }
}, 40_000);
