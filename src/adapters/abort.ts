import { setMaxListeners } from 'node:events';

/**
 * Calls back when the signal aborts, at once if it has already.
 *
 * @returns stops listening; a caller's signal may live for hours
 */
export function onAbort(signal: AbortSignal, tell: (reason: Error) => void): () => void {
  const listener = () => tell(signal.reason as Error);
  if (signal.aborted) {
    listener();
    return () => {};
  }
  // many commands at a time under one signal are usual
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Leaves work that goes on by itself as soon as the signal aborts. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, reject);
    work.then(resolve, reject).finally(stop);
  });
}
