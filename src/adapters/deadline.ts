import { onAbort } from './abort';

/** The caller's signal and a time limit in one signal. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly seconds: number;
  /** true when it was the time limit that ended it */
  readonly passed: boolean;
}

/**
 * Does work that is told to end after so long, or when its caller is.
 *
 * `AbortSignal.any([caller, AbortSignal.timeout(ms)])` may never end: Node 20 forgets the timer when it collects
 * garbage (nodejs/node#57736), and some later versions lose an abort in the same way (nodejs/node#65995).
 */
export async function within<T>(
  milliseconds: number,
  caller: AbortSignal,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const deadline = { signal: end.signal, seconds: milliseconds / 1_000, passed: false };
  const timer = setTimeout(() => {
    deadline.passed = true;
    end.abort(new Error(`no end within ${deadline.seconds} s`));
  }, milliseconds);
  const unfollow = onAbort(caller, (reason) => end.abort(reason));
  try {
    return await work(deadline);
  } finally {
    clearTimeout(timer);
    unfollow();
  }
}
