/** VARCHAR out of decimals, every digit of them: for answers that must be exact or an error, whatever the size. */
import type { Vector } from '@duckdb/node-bindings';
import { ChunkColumn } from './column.ts';
import { numericText } from './decimal-text.ts';
import { CHUNK_ROWS, Fields, SLACK_BYTES } from './fields.ts';
import { TextColumn } from './text-column.ts';

const HEAD_BYTES = 8;

export class DecimalTextColumn extends ChunkColumn {
  readonly #texts: TextColumn;
  /** The field that holds the text of the value at hand. */
  readonly #one = Fields.ofOneColumn();

  constructor(name: string) {
    super(name);
    this.#texts = new TextColumn(name, 'text');
    this.#one.rows = 1;
  }

  override get extraBytes(): number {
    return this.#texts.extraBytes;
  }

  read({ view, starts, lengths, rows }: Fields, column: number, row: number): void {
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const start = starts[first + index]!;
      const length = lengths[first + index]!;
      const isWhole = length >= HEAD_BYTES && length === HEAD_BYTES + 2 * view.getInt16(start);
      if (!isWhole) this.readAbsent(row + index, length);
      this.#readText(isWhole ? numericText(view, start, Number.POSITIVE_INFINITY) : '', row + index);
    }
  }

  override release(): void {
    this.#texts.release();
  }

  override clear(): void {
    super.clear();
    this.#texts.clear();
  }

  protected copyValues(vector: Vector, rows: number): void {
    this.#texts.copyTo(vector, rows);
  }

  #readText(text: string, row: number): void {
    const one = this.#one;
    if (one.bytes.length < text.length + SLACK_BYTES) {
      one.bytes = new Uint8Array(2 * text.length + SLACK_BYTES);
      one.view = new DataView(one.bytes.buffer);
    }
    // All of it is ASCII.
    for (let at = 0; at < text.length; at++) one.bytes[at] = text.charCodeAt(at);
    one.lengths[0] = text.length;
    this.#texts.read(one, 0, row);
  }
}
