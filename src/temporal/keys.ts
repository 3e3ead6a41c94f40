/** Keys of payload encryption: each has a name that stands beside what it encrypted. */
import { readSecret } from '../adapters/secrets';

export interface Key {
  id: string;
  /** AES-256: 32 bytes */
  bytes: Buffer;
}

export interface Keys {
  /** what is written from now on is encrypted with this one */
  current: Key;
  byId: ReadonlyMap<string, Key>;
}

const SHAPE = 'NAME=REFERENCE, several with commas between them, the one to encrypt with first';

/**
 * @param text `2026b=file:/run/keys/2026b,2026a=env:OLD_KEY`: the first one encrypts, all of them decrypt
 * @param wrong told of each mistake, in words without secrets
 */
export function readKeys(
  text: string,
  env: NodeJS.ProcessEnv,
  wrong: (why: string) => void,
): Keys | undefined {
  const entries = text.split(',').map((entry) => entry.trim());
  const keys = entries.flatMap((entry, index) => {
    const [, id, reference] = /^([\w.-]{1,64})=(.+)$/s.exec(entry) ?? [];
    const say = (why: string) => wrong(`${id ?? `entry ${index + 1}`}: ${why}`);
    if (!id || !reference) return say(`must be ${SHAPE}`) ?? [];
    try {
      const bytes = bytesOf(readSecret(reference, env));
      if (bytes) return [{ id, bytes }];
      say('32 bytes are needed, as 64 hex digits or in base64 (openssl rand -base64 32)');
    } catch (error) {
      say((error as Error).message);
    }
    return [];
  });
  const byId = new Map(keys.map((key) => [key.id, key]));
  if (byId.size < keys.length) wrong('two keys have the same name');
  const [current] = keys;
  return current && { current, byId };
}

function bytesOf(text: string): Buffer | undefined {
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const bytes = /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  return bytes?.length === 32 ? bytes : undefined;
}
