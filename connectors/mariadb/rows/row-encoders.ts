/** Writes whole rows of the binary protocol: as rows of an answer, or as rows of the wire to the stage engine. */
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { WIRE_END, WIRE_HEADER } from '../../../core/protocol/wire-rows.ts';
import type { ByteWriter } from '../../kit/encode/byte-writer.ts';
import type { RowEncoder, RowLayout, TextAnswer } from '../../kit/encode/row-encoder.ts';
import { answerCell } from './answer-cells.ts';
import { firstValue, isNullAt, type ValueEnd, valueEnd } from './fields.ts';
import type { RowCell } from './row-cells.ts';
import { wireCell } from './wire-cells.ts';

/** Returns an encoder of rows of an answer; `layout` says what stands around the values. */
export function answerEncoder(
  described: readonly DatabaseColumn[],
  { head, between, before, endOfRow, nullCell }: RowLayout,
  options: TextAnswer,
): RowEncoder {
  const cells = described.map((column) => answerCell(column, options));
  let isFirst = true;
  return {
    writeHead(writer) {
      writer.copy(head, 0, head.length);
    },
    writeRow(writer, bytes, start, end) {
      if (!isFirst) writer.constant(between);
      isFirst = false;
      let at = firstValue(start, cells.length);
      for (let index = 0; index < cells.length; index++) {
        writer.constant(before[index]!);
        if (isNullAt(bytes, start, index)) writer.constant(nullCell);
        else at = cells[index]!(writer, bytes, at);
      }
      if (at !== end) throw notWhole();
      writer.constant(endOfRow);
    },
  };
}

/** Writes the rows of the wire, with those columns only that are expected. */
export class WireRows {
  readonly #writer: ByteWriter;
  readonly #columns: number;
  readonly #ends: readonly ValueEnd[];
  /** The columns that are written, in their order on the wire. */
  readonly #places: readonly number[];
  readonly #cells: readonly RowCell[];
  /** The offset at which the values of the row under way begin. */
  readonly #starts: number[];
  /** All columns are written, as they come. */
  readonly #isWhole: boolean;

  /** `places`: the place of each column of the wire among those of the rows. */
  constructor(writer: ByteWriter, described: readonly DatabaseColumn[], places: readonly number[]) {
    this.#writer = writer;
    this.#columns = described.length;
    this.#ends = described.map(valueEnd);
    this.#places = places;
    this.#cells = places.map((place) => wireCell(described[place]!));
    this.#starts = described.map(() => 0);
    this.#isWhole = places.length === described.length && places.every((place, index) => place === index);
  }

  begin(): void {
    this.#writer.copy(WIRE_HEADER, 0, WIRE_HEADER.length);
  }

  /** Writes the row in bytes[start, end). Throws bad-value. */
  write(bytes: Buffer, start: number, end: number): void {
    this.#count();
    const at = this.#isWhole ? this.#writeAll(bytes, start) : this.#writeSome(bytes, start);
    if (at !== end) throw notWhole();
  }

  /** Tells that no row is missing. */
  end(): void {
    this.#writer.copy(WIRE_END, 0, WIRE_END.length);
  }

  #writeAll(bytes: Buffer, start: number): number {
    const writer = this.#writer;
    const cells = this.#cells;
    let at = firstValue(start, cells.length);
    for (let index = 0; index < cells.length; index++) {
      if (isNullAt(bytes, start, index)) writeNull(writer);
      else at = cells[index]!(writer, bytes, at);
    }
    return at;
  }

  #writeSome(bytes: Buffer, start: number): number {
    const starts = this.#starts;
    let at = firstValue(start, this.#columns);
    for (let index = 0; index < starts.length; index++) {
      starts[index] = at;
      if (!isNullAt(bytes, start, index)) at = this.#ends[index]!(bytes, at);
    }
    for (let index = 0; index < this.#cells.length; index++) {
      const place = this.#places[index]!;
      if (isNullAt(bytes, start, place)) writeNull(this.#writer);
      else this.#cells[index]!(this.#writer, bytes, starts[place]!);
    }
    return at;
  }

  #count(): void {
    const writer = this.#writer;
    writer.reserve(2);
    writer.buffer[writer.position++] = this.#cells.length >> 8;
    writer.buffer[writer.position++] = this.#cells.length;
  }
}

/** The error of a packet that is longer or shorter than the values in it. */
function notWhole(): Error {
  return new Error('a row does not end where its packet does');
}

/** Writes the length of a null: -1. */
function writeNull(writer: ByteWriter): void {
  writer.reserve(4);
  writer.buffer.fill(0xff, writer.position, writer.position + 4);
  writer.position += 4;
}
