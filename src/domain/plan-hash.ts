import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** SHA-256, lower-case hexadecimal, over canonical JSON (RFC 8785). */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? 'null')
    .digest('hex');
}
