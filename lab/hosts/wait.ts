import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../error';

/**
 * Asks again every `everyMs` until the answer is not undefined.
 *
 * @throws LabError `<what> … within <seconds> s` when the time is over
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined> | T | undefined,
  everyMs = 50,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new LabError(`${what}: not within ${seconds} s`);
    await sleep(everyMs);
  }
}
