/**
 * One column of a chunk under construction: values as the engine keeps them, and which of them are null. A decoder reads
 * fields into it, and `copyTo` moves it into a vector of the engine's.
 *
 * The engine checks no bounds: every copy below is of rows x width bytes out of a buffer of CHUNK_ROWS x width, into a
 * vector of as many rows and that width. So a class here and the DuckDB type in decoders.ts belong together.
 */
import duckdb, { type Vector } from '@duckdb/node-bindings';
import type { BatchForm } from '../../../core/protocol/wire-rows.ts';
import { type BatchColumn, isThere } from './batch.ts';
import { giveMemory, takeMemory } from './chunk-memory.ts';
import { corrupt } from './corrupt.ts';
import { CHUNK_ROWS, type Fields, NULL_LENGTH } from './fields.ts';

const ALL_VALID = -1;
const VALIDITY_BYTES = CHUNK_ROWS / 8;

export abstract class ChunkColumn {
  /** The name of the column, for errors. */
  readonly name: string;
  /** A bit for each row, 1 for a value. */
  readonly #validity = new Int32Array(VALIDITY_BYTES / 4).fill(ALL_VALID);
  #hasNulls = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Reads column `column` of all rows in `fields` into the rows from `row` on. Throws QueryError. */
  abstract read(fields: Fields, column: number, row: number): void;

  /** Reads all rows of a batch's column into the rows from `row` on. Throws QueryError. */
  readBatch(column: BatchColumn, row: number): void {
    if (!this.forms.includes(column.form)) throw corrupt(`form ${column.form} in column ${this.name}`);
    if (column.validity !== null)
      for (let index = 0; index < column.rows; index++)
        if (!isThere(column, index)) this.readAbsent(row + index, NULL_LENGTH);
    this.readValues(column, row);
  }

  /** The forms in which a batch may have this column. */
  protected get forms(): readonly BatchForm[] {
    return [];
  }

  /** Reads the values of a batch, of which those that are null may be anything. */
  protected readValues(_column: BatchColumn, _row: number): void {
    throw corrupt(`column ${this.name} in a batch`);
  }

  /** Bytes that this holds beside what its rows always take. */
  get extraBytes(): number {
    return 0;
  }

  /** Fills the first rows of a vector that holds nothing yet. */
  copyTo(vector: Vector, rows: number): void {
    this.copyValues(vector, rows);
    if (!this.#hasNulls) return;
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(
      vector,
      0,
      this.#validity.buffer as ArrayBuffer,
      0,
      Math.ceil(rows / 8),
    );
  }

  /** Gives back the memory of the values; nothing may be read or copied after it. */
  abstract release(): void;

  /** Forgets all rows. */
  clear(): void {
    if (this.#hasNulls) this.#validity.fill(ALL_VALID);
    this.#hasNulls = false;
  }

  protected abstract copyValues(vector: Vector, rows: number): void;

  /** A field whose length is not the one that a value has. */
  protected readAbsent(row: number, length: number): void {
    if (length !== NULL_LENGTH) throw corrupt(`${length} bytes in column ${this.name}`);
    this.#validity[row >> 5]! &= ~(1 << (row & 31));
    this.#hasNulls = true;
  }
}

/** Values of as many bytes each. */
export abstract class FixedColumn extends ChunkColumn {
  protected readonly values: ArrayBuffer;
  readonly #width: number;
  readonly #bytes: Uint8Array;

  constructor(name: string, width: number) {
    super(name);
    this.#width = width;
    this.values = takeMemory(CHUNK_ROWS * width);
    this.#bytes = new Uint8Array(this.values);
  }

  override release(): void {
    giveMemory(this.values);
  }

  /** Copies values that a batch has as the engine keeps them. */
  protected copyBatch({ bytes, values, rows }: BatchColumn, row: number): void {
    const width = this.#width;
    this.#bytes.set(bytes.subarray(values, values + rows * width), row * width);
  }

  protected copyValues(vector: Vector, rows: number): void {
    duckdb.copy_data_to_vector(vector, 0, this.values, 0, rows * this.#width);
  }
}
