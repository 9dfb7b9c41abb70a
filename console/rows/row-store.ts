/**
 * The rows of an answer as the bytes that arrived. Only the places of rows are remembered, and a row is parsed when it is shown, so a
 * million rows cost their bytes and eight bytes each instead of objects.
 */

import { RowScanner } from './row-scanner.ts';
import type { ShownColumn } from './shown-column.ts';

/** Bytes that belong together, with the rows that lie in them whole. */
interface Segment {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Index of its first row in the whole answer. */
  readonly firstRow: number;
}

/** The members of an answer beside its rows. */
export interface AnswerRest {
  readonly columns: readonly ShownColumn[];
  readonly rowCount: number;
  readonly complete: boolean;
  readonly stats: {
    readonly elapsedMs: number;
    /** The result of a job has none. */
    readonly phases?: Readonly<Record<string, number>>;
    readonly warnings?: readonly string[];
    readonly cache?: { readonly status: string; readonly ageMs?: number };
  };
}

const FIRST_ROOM = 1024;

export class RowStore {
  readonly #segments: Segment[] = [];
  readonly #decoder = new TextDecoder();
  readonly #scanner = new RowScanner();
  /** The bytes from the beginning of a row whose end has not arrived, and room for more of them: it doubles, so a long row is copied rarely. */
  #open = new Uint8Array(FIRST_ROOM);
  #openLength = 0;
  #columns: readonly ShownColumn[] = [];
  #rows = 0;
  #bytes = 0;

  get rowCount(): number {
    return this.#rows;
  }

  get byteCount(): number {
    return this.#bytes;
  }

  /** The columns; empty before they have arrived. */
  get columns(): readonly ShownColumn[] {
    return this.#columns;
  }

  /** The answer without its rows; null while the answer is not whole. */
  get rest(): AnswerRest | null {
    return this.#scanner.rest as AnswerRest | null;
  }

  /** Takes the next bytes of the answer, cut anywhere. */
  append(arrived: Uint8Array): void {
    this.#bytes += arrived.length;
    const seen = this.#openLength;
    const bytes = this.#joined(arrived);
    const { starts, ends, openFrom } = this.#scanner.scan(bytes, seen);
    if (this.#columns.length === 0)
      this.#columns = (this.#scanner.head?.columns as readonly ShownColumn[] | undefined) ?? [];
    this.#openLength = bytes.length - openFrom;
    if (openFrom > 0 || seen === 0) {
      // The whole rows keep the bytes before, so what is open moves to bytes of its own.
      this.#open = new Uint8Array(Math.max(FIRST_ROOM, this.#openLength));
      this.#open.set(bytes.subarray(openFrom));
    }
    if (starts.length === 0) return;
    this.#segments.push({
      bytes: bytes.subarray(0, ends.at(-1)!),
      starts: Uint32Array.from(starts),
      ends: Uint32Array.from(ends),
      firstRow: this.#rows,
    });
    this.#rows += starts.length;
  }

  /** Returns a row's values. Throws RangeError for a row that is not there. */
  row(index: number): readonly unknown[] {
    return JSON.parse(this.text(index)) as unknown[];
  }

  /** Returns a row as it arrived, which is JSON. Throws RangeError for a row that is not there. */
  text(index: number): string {
    if (index < 0 || index >= this.#rows) throw new RangeError(`there is no row ${index}`);
    const { bytes, starts, ends, firstRow } = this.#segmentOf(index);
    const at = index - firstRow;
    return this.#decoder.decode(bytes.subarray(starts[at]!, ends[at]!));
  }

  /** Returns the open bytes with those that follow them. */
  #joined(arrived: Uint8Array): Uint8Array {
    if (this.#openLength === 0) return arrived;
    const length = this.#openLength + arrived.length;
    if (length > this.#open.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#open.length));
      larger.set(this.#open.subarray(0, this.#openLength));
      this.#open = larger;
    }
    this.#open.set(arrived, this.#openLength);
    return this.#open.subarray(0, length);
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
