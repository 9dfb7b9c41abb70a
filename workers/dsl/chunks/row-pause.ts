/**
 * The sleep of the engine when it has taken all rows that came and more may come. Each time that it asks is two turns of its thread, so it is not to ask
 * for every few rows; but what comes meanwhile has to fit into the chunks that are kept ready (row-source.ts). A database that sends row after row fills them
 * in some ten milliseconds, a source of columns in three: then whoever sends would wait for the engine to wake up.
 */

const LEAST_MS = 1;
/** The longest sleep of the start, from which it grows while little comes. */
const USUAL_MS = 4;
const MOST_MS = 12;
/** A sleep is at most the n-th part of the time that the query takes already. */
const PART = 10;
/** Chunks that came in a sleep, of those that are kept ready. */
const FEW = 2;
const MANY = 4;

export class RowPause {
  #mostMs = USUAL_MS;

  /** `elapsedMs`: the time since the input was opened. */
  milliseconds(elapsedMs: number): number {
    return Math.max(LEAST_MS, Math.min(Math.floor(elapsedMs / PART), this.#mostMs));
  }

  /** Tells what came in a sleep: all that is kept ready (`isFull`), or so many chunks. */
  ended(isFull: boolean, chunks: number): void {
    if (isFull) this.#mostMs = Math.max(LEAST_MS, this.#mostMs / 2);
    else if (chunks >= MANY) this.#mostMs = Math.min(this.#mostMs, Math.max(USUAL_MS, this.#mostMs / 2));
    else if (chunks <= FEW) this.#mostMs = this.#longer();
  }

  #longer(): number {
    return this.#mostMs < USUAL_MS ? this.#mostMs * 2 : Math.min(MOST_MS, this.#mostMs + 1);
  }
}
