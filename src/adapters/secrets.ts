/** Secrets are named by reference; what they are is read where it is used, and never shown. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const KINDS: Record<string, (name: string, env: NodeJS.ProcessEnv) => string | undefined> = {
  env: (name, env) => env[name],
  file: (path) => readFileSync(path, 'utf8'),
  // what systemd's LoadCredential= puts there
  credential: (name, env) => readFileSync(join(env.CREDENTIALS_DIRECTORY ?? '/nowhere', name), 'utf8'),
};

/** Shorter ones would blacken words that only look like them. */
const SHORTEST_HIDDEN = 8;
const known = new Set<string>();

export class SecretUnavailable extends Error {}

/**
 * @param reference `env:NAME`, `file:PATH` or `credential:NAME`
 * @throws SecretUnavailable, in words that do not hold what may be a secret itself
 */
export function readSecret(reference: string, env = process.env): string {
  const [, kind = '', name = ''] = /^([a-z]+):(.+)$/s.exec(reference) ?? [];
  const read = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (!read) throw new SecretUnavailable('a reference is needed: env:NAME, file:PATH or credential:NAME');
  const secret = tried(() => read(name, env), reference)?.trim();
  if (!secret) throw new SecretUnavailable(`${reference} is empty`);
  hideSecret(secret);
  return secret;
}

/** The same, of a cluster file: a path begins in its folder. */
export function secretIn(reference: string, folder: string): string {
  const [, path] = /^file:(.+)$/s.exec(reference) ?? [];
  return readSecret(path === undefined ? reference : `file:${resolve(folder, path)}`);
}

/** Hides a text from now on: a secret, or a part of one that somebody may repeat. */
export function hideSecret(text: string): void {
  if (text.length >= SHORTEST_HIDDEN) known.add(text);
}

/** Takes every secret that was read so far out of a text that people or machines will keep. */
export function withoutSecrets(text: string): string {
  let clean = text;
  for (const secret of known) if (clean.includes(secret)) clean = clean.replaceAll(secret, '(hidden)');
  return clean;
}

function tried<T>(read: () => T, reference: string): T {
  try {
    return read();
  } catch (error) {
    throw new SecretUnavailable(`${reference}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
  }
}
