import { execFileSync } from 'node:child_process';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openHosts } from '../../../src/adapters/ssh';
import { fingerprint } from '../../../src/adapters/ssh/host-keys';
import type { PawlError } from '../../../src/contracts/failures';
import { clusterOf, makeKey, startSshd, type TestSshd } from './sshd';

let sshd: TestSshd;
let knownHosts: string;
/** another key of the same type, and one of a type that the server does not have */
let otherKey: string;
let otherType: string;

const publicKey = async (file: string) =>
  (await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
const sum = (key: string) => fingerprint(Buffer.from(key.split(' ')[1]!, 'base64'));

beforeAll(async () => {
  sshd = await startSshd({ keyTypes: ['ed25519', 'rsa'] });
  knownHosts = join(sshd.folder, 'known_hosts');
  otherKey = await publicKey(await makeKey(join(sshd.folder, 'other'), 'ed25519'));
  otherType = await publicKey(await makeKey(join(sshd.folder, 'other_ecdsa'), 'ecdsa'));
});
afterAll(() => sshd.stop());
beforeEach(() => rm(knownHosts, { force: true }));

/** Runs a command; what it prints, or the failure. */
async function connect(
  options: { hostKey?: string; lines?: string[]; ssh?: object } = {},
): Promise<string | PawlError> {
  if (options.lines) await writeFile(knownHosts, options.lines.join('\n') + '\n');
  const host = { hostKey: options.hostKey };
  const hosts = openHosts(clusterOf(sshd, { host, ssh: { knownHosts: 'known_hosts', ...options.ssh } }), {
    folder: sshd.folder,
  });
  try {
    const { signal } = new AbortController();
    return (await hosts.on('h1').run('run-command', ['echo', 'in'], { signal })).stdout;
  } catch (error) {
    return error as PawlError;
  } finally {
    await hosts.close();
  }
}

const here = () => `[127.0.0.1]:${sshd.port}`;

describe('a pinned key lets in', () => {
  it.each<[string, () => { hostKey?: string; lines?: string[] }]>([
    ['of the cluster file', () => ({ hostKey: sshd.hostKeys.ed25519 })],
    ['of another type of the same server', () => ({ hostKey: sshd.hostKeys.rsa })],
    ['by address', () => ({ lines: [`${here()} ${sshd.hostKeys.ed25519}`] })],
    ['by name', () => ({ lines: [`[h1]:${sshd.port} ${sshd.hostKeys.ed25519} comment`] })],
    ['without a port', () => ({ lines: [`127.0.0.1 ${sshd.hostKeys.ed25519}`] })],
    ['by pattern', () => ({ lines: [`nobody,[127.0.*]:* ${sshd.hostKeys.ed25519}`] })],
    ['that is the only one of its type', () => ({ lines: [`${here()} ${sshd.hostKeys.rsa}`] })],
    ['beside other lines', () => ({ lines: ['# mine', '', 'junk', `${here()} ${sshd.hostKeys.rsa}`] })],
  ])('%s', async (_, options) => {
    expect(await connect(options())).toBe('in\n');
  });

  it('in a file that OpenSSH hashed', async () => {
    await writeFile(knownHosts, `${here()} ${sshd.hostKeys.ed25519}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', knownHosts], { stdio: 'ignore' });
    expect(await readFile(knownHosts, 'utf8')).toMatch(/^\|1\|/);
    expect(await connect()).toBe('in\n');
  });
});

describe('a key that is not pinned', () => {
  it('stops, with its fingerprint and the command that adds it', async () => {
    const refused = (await connect()) as PawlError;
    expect(refused).toMatchObject({ type: 'HostKeyChanged' });
    expect(refused.message).toContain(sum(sshd.hostKeys.ed25519));
    const command = /echo .*$/.exec(refused.message)![0];
    execFileSync('sh', ['-c', command]);
    expect(await connect()).toBe('in\n');
  });

  it.each<[string, () => { hostKey?: string; lines?: string[] }]>([
    ['instead of the cluster file’s', () => ({ hostKey: otherKey })],
    ['instead of the known one', () => ({ lines: [`${here()} ${otherKey}`] })],
    ['of another type than the known one', () => ({ lines: [`${here()} ${otherType}`] })],
    [
      'though known_hosts has it, when the cluster file has another',
      () => ({
        hostKey: otherKey,
        lines: [`${here()} ${sshd.hostKeys.ed25519}`],
      }),
    ],
  ])('%s stops with both fingerprints', async (_, options) => {
    const given = options();
    const refused = (await connect(given)) as PawlError;
    expect(refused).toMatchObject({ type: 'HostKeyChanged' });
    expect(refused.message).toContain(sum(sshd.hostKeys.ed25519));
    expect(refused.message).toContain(sum(given.hostKey ?? given.lines![0]!.replace(/^\S+ /, '')));
  });

  it.each([
    ['is known for another host', (key: string) => `elsewhere ${key}`],
    ['is taken out by a negated pattern', (key: string) => `[127.0.0.1]:*,!${here()} ${key}`],
    ['belongs to a certificate authority', (key: string) => `@cert-authority ${here()} ${key}`],
  ])('%s', async (_, line) => {
    expect(await connect({ lines: [line(sshd.hostKeys.ed25519)] })).toMatchObject({ type: 'HostKeyChanged' });
  });

  it('is refused when it is revoked, whatever else pins it', async () => {
    const { ed25519 } = sshd.hostKeys;
    await writeFile(knownHosts, `${here()} ${ed25519}\n`);
    await appendFile(knownHosts, `@revoked ${here()} ${ed25519}\n`);
    const refused = (await connect({ hostKey: ed25519 })) as PawlError;
    expect(refused).toMatchObject({ type: 'HostKeyChanged' });
    expect(refused.message).toContain(`revoked in ${knownHosts}:2`);
  });
});

describe('a login that fails', () => {
  it('for a key that the host does not take is AccessDenied', async () => {
    const identityFile = join(sshd.folder, 'other');
    expect(await connect({ hostKey: sshd.hostKeys.ed25519, ssh: { identityFile } })).toMatchObject({
      type: 'AccessDenied',
      message: expect.stringContaining(identityFile),
    });
  });

  it('for a key file that is not there, or needs a passphrase, says so', async () => {
    const identityFile = join(sshd.folder, 'locked');
    const ssh = { identityFile };
    expect(((await connect({ ssh })) as PawlError).message).toContain('ENOENT');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', identityFile]);
    expect(((await connect({ ssh })) as PawlError).message).toContain('passphrase');
  });
});
