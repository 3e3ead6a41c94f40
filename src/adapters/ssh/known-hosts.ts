/** OpenSSH's known_hosts files: plain, hashed and `[host]:port` names, patterns, `@revoked`. */
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PawlError } from '../../contracts/failures';

export interface KnownKey {
  /** e.g. `ssh-ed25519` */
  type: string;
  /** the key's bytes as the server shows them */
  blob: Buffer;
  revoked: boolean;
  /** `known_hosts:12`, for messages */
  source: string;
}

/** Keys that the files hold for any of the names. Files that are not there hold none. */
export async function findKnownKeys(files: readonly string[], names: readonly string[]): Promise<KnownKey[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw new PawlError('BadInput', `cannot read the host keys in ${file}: ${error.message}`);
      });
      return text.split('\n').flatMap((line, index) => parseLine(line, names, `${file}:${index + 1}`));
    }),
  );
  return found.flat();
}

/** `host` alone on port 22, `[host]:port` elsewhere. */
export function knownHostsName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function parseLine(line: string, names: readonly string[], source: string): KnownKey[] {
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
  const [patterns, type, encoded] = words;
  if (!patterns || !type || !encoded || patterns.startsWith('#')) return [];
  // keys of certificate authorities sign other keys; they are not a host's own
  if (marker && marker !== '@revoked') return [];
  if (!names.some((name) => matches(patterns, name.toLowerCase()))) return [];
  return [{ type, blob: Buffer.from(encoded, 'base64'), revoked: marker === '@revoked', source }];
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) return matchesHash(patterns, name);
  const parts = patterns.toLowerCase().split(',');
  const refused = parts.some((part) => part.startsWith('!') && matchesPattern(part.slice(1), name));
  return !refused && parts.some((part) => !part.startsWith('!') && matchesPattern(part, name));
}

/** `|1|salt|hash`: HMAC-SHA1 of the name under the salt. */
function matchesHash(field: string, name: string): boolean {
  const [, , salt, hash] = field.split('|');
  if (!salt || !hash) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}
