/**
 * The rows of an answer as the bytes that arrived: one JSON array a line. Only the beginnings of lines are remembered, and a
 * line is parsed when it is shown, so a million rows cost their bytes and four bytes each instead of objects.
 */
const NEWLINE = 0x0a;
const QUOTE_BRACE = '{"@';

/** A piece of the answer that ends with a newline. */
interface Segment {
  readonly bytes: Uint8Array;
  /** Offset of the beginning of each row. */
  readonly starts: Uint32Array;
  /** Index of its first row in the whole answer. */
  readonly firstRow: number;
}

/** The last line of an answer: `{"@end": ...}` or `{"@error": ...}`. */
export type LastLine = Readonly<Record<string, unknown>>;

export class RowStore {
  readonly #segments: Segment[] = [];
  readonly #decoder = new TextDecoder();
  /** The bytes of a line whose end has not arrived, in pieces. */
  #rest: Uint8Array[] = [];
  #rows = 0;
  #bytes = 0;
  #last: LastLine | null = null;

  get rowCount(): number {
    return this.#rows;
  }

  get byteCount(): number {
    return this.#bytes;
  }

  /** The last word of the server; null while it has not. */
  get lastLine(): LastLine | null {
    return this.#last;
  }

  /** Takes the next bytes of the answer, cut anywhere. */
  append(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#rest.push(bytes);
      return;
    }
    this.#addLines(joined([...this.#rest, bytes.subarray(0, end)]));
    this.#rest = end < bytes.length ? [bytes.slice(end)] : [];
  }

  /** Returns a row's values. Throws RangeError for a row that is not there. */
  row(index: number): readonly unknown[] {
    return JSON.parse(this.text(index)) as unknown[];
  }

  /** Returns a row as it arrived, which is JSON. Throws RangeError for a row that is not there. */
  text(index: number): string {
    if (index < 0 || index >= this.#rows) throw new RangeError(`there is no row ${index}`);
    const { bytes, starts, firstRow } = this.#segmentOf(index);
    const at = index - firstRow;
    const end = at + 1 < starts.length ? starts[at + 1]! : bytes.length;
    return this.#decoder.decode(bytes.subarray(starts[at]!, end - 1));
  }

  #addLines(bytes: Uint8Array): void {
    const starts = lineStarts(bytes);
    const lastStart = starts.at(-1) ?? 0;
    const lastText = this.#decoder.decode(bytes.subarray(lastStart, lastStart + QUOTE_BRACE.length));
    const isLast = lastText === QUOTE_BRACE;
    if (isLast) this.#last = JSON.parse(this.#decoder.decode(bytes.subarray(lastStart))) as LastLine;
    const rows = isLast ? starts.length - 1 : starts.length;
    if (rows === 0) return;
    const end = isLast ? lastStart : bytes.length;
    this.#segments.push({
      bytes: bytes.subarray(0, end),
      starts: starts.subarray(0, rows),
      firstRow: this.#rows,
    });
    this.#rows += rows;
  }

  #segmentOf(row: number): Segment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#segments[middle]!.firstRow <= row) low = middle;
      else high = middle - 1;
    }
    return this.#segments[low]!;
  }
}

/** Returns where each line begins. The bytes end with a newline. */
function lineStarts(bytes: Uint8Array): Uint32Array {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  const starts = new Uint32Array(count);
  let from = 0;
  for (let line = 0; line < count; line++) {
    starts[line] = from;
    from = bytes.indexOf(NEWLINE, from) + 1;
  }
  return starts;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  const whole = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
