/** The one place where words become shell text. */
import { PawlError } from '../../contracts/failures';

/** Linux takes 128 KiB in one word of a command line; the rest is left for the login shell. */
const MAX_COMMAND_BYTES = 120 * 1024;

/**
 * Printed on both streams before the program's own output, so that what a login shell says before
 * (a noisy `.bashrc`) can be told apart, and so that "did not begin at all" can be seen.
 */
export const BEGIN = Buffer.from('\x1epawl\x1e\n');

/** Quotes a word for POSIX shells. Refuses what could not arrive unchanged. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new PawlError('BadInput', 'an argument for a host contains a NUL character');
  if (Buffer.from(word).toString() !== word) {
    throw new PawlError('BadInput', 'an argument for a host is not valid Unicode text');
  }
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * One line for an exec channel: `sh -c <program> pawl <args>`, as root where `sudo` is set.
 * The account's login shell must be POSIX-like (sh, bash, dash, zsh, ksh).
 */
export function commandLine(text: string, args: readonly string[], sudo: boolean): string {
  const begin = `printf '\\036pawl\\036\\n'; printf '\\036pawl\\036\\n' >&2\n`;
  const words = ['sh', '-c', begin + text, 'pawl', ...args].map(quote);
  const line = ['exec', ...(sudo ? ['sudo', '-n', '--'] : []), ...words].join(' ');
  const bytes = Buffer.byteLength(line);
  if (bytes > MAX_COMMAND_BYTES) {
    throw new PawlError('BadInput', `${bytes} bytes are too many for a command line: give data on stdin`);
  }
  return line;
}
