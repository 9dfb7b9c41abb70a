/** Reads strings from a vector of the engine's: 16 bytes a value, with the first 12 bytes of text in place, or a pointer to longer ones. */
import duckdb, { type Vector } from '@duckdb/node-bindings';

const VALUE_BYTES = 16;
const INLINE_BYTES = 12;

export class StringVector {
  readonly #values: Uint8Array;
  readonly #view: DataView;

  constructor(vector: Vector, rows: number) {
    this.#values = duckdb.vector_get_data(vector, rows * VALUE_BYTES);
    this.#view = new DataView(this.#values.buffer, this.#values.byteOffset, this.#values.byteLength);
  }

  /** Returns the bytes of a value that is not null; they are valid as long as the vector is. */
  at(row: number): Uint8Array {
    const at = row * VALUE_BYTES;
    const size = this.#view.getUint32(at, true);
    if (size <= INLINE_BYTES) return this.#values.subarray(at + 4, at + 4 + size);
    const pointerAt = this.#values.byteOffset + at + 8;
    return duckdb.get_data_from_pointer(this.#values.buffer as ArrayBuffer, pointerAt, size);
  }
}
