/** Values as people may see them: nothing invisible, nothing long, nothing secret. */

const LONGEST = 80;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const SECRET_WORD = /^(passw(or)?ds?|passphrase|pass|pwd|secrets?|tokens?|credentials?|apikey|privatekey)$/;
const SECRET_KEY_OF = ['api', 'private', 'secret', 'access', 'encryption'];
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** A token may stand where a name does. */
const URL_PASSWORD = /\/\/[^/@\s]*:[^/@\s]*@|(?<=https?:)\/\/[^/@\s]+@/gi;
const HIDDEN = '(hidden)';

/**
 * Control, bidirectional and other invisible characters escaped, at most 80 characters. Maps and lists are
 * only named: what is in them may be secret, and has a path of its own.
 */
export function escaped(value: unknown): string {
  const text = textOf(value);
  if (PRIVATE_KEY.test(text)) return HIDDEN;
  const visible = [
    ...text
      .replace(URL_PASSWORD, `//${HIDDEN}@`)
      .replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`),
  ];
  return visible.length > LONGEST ? `${visible.slice(0, LONGEST - 1).join('')}…` : visible.join('');
}

/** The value at a path; hidden where a key on the way says that it is secret. */
export function escapedAt(path: readonly string[], value: unknown): string {
  return path.some(looksSecret) ? HIDDEN : escaped(value);
}

/** By its last word: `password`, `dbPassword`, `api_token`, `private-key`; not `compass` or `hostKey`. */
export function looksSecret(key: string): boolean {
  const words = key.split(/[\s._-]|(?<=[a-z\d])(?=[A-Z])/).map((word) => word.toLowerCase());
  const [last = '', before = ''] = words.reverse();
  return SECRET_WORD.test(last) || (last === 'key' && SECRET_KEY_OF.includes(before));
}

function textOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return value || '(empty)';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `a map of ${Object.keys(value).length}`;
  const plain = value as number | boolean | bigint | symbol | null;
  return String(plain);
}
