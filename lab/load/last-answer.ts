import { setTimeout as delay } from 'node:timers/promises';
import type { Load } from '../load';

/** Milliseconds without an answer of a version: then the last one has come. */
const QUIET = 3_000;

/**
 * @param word begins what takes the version away
 * @returns milliseconds from the word to the last answer of the version, as clients saw it; at most `mostMs`
 */
export async function lastAnswer(
  version: string,
  loads: Load[],
  word: () => Promise<unknown>,
  mostMs: number,
): Promise<number> {
  const answers = async () => {
    const results = await Promise.all(loads.map((load) => load.snapshot()));
    return results.reduce((sum, { byVersion }) => sum + (byVersion[version]?.ok ?? 0), 0);
  };
  const begun = Date.now();
  const said = word();
  let seen = await answers();
  let last = begun;
  while (Date.now() < last + QUIET && Date.now() < begun + mostMs) {
    const now = await answers();
    if (now > seen) [seen, last] = [now, Date.now()];
    await delay(20);
  }
  await said;
  return last - begun;
}
