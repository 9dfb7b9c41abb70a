/** Makes a writer wait while its reader is behind, until there is room, an error or a cancellation. */
import type { Cancellation } from '../../core/process/cancellation.ts';
import type { QueryError } from '../../core/protocol/errors.ts';

export class Gate {
  readonly #cancellation: Cancellation;
  readonly #onCancel = (): void => this.open();
  #isShut = false;
  #error: QueryError | null = null;
  #waiter: (() => void) | null = null;

  constructor(cancellation: Cancellation) {
    this.#cancellation = cancellation;
    cancellation.onCancel(this.#onCancel);
  }

  shut(): void {
    this.#isShut = true;
  }

  open(): void {
    this.#isShut = false;
    this.#waiter?.();
    this.#waiter = null;
  }

  /** Makes everything that waits at the gate, or comes later, fail with `error`. */
  fail(error: QueryError): void {
    this.#error ??= error;
    this.open();
  }

  /** Resolves when the gate is open. Throws the error of `fail`, or the reason of the call's cancellation. */
  async passed(): Promise<void> {
    this.check();
    if (!this.#isShut) return;
    await new Promise<void>((resolve) => {
      this.#waiter = resolve;
    });
    this.check();
  }

  check(): void {
    const error = this.#error ?? this.#cancellation.reason;
    if (error !== null) throw error;
  }

  dispose(): void {
    this.#cancellation.offCancel(this.#onCancel);
  }
}
