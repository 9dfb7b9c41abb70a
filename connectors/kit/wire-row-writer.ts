/**
 * Rows of values as the bytes that the stage engine's side reads (core/protocol/wire-rows.ts): a header, rows, and the mark that
 * tells all rows from some of them.
 */

import type { Column } from '../../core/protocol/types.ts';
import { WIRE_END, WIRE_HEADER } from '../../core/protocol/wire-rows.ts';
import type { ByteWriter } from './encode/byte-writer.ts';
import type { Row } from './row-writer.ts';
import { type WireCell, wireCell } from './wire-cells.ts';

const NULL_LENGTH = -1;

export class WireRowWriter {
  readonly #cells: readonly WireCell[];
  readonly #writer: ByteWriter;

  constructor(columns: readonly Column[], writer: ByteWriter) {
    this.#cells = columns.map(wireCell);
    this.#writer = writer;
  }

  /** Writes what comes before the first row. */
  begin(): void {
    this.#writer.copy(WIRE_HEADER, 0, WIRE_HEADER.length);
  }

  /** Throws bad-value for a text that is no value of its column's type. */
  write(row: Row): void {
    const writer = this.#writer;
    const cells = this.#cells;
    writer.reserve(2);
    writer.buffer.writeInt16BE(cells.length, writer.position);
    writer.position += 2;
    for (let index = 0; index < cells.length; index++) {
      const value = row[index]!;
      if (value !== null) {
        cells[index]!(writer, value);
        continue;
      }
      writer.reserve(4);
      writer.buffer.writeInt32BE(NULL_LENGTH, writer.position);
      writer.position += 4;
    }
  }

  /** All rows were written. */
  end(): void {
    this.#writer.copy(WIRE_END, 0, WIRE_END.length);
  }
}
