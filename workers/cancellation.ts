/**
 * What ends work before it is done, once and with the error that says why. It is what an AbortController is, whose
 * creation and listeners were some 6 % of a SQL worker's own time for a small query.
 */
import type { QueryError } from './errors.ts';

export class Cancellation {
  #reason: QueryError | null = null;
  #callbacks: Set<() => void> | null = null;

  /** null until it is cancelled. */
  get reason(): QueryError | null {
    return this.#reason;
  }

  get isCancelled(): boolean {
    return this.#reason !== null;
  }

  /** The first reason stays. */
  cancel(reason: QueryError): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    // Who leaves meanwhile is not told: a Set leaves out what is deleted while it is gone through.
    for (const callback of this.#callbacks ?? []) callback();
    this.#callbacks = null;
  }

  /** Called at most once, in the order of adding; not for what was cancelled before: look at `reason` first. */
  onCancel(callback: () => void): void {
    if (this.#reason !== null) return;
    this.#callbacks ??= new Set();
    this.#callbacks.add(callback);
  }

  offCancel(callback: () => void): void {
    this.#callbacks?.delete(callback);
  }
}
