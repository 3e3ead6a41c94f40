/**
 * A process that plays a cluster: one SSH server that is as many hosts as addresses are dialled, told apart by
 * them; a service that is always well; and the balancer's host, where programs really run.
 */
import { spawn } from 'node:child_process';
import { createServer as createHttp } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { ANSWERS, type SimulatedHost } from './programs';
import { addressOf, BALANCER_ADDRESS, FIRST_VERSION, words } from './cluster';

/** As `src/adapters/ssh/quote.ts` prints it before a program's own output. */
const BEGIN = '\x1epawl\x1e\n';

const { hosts: count, hostKey } = JSON.parse(process.argv[2]!) as { hosts: number; hostKey: string };
const hosts = new Map<string, SimulatedHost>();
for (let index = 0; index < count; index += 1)
  hosts.set(addressOf(index), {
    version: FIRST_VERSION,
    uploaded: new Set(),
    staged: new Map(),
    jobs: new Map(),
    starts: [],
  });

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  const address = socket.localAddress!;
  new ssh2.Server({ hostKeys: [hostKey] }, (client) => attend(client, address)).injectSocket(socket);
}

function attend(client: Connection, address: string): void {
  // any key is let in: what is measured is the way, not the lock
  client.on('authentication', (context) =>
    context.method === 'none' ? context.reject(['publickey']) : context.accept(),
  );
  client.on('error', () => undefined);
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      if (address === BALANCER_ADDRESS) really(channel, command);
      else void simulate(channel, address, command);
    });
  });
  client.on('tcpip', (accept) => answerHttp(accept(), hosts.get(address)!));
  // ssh2's types have no name for it
  (client as unknown as NodeJS.EventEmitter).on(
    'openssh.streamlocal',
    (accept: () => ServerChannel, _reject: () => void, { socketPath }: { socketPath: string }) => {
      const stream = accept();
      const socket = connect(socketPath);
      socket.on('error', () => stream.close());
      stream.on('error', () => socket.destroy());
      stream.pipe(socket).pipe(stream);
    },
  );
}

/** The balancer's host is this machine. */
function really(channel: ServerChannel, command: string): void {
  const child = spawn('sh', ['-c', command], { stdio: 'pipe' });
  channel.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => channel.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => channel.stderr.write(chunk));
  child.on('close', (code) => finish(channel, code ?? 255));
}

async function simulate(channel: ServerChannel, address: string, command: string): Promise<void> {
  // exec sh -c TEXT pawl ARGUMENTS
  const [, , , text = '', , ...args] = words(command);
  const name = [...text.matchAll(/^# usage: ([a-z-]+)/gm)].at(-1)?.[1] ?? '';
  channel.write(BEGIN);
  channel.stderr.write(BEGIN);
  const answer = ANSWERS[name];
  if (!answer) {
    channel.stderr.write(`a simulated host has no answer to ${name || 'this'}\n`);
    return finish(channel, 127);
  }
  const { code, stdout } = await answer(hosts.get(address)!, args, channel);
  channel.write(stdout);
  finish(channel, code);
}

function finish(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

function answerHttp(channel: ServerChannel, host: SimulatedHost): void {
  channel.once('data', (request: Buffer) => {
    const body = request.toString().startsWith('GET /version') ? host.version : 'ok';
    channel.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
  });
  channel.on('error', () => undefined);
}

/** What the balancer checks. */
const web = createHttp((_request, response) => response.end('ok'));
const sshd = createServer(serve);
sshd.listen(0, '0.0.0.0', () =>
  web.listen(0, '127.0.0.1', () =>
    process.send!({ ssh: (sshd.address() as AddressInfo).port, web: (web.address() as AddressInfo).port }),
  ),
);
process.on('message', () =>
  process.send!([...hosts.values()].map(({ version, starts }) => ({ version, starts }))),
);
process.on('disconnect', () => process.exit());
