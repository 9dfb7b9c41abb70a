/**
 * Keeps a login that fails from storming its database: after a failed attempt, others fail at once with the same error until
 * the pause is over, which doubles with each failure up to its maximum; then one attempt may find out whether it works again.
 */
import type { QueryError } from '../../core/protocol/errors.ts';

const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;

export class OpenBrake {
  readonly #now: () => number;
  #failure: QueryError | null = null;
  #pauseMs = 0;
  #until = 0;
  #isTrying = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Allows an attempt, whose outcome must be told. Throws the last failure while another attempt would come too soon. */
  begin(): void {
    if (this.#failure === null) return;
    if (this.#isTrying || this.#now() < this.#until) throw this.#failure;
    this.#isTrying = true;
  }

  /** Tells of a failed attempt. Returns the pause that follows. */
  failed(failure: QueryError): number {
    this.#isTrying = false;
    this.#failure = failure;
    this.#pauseMs = Math.min(Math.max(MIN_PAUSE_MS, 2 * this.#pauseMs), MAX_PAUSE_MS);
    this.#until = this.#now() + this.#pauseMs;
    return this.#pauseMs;
  }

  /** Tells of a successful attempt. Returns whether the ones before had failed. */
  succeeded(): boolean {
    const isRecovery = this.#failure !== null;
    this.#isTrying = false;
    this.#failure = null;
    this.#pauseMs = 0;
    return isRecovery;
  }
}
