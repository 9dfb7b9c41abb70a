/**
 * The last seq of each stream in the log: what a client that sends lines again need not send, and what a spill file
 * brings twice. It is never written by itself: each index begins with what it was then, and its records go on from
 * there (writer.ts), so that after a crash it is as exact as the file. Bounded: a stream is forgotten once
 * MAX_STREAMS others were written to after it.
 */

const MAX_STREAMS = 20_000;

export class StreamLedger {
  readonly #seqs = new Map<string, number>();

  /** 0: nothing of it is in the log. */
  lastSeq(stream: string): number {
    return this.#seqs.get(stream) ?? 0;
  }

  /** Adds the streams of a later stretch of the log. */
  add(streams: ReadonlyMap<string, number>): void {
    for (const [stream, seq] of streams) {
      this.#seqs.delete(stream); // and behind all others again
      this.#seqs.set(stream, seq);
    }
    for (const stream of this.#seqs.keys()) {
      if (this.#seqs.size <= MAX_STREAMS) break;
      this.#seqs.delete(stream);
    }
  }

  snapshot(): ReadonlyMap<string, number> {
    return new Map(this.#seqs);
  }
}
