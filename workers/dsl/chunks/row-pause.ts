/**
 * The sleep of the engine when it has taken all rows that came and more may come. Each time that it asks is two turns of its thread, so it is not to ask
 * for every few rows; but what comes meanwhile has to fit into the chunks that are kept ready (row-source.ts). A database that sends row after row fills them
 * in some ten milliseconds, a source of columns in three: then whoever sends would wait for the engine to wake up.
 */

const LEAST_MS = 1;
const MOST_MS = 4;
/** A sleep is at most the n-th part of the time that the query takes already. */
const PART = 10;

export class RowPause {
  #mostMs = MOST_MS;

  /** `elapsedMs`: the time since the input was opened. */
  milliseconds(elapsedMs: number): number {
    return Math.max(LEAST_MS, Math.min(Math.floor(elapsedMs / PART), this.#mostMs));
  }

  /** Tells what came in a sleep: all that is kept ready (`isFull`), or so many chunks. */
  ended(isFull: boolean, chunks: number): void {
    if (isFull) this.#mostMs = Math.max(LEAST_MS, this.#mostMs / 2);
    else if (chunks <= 1) this.#mostMs = Math.min(MOST_MS, this.#mostMs * 2);
  }
}
