/** Waiting for an effect: the condition is looked at again and again until it holds or the deadline is over. */
import { setTimeout as delay } from 'node:timers/promises';
import { patience } from './patience.ts';

const POLL_MS = 20;
/** The pause between two looks after the first second: looking takes the processor from what is waited for. */
const LATER_POLL_MS = 50;
const LATER_AFTER_MS = 1000;

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
    await delay(waitedMs < LATER_AFTER_MS ? POLL_MS : LATER_POLL_MS);
  }
}
