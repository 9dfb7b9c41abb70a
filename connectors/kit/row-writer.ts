/**
 * Writes rows of JavaScript values in the row format that encoders read: u16 count, then i32 length (-1 for null) and text of
 * each value. All rows are written into the same buffer, one after the other; it grows to the longest row.
 */
import type { Column } from '../../core/protocol/types.ts';
import { type RowValue, valueText } from './value-text.ts';

const FIRST_BYTES = 4096;
/** The most bytes in UTF-8 for one UTF-16 unit. */
const MOST_BYTES = 3;

export type Row = readonly RowValue[];

export class RowWriter {
  readonly #texts: readonly ((value: RowValue) => string)[];
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #end = 0;

  constructor(columns: readonly Column[]) {
    this.#texts = columns.map(({ type }) => valueText(type));
  }

  /** The buffer with the row, valid until the next row is written. */
  get bytes(): Buffer {
    return this.#buffer;
  }

  /** Writes the row at the buffer's beginning and returns where it ends. */
  write(row: Row): number {
    this.#end = 2;
    this.#buffer.writeUInt16BE(this.#texts.length, 0);
    for (let index = 0; index < this.#texts.length; index++) {
      const value = row[index]!;
      if (value === null) this.#null();
      else this.#text(this.#texts[index]!(value));
    }
    return this.#end;
  }

  #null(): void {
    this.#reserve(4);
    this.#buffer.writeInt32BE(-1, this.#end);
    this.#end += 4;
  }

  #text(text: string): void {
    this.#reserve(4 + text.length * MOST_BYTES);
    const length = this.#buffer.write(text, this.#end + 4, 'utf8');
    this.#buffer.writeInt32BE(length, this.#end);
    this.#end += 4 + length;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, this.#end + bytes));
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }
}
