/** Waiting for an effect: the condition is looked at again and again until it holds or the deadline is over. */
import { setTimeout as delay } from 'node:timers/promises';
import { patience } from './patience.ts';

/**
 * The pause between two looks grows with the time waited so far, between these bounds: looking takes the processor from what is
 * waited for, and a tenth more of a long wait does no harm.
 */
const LEAST_PAUSE_MS = 10;
const MOST_PAUSE_MS = 200;
const PAUSE_SHARE = 0.1;

/**
 * Resolves with the condition's value once it is truthy. Rejects past the deadline, which is longer on a busy machine,
 * saying what was waited for; a condition that throws does not hold yet, and its last error is told.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  deadlineMs: number,
  what = condition.toString(),
): Promise<NonNullable<T>> {
  const startedAt = Date.now();
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<T>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > deadlineMs * patience())
      throw new Error(`not within ${waitedMs} ms: ${what}`, { cause: lastError });
    await delay(Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, waitedMs * PAUSE_SHARE)));
  }
}
