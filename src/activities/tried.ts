import { PawlError } from '../contracts/failures';
import type { Measured } from '../domain/judge';

/** What cannot be measured is no failure of the change: it is said, and nothing is proven. */
export async function tried<T>(measure: () => Promise<T>, signal: AbortSignal): Promise<Measured<T>> {
  try {
    return { known: true, is: await measure() };
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    return { known: false, why: error.message };
  }
}
