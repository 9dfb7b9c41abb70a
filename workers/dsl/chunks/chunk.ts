/** Rows for one chunk of the engine's: the columns that are wanted, each with as many values. */
import duckdb, { type DataChunk } from '@duckdb/node-bindings';
import type { ChunkColumn } from './column.ts';
import { createColumn, type WireColumn } from './decoders.ts';
import { CHUNK_ROWS, type Fields } from './fields.ts';

/** A chunk takes no more rows once its long values have this many bytes. */
const FULL_BYTES = 512 * 1024;

export class Chunk {
  readonly #columns: readonly ChunkColumn[];
  /** The index of each column among the columns of the wire. */
  readonly #places: readonly number[];
  rows = 0;

  /** `places`: indexes into `columns`, those that the engine asks for in its order. */
  constructor(columns: readonly WireColumn[], places: readonly number[]) {
    this.#places = places;
    this.#columns = places.map((place) => createColumn(columns[place]!));
  }

  get room(): number {
    return CHUNK_ROWS - this.rows;
  }

  get isFull(): boolean {
    if (this.rows === CHUNK_ROWS) return true;
    let bytes = 0;
    for (const column of this.#columns) bytes += column.extraBytes;
    return bytes >= FULL_BYTES;
  }

  /** Adds rows; there must be room for them. Throws QueryError. */
  read(fields: Fields): void {
    if (fields.rows > this.room)
      throw new Error(`${fields.rows} rows for a chunk with room for ${this.room}`);
    const { batch } = fields;
    for (let index = 0; index < this.#columns.length; index++) {
      const place = this.#places[index]!;
      if (batch === null) this.#columns[index]!.read(fields, place, this.rows);
      else this.#columns[index]!.readBatch(batch.columns[place]!, this.rows);
    }
    this.rows += fields.rows;
  }

  /** Fills the engine's chunk from its column `first` on, and gives it the number of rows. */
  copyTo(target: DataChunk, targets: readonly number[]): void {
    duckdb.data_chunk_set_size(target, this.rows);
    for (let index = 0; index < this.#columns.length; index++)
      this.#columns[index]!.copyTo(duckdb.data_chunk_get_vector(target, targets[index]!), this.rows);
  }

  /** Gives back its memory: it is not used after it. */
  release(): void {
    for (const column of this.#columns) column.release();
  }

  clear(): void {
    for (const column of this.#columns) column.clear();
    this.rows = 0;
  }
}
