/** Variables of nginx, and the blocks that define them. */
import { createHash } from 'node:crypto';

const sumOf = (upstream: string) => createHash('sha256').update(upstream).digest('hex').slice(0, 12);

/**
 * What people write for an upstream where test users are told apart. Names may have what variables may not have; where
 * something was left out, a sum keeps two of them apart. nginx takes some 40 characters.
 */
export function variableOf(upstream: string): string {
  const plain = upstream.replace(/\W/g, '_').slice(0, 20);
  return plain === upstream ? `$pawl_${plain}` : `$pawl_${plain}_${sumOf(upstream)}`;
}

/** One that nobody but us writes. */
export const innerVariableOf = (upstream: string, name: string) => `$pawl_${sumOf(upstream)}_${name}`;

/** What a client has sent; empty where it has sent none. */
export const headerOf = (header: string) => `$http_${header.toLowerCase().replaceAll('-', '_')}`;
/** In all cookies of a request, as a regular expression. */
export const cookieBegins = (cookie: string) => `(?:\\A|;[ ]*)${cookie}=`;

export const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
export const block = (head: string, lines: string[]) =>
  `${head} { ${lines.map((line) => `${line};`).join(' ')} }`;
