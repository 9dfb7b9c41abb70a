/**
 * Ends work before it is done, once and with the error that says why. It stands for an AbortController, whose
 * creation and listeners were some 6 % of a SQL worker's own time for a small query.
 */
import type { QueryError } from '../protocol/errors.ts';
import { removeItem } from './remove-item.ts';

export class Cancellation {
  #reason: QueryError | null = null;
  /** A few at once, mostly added and taken away in turns: an array takes less than a Set. */
  readonly #callbacks: (() => void)[] = [];

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
    // One by one, since who leaves meanwhile is not told.
    for (;;) {
      const callback = this.#callbacks.shift();
      if (callback === undefined) return;
      callback();
    }
  }

  /** Called at most once, in the order of adding; not for what was cancelled before: look at `reason` first. */
  onCancel(callback: () => void): void {
    if (this.#reason === null) this.#callbacks.push(callback);
  }

  offCancel(callback: () => void): void {
    removeItem(this.#callbacks, callback);
  }
}
