/** CSV with another separator than the comma: a field that has the new one in it is put between quotes. */

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** The most bytes that one byte becomes: a field of one byte gets quotes. */
const MOST_GROWTH = 3;

/** Yields the records with `separator`, one byte, between their fields. */
export async function* separatedBy(separator: string, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const writer = new Separated(separator.charCodeAt(0));
  for await (const piece of pieces) yield writer.write(piece);
}

class Separated {
  readonly #separator: number;
  /** The field under way, of which more may come. */
  #field = Buffer.alloc(0);
  #isInQuotes = false;
  #wasQuoted = false;
  #hasSeparator = false;

  constructor(separator: number) {
    this.#separator = separator;
  }

  /** Returns the fields that have ended. */
  write(piece: Buffer): Buffer {
    const out = Buffer.allocUnsafe(this.#field.length + MOST_GROWTH * (piece.length + 1));
    let start = 0;
    let length = this.#field.copy(out);
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]!;
      if (byte === QUOTE) {
        if (length === start) this.#wasQuoted = true;
        this.#isInQuotes = !this.#isInQuotes;
      } else if (!this.#isInQuotes && (byte === COMMA || byte === LINE_FEED)) {
        start = length = this.#end(out, start, length, byte);
        continue;
      } else if (byte === this.#separator) this.#hasSeparator = true;
      out[length++] = byte;
    }
    this.#field = Buffer.from(out.subarray(start, length));
    return out.subarray(0, start);
  }

  /** Ends the field in out[start, length) with what stood behind it. Returns the place of the next one. */
  #end(out: Buffer, start: number, length: number, by: number): number {
    let end = out[length - 1] === CARRIAGE_RETURN && by === LINE_FEED ? length - 1 : length;
    if (this.#hasSeparator && !this.#wasQuoted) {
      out.copyWithin(start + 1, start, end);
      out[start] = QUOTE;
      out[end + 1] = QUOTE;
      end += 2;
    }
    this.#wasQuoted = false;
    this.#hasSeparator = false;
    if (by === COMMA) out[end++] = this.#separator;
    else {
      out[end++] = CARRIAGE_RETURN;
      out[end++] = LINE_FEED;
    }
    return end;
  }
}
