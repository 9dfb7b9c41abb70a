/** Waiting for an effect: the condition is looked at again and again until it holds or the deadline is over. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Resolves with the condition's value once it is truthy. Rejects past the deadline, saying what was waited for;
 * a condition that throws does not hold yet, and its last error is told.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  deadlineMs: number,
  what = condition.toString(),
): Promise<NonNullable<T>> {
  const giveUpAt = Date.now() + deadlineMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<T>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > giveUpAt) throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: lastError });
    await delay(POLL_MS);
  }
}
