/** What the real OpenSSH client would do for a host: `ssh -G` reads ssh_config with all its rules. */
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { promisify } from 'node:util';
import { PawlError } from '../../contracts/failures';

/** The settings that Pawl honours. */
export interface SshSettings {
  hostName: string;
  port: number;
  user: string;
  identityFiles: string[];
  knownHostsFiles: string[];
  hostKeyAlias?: string;
  /** `[user@]host[:port]`, several with commas */
  proxyJump?: string;
  identityAgent?: string;
}

/** Milliseconds. Reading files takes 5; `Match exec` may take longer. */
const TIMEOUT = 5_000;

/**
 * Asks `ssh -G`. Without a `config` the account's own ssh_config counts, as for a person at the prompt.
 *
 * @returns undefined where there is no `ssh` program and no `config` that would need one
 */
export async function readSshSettings(
  host: string,
  options: { config?: string; user?: string; port?: number },
): Promise<SshSettings | undefined> {
  const { config, user, port } = options;
  const args = ['-G', ...(config ? ['-F', config] : []), ...(user ? ['-l', user] : [])];
  if (port !== undefined) args.push('-p', String(port));
  try {
    const { stdout } = await promisify(execFile)('ssh', [...args, '--', host], {
      timeout: TIMEOUT,
      env: process.env,
    });
    return parseSettings(stdout, host);
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (error instanceof PawlError) throw error;
    if (code !== 'ENOENT') {
      throw new PawlError(
        'BadInput',
        `\`ssh -G ${host}\` refuses the ssh_config: ${(stderr || message).trim()}`,
      );
    }
    if (!config) return undefined;
    throw new PawlError(
      'BadInput',
      `ssh.config names ${config}, but there is no \`ssh\` program here to read it: install openssh-client`,
    );
  }
}

function parseSettings(text: string, host: string): SshSettings {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (key && value) values.set(key, [...(values.get(key) ?? []), value]);
  }
  const one = (key: string) => values.get(key)?.[0];
  const given = (key: string) => (one(key) === 'none' ? undefined : one(key));
  if (given('proxycommand')) {
    throw new PawlError(
      'BadInput',
      `ssh_config gives ${host} a ProxyCommand, which is not supported: use ProxyJump`,
    );
  }
  const user = one('user') ?? '';
  const files = (key: string) => (values.get(key) ?? []).map((file) => expandHome(file, user));
  const knownHosts = [one('userknownhostsfile'), one('globalknownhostsfile')].flatMap(
    (list) => list?.split(' ') ?? [],
  );
  return {
    hostName: one('hostname') ?? host,
    port: Number(one('port') ?? 22),
    user,
    identityFiles: files('identityfile'),
    knownHostsFiles: knownHosts.filter((file) => file !== 'none').map((file) => expandHome(file, user)),
    hostKeyAlias: given('hostkeyalias'),
    proxyJump: given('proxyjump'),
    identityAgent: given('identityagent'),
  };
}

/** `~/` and the tokens that `ssh -G` leaves as they are. */
export function expandHome(path: string, user = ''): string {
  const whole = path.replace(/^~(?=\/|$)/, homedir());
  return whole.replace(/%[dr%]/g, (token) => ({ '%d': homedir(), '%r': user, '%%': '%' })[token] ?? token);
}
