/**
 * The rows of an answer as the bytes that arrived. Only the places of rows are remembered, and a row is parsed when it is shown, so a
 * million rows cost their bytes and eight bytes each instead of objects.
 */
import type { ShownColumn } from '../api/explain.ts';
import { RowScanner } from './row-scanner.ts';

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
  readonly stats: { readonly elapsedMs: number; readonly phases: Readonly<Record<string, number>> };
}

export class RowStore {
  readonly #segments: Segment[] = [];
  readonly #decoder = new TextDecoder();
  readonly #scanner = new RowScanner();
  /** The bytes from the beginning of a row whose end has not arrived. */
  #open = new Uint8Array(0);
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
    const seen = this.#scanner.wantsAll ? 0 : this.#open.length;
    const bytes = joined(this.#open, arrived);
    const { starts, ends, openFrom } = this.#scanner.scan(bytes, seen);
    if (this.#columns.length === 0)
      this.#columns = (this.#scanner.head?.columns as readonly ShownColumn[] | undefined) ?? [];
    this.#open = this.#scanner.wantsAll ? bytes : bytes.slice(openFrom);
    if (starts.length === 0) return;
    this.#segments.push({
      bytes,
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

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
