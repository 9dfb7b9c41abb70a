/**
 * Holds back the end of a streamed answer until it is known that the query succeeded, so that an answer that fails cannot be
 * taken for a complete one.
 *
 *   ndjson          the unfinished row, so that the `@error` line after a failure begins on a new line
 *   arrow, parquet  the last bytes: a reader takes an Arrow stream that stops between two batches for a complete one, and a
 *                   client that ignores how the connection ended must not find Parquet's footer complete
 *   json, csv       nothing: the server writes JSON's end itself, and CSV has no end mark
 */
import type { AnswerFormat } from '../../core/protocol/answer.ts';

/** The bytes held back of binary formats: more than Arrow's end marker (8 bytes), so that the last batch is incomplete without them; in Parquet they contain the footer's length and the magic bytes. */
const BINARY_END_BYTES = 16;
/** The longest unfinished row of NDJSON that is held back; a longer one is sent in parts, so that memory stays bounded. */
const MAX_HELD_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

export class HeldEnd {
  readonly #format: AnswerFormat;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(format: AnswerFormat) {
    this.#format = format;
  }

  /** Returns how many bytes from the beginning of `piece` may be sent, after everything that is held; 0 when nothing may be sent. */
  sendable(piece: Buffer): number {
    switch (this.#format) {
      case 'ndjson':
        return piece.lastIndexOf(LINE_FEED) + 1;
      case 'arrow':
      case 'parquet':
        return Math.max(0, piece.length - BINARY_END_BYTES);
      default:
        return piece.length;
    }
  }

  /** Holds a copy of `piece`. */
  hold(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(Buffer.from(piece));
    this.#bytes += piece.length;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Whether more is held than is allowed; `takeSurplus` then returns what must be sent. */
  get isFull(): boolean {
    return this.#bytes > MAX_HELD_BYTES;
  }

  /** Removes and returns the held bytes that need not be held. */
  takeSurplus(): Buffer {
    const all = this.takeAll();
    if (this.#format === 'ndjson') return all;
    const end = all.length - BINARY_END_BYTES;
    this.hold(all.subarray(end));
    return all.subarray(0, end);
  }

  /** Removes and returns all held bytes. */
  takeAll(): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    return all;
  }
}
