/**
 * The end of a streamed answer, held back until it is known that all went well: an answer that fails must not end where a
 * whole one might.
 *
 *   ndjson          the row under way, so that what follows a failure (the `@error` line) begins a line of its own
 *   arrow, parquet  the last bytes: a reader takes an Arrow stream that stops between two batches for a whole one, and
 *                   whoever ignores the connection's end must not find Parquet's footer whole
 *   json, csv       nothing: JSON's end is written by the server, and CSV has none that could be held back
 */
import type { AnswerFormat } from '../../core/protocol/answer.ts';

/** More than Arrow's end marker (8 bytes), so that the last batch is not whole without them; of Parquet, footer length and magic. */
const BINARY_END_BYTES = 16;
/** A row of NDJSON that is longer is sent before it is whole, so that memory stays bounded. */
const MAX_HELD_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

export class HeldEnd {
  readonly #format: AnswerFormat;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(format: AnswerFormat) {
    this.#format = format;
  }

  /** How many bytes of `piece`, from its beginning, may be sent behind all that is held; 0: none of it, nor what is held. */
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

  /** Keeps a copy. */
  hold(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(Buffer.from(piece));
    this.#bytes += piece.length;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Whether more is held than there is room for: `takeSurplus` says what must be sent. */
  get isFull(): boolean {
    return this.#bytes > MAX_HELD_BYTES;
  }

  /** What is held and need not be. */
  takeSurplus(): Buffer {
    const all = this.takeAll();
    if (this.#format === 'ndjson') return all;
    const end = all.length - BINARY_END_BYTES;
    this.hold(all.subarray(end));
    return all.subarray(0, end);
  }

  /** All that is held; nothing is afterwards. */
  takeAll(): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    return all;
  }
}
