/** One handshake: the pinned key is proven, then our user logs in. */
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, utils, type AnyAuthMethod, type ConnectConfig } from 'ssh2';
import { PawlError } from '../../contracts/failures';
import type { Endpoint } from './endpoint';
import { accepts, algorithmsFor, ALL_ALGORITHMS, readPins, refusal, type Pins } from './host-keys';
import { INTERVAL } from './life';
import { quote } from './quote';

/** Milliseconds from the first byte to the login. */
const READY_TIMEOUT = 10_000;
/** ssh2 only asks for signs of life; whether there are any is watched by `life.ts`. */
const KEEPALIVES_UNANSWERED = 600;

/** How the bytes travel: a new socket, or a stream through a jump host. */
export type Transport = () => Promise<Duplex>;

export interface Dialled {
  client: Client;
  sock: Duplex;
}

/**
 * @returns a client that is logged in, and the stream it uses
 * @throws HostUnreachable, HostKeyChanged, AccessDenied
 */
export async function dial(endpoint: Endpoint, transport: Transport): Promise<Dialled> {
  const pins = await readPins(endpoint);
  const auth = await authMethods(endpoint);
  const attempt = async (algorithms: readonly string[]) => {
    const sock = await transport().catch((error: Error) => {
      throw error instanceof PawlError ? error : translate(error, endpoint, '');
    });
    return { client: await handshake(endpoint, pins, algorithms, auth, sock), sock };
  };
  try {
    return await attempt(algorithmsFor(pins));
  } catch (error) {
    // it has no key of a pinned type any more: look at what it shows, to be able to say it
    if (error instanceof NoCommonKey) return await attempt(ALL_ALGORITHMS);
    throw error;
  }
}

/** A TCP connection without Nagle's delay, which would cost 40 ms a round trip. */
export async function openTcpSocket(address: string, port: number): Promise<Socket> {
  const socket = connect({ host: address, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${READY_TIMEOUT / 1000} s`));
      socket.destroy();
    }, READY_TIMEOUT);
    socket.once('error', reject).once('connect', resolve);
    socket.once('connect', () => clearTimeout(timer)).once('error', () => clearTimeout(timer));
  });
  return socket;
}

class NoCommonKey extends PawlError {
  constructor(endpoint: Endpoint) {
    super(
      'HostUnreachable',
      `${endpoint.name} has no host key of a kind that is supported (ed25519, ecdsa, rsa-sha2)`,
    );
  }
}

function handshake(
  endpoint: Endpoint,
  pins: Pins,
  algorithms: readonly string[],
  auth: AnyAuthMethod[],
  sock: Duplex,
): Promise<Client> {
  const client = new Client();
  let refused: PawlError | undefined;
  let banner = '';
  const config: ConnectConfig = {
    sock,
    username: endpoint.user,
    authHandler: authOrder(auth),
    readyTimeout: READY_TIMEOUT,
    keepaliveInterval: INTERVAL,
    keepaliveCountMax: KEEPALIVES_UNANSWERED,
    algorithms: { serverHostKey: [...algorithms] as never },
    hostVerifier: (shown: Buffer) => {
      if (accepts(pins, shown)) return true;
      refused = refusal(endpoint, pins, shown);
      return false;
    },
  };
  return new Promise((resolve, reject) => {
    // stays attached for the client's life: an error event that nobody hears would end the process
    const fail = (error: Error) => {
      client.destroy();
      reject(refused ?? translate(error, endpoint, banner));
    };
    client.on('banner', (text) => (banner += text));
    client.once('ready', () => resolve(client));
    // an agent that does not answer is one way less to log in, not the end
    client.on('error', (error) => (error.level === 'agent' ? undefined : fail(error)));
    client.once('close', () => fail(new Error('the connection was closed during the handshake')));
    client.connect(config);
  });
}

/** Tries one method after the other; `false` ends with "All configured authentication methods failed". */
function authOrder(methods: AnyAuthMethod[]): ConnectConfig['authHandler'] {
  const left = [...methods];
  return (_methodsLeft, _partial, next) => next(left.shift() ?? (false as never));
}

async function authMethods(endpoint: Endpoint): Promise<AnyAuthMethod[]> {
  const username = endpoint.user;
  const methods: AnyAuthMethod[] = endpoint.agent ? [{ type: 'agent', username, agent: endpoint.agent }] : [];
  const problems: string[] = [];
  for (const file of endpoint.identityFiles) {
    const key = await readIdentity(file);
    if (typeof key === 'string') problems.push(key);
    else methods.push({ type: 'publickey', username, key });
  }
  if (methods.length > 0) return methods;
  const words = problems.length > 0 ? problems.join('; ') : 'no identityFile is named';
  const [file = '~/.ssh/id_ed25519'] = endpoint.identityFiles;
  throw new PawlError('AccessDenied', `there is no key to log in to ${endpoint.name} with: ${words}`, {
    mend: `ssh-keygen -t ed25519 -f ${quote(file)}`,
  });
}

/** Asks for a password once, where the host takes one. */
function letInCommand({ user, address, port, identityFiles: [file] }: Endpoint): string {
  const key = file ? `-i ${quote(`${file}.pub`)} ` : '';
  return `ssh-copy-id ${key}-p ${port} ${user}@${address}`;
}

/** @returns the key, or why it cannot be used */
async function readIdentity(file: string) {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    return `${file}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`;
  }
  const key = utils.parseKey(text);
  if (key instanceof Error) return `${file}: ${key.message} (keys with a passphrase belong into an agent)`;
  return key.isPrivateKey() ? key : `${file}: not a private key`;
}

function translate(error: Error & { level?: string }, endpoint: Endpoint, banner: string): Error {
  const where = `${endpoint.user}@${endpoint.address}:${endpoint.port}`;
  if (error.message.includes('no matching host key format')) return new NoCommonKey(endpoint);
  // pam_nologin turns everyone but root away while a host boots or goes down
  const passing = /boot(ing)? up|going down|shut(ting)? ?down|nologin/i.test(banner);
  const refused = error.level === 'client-authentication' || /authentication failures/i.test(error.message);
  if (refused && !passing) {
    const tried = [...(endpoint.agent ? ['the agent'] : []), ...endpoint.identityFiles].join(', ');
    const details = { mend: letInCommand(endpoint) };
    return new PawlError('AccessDenied', `${endpoint.name} refuses ${where}; tried ${tried}`, details, {
      cause: error,
    });
  }
  const words = [error.message, banner.trim()].filter(Boolean).join(': ');
  return new PawlError(
    'HostUnreachable',
    `no SSH session with ${endpoint.name} (${where}): ${words}`,
    undefined,
    {
      cause: error,
    },
  );
}
