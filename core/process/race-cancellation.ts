/** Waits for work that may be cancelled; the work itself goes on until its worker has replied. */
import type { Cancellation } from './cancellation.ts';

/**
 * Resolves or rejects with `work`, or rejects with the reason as soon as it is cancelled, after `onCancel`.
 * What `work` does after that is its owner's business; a later rejection does not count as unhandled.
 */
export function raceCancellation<T>(
  cancellation: Cancellation,
  work: Promise<T>,
  onCancel: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancelled = (): void => {
      onCancel();
      reject(cancellation.reason);
    };
    if (cancellation.isCancelled) cancelled();
    else cancellation.onCancel(cancelled);
    work.then(
      (value) => {
        cancellation.offCancel(cancelled);
        resolve(value);
      },
      (error) => {
        cancellation.offCancel(cancelled);
        reject(error);
      },
    );
  });
}
