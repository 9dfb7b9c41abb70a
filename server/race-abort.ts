/** Waits for work that may be aborted; the work itself goes on until its worker has replied. */

/**
 * Resolves or rejects with `work`, or rejects with the signal's reason as soon as it fires, after `onAbort`.
 * What `work` does after that is its owner's business; a later rejection does not count as unhandled.
 */
export async function raceAbort<T>(signal: AbortSignal, work: Promise<T>, onAbort: () => void): Promise<T> {
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      onAbort();
      reject(signal.reason);
    };
  });
  work.catch(() => {});
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
