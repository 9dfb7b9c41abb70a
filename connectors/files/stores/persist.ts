/** Tries again, a bounded number of times, what may go well the next time. */
import { setTimeout } from 'node:timers/promises';
import type { QueryError } from '../../../core/protocol/errors.ts';

/** A fault that may pass; `error`: what people are told when it does not. */
export class Transient extends Error {
  readonly error: QueryError;
  /** The time to wait for that the other side asks for; null: it asks for none. */
  readonly waitMs: number | null;

  constructor(error: QueryError, waitMs: number | null = null) {
    super(error.message, { cause: error });
    this.error = error;
    this.waitMs = waitMs;
  }
}

/** Attempts in all, and the waits between them. */
export const ATTEMPTS = 5;
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 5000;

/** Returns what `attempt` returns. Throws the error of the last attempt, and what the signal was aborted with. */
export async function persist<Value>(signal: AbortSignal, attempt: () => Promise<Value>): Promise<Value> {
  for (let number = 1; ; number++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof Transient)) throw thrown;
      if (number === ATTEMPTS) throw thrown.error;
      await setTimeout(waitOf(number, thrown.waitMs), undefined, { signal }).catch(() => {});
    }
  }
}

/** Waits double, and differ by a random half, so that those who were refused together do not come again together. */
function waitOf(number: number, asked: number | null): number {
  const usual = FIRST_WAIT_MS * 2 ** (number - 1);
  return Math.min(MAX_WAIT_MS, Math.max(asked ?? 0, usual * (1 + Math.random() / 2)));
}
