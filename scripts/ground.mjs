// What all scripts share: where the project lies, and how they speak. Words go to stderr, so that
// the output of a command stays clean for pipes.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function say(words) {
  process.stderr.write(`pawl: ${words}\n`);
}

/** @param started a reading of performance.now() */
export function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

/** True when `meta` is of the script that node was started with. */
export function isMain(meta) {
  return process.argv[1] === fileURLToPath(meta.url);
}
