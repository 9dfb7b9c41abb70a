/** Growing memory for the columns of an Arrow batch. */
import duckdb, { type Vector } from '@duckdb/node-bindings';

const FIRST_BYTES = 16 * 1024;

export class GrowingBytes {
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  used = 0;

  /** Makes room for `more` bytes behind `used`, all zero, and returns the memory. */
  reserve(more: number): Uint8Array {
    if (this.used + more > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.used + more));
      grown.set(this.#bytes.subarray(0, this.used));
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  append(piece: Uint8Array): void {
    this.reserve(piece.length).set(piece, this.used);
    this.used += piece.length;
  }

  /** Hands out what was written; this begins anew in other memory. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.used);
    this.#bytes = new Uint8Array(FIRST_BYTES);
    this.used = 0;
    return taken;
  }
}

/** DuckDB's null bits of the first `rows` values; null when all of them have a value. */
export function validityOf(vector: Vector, rows: number): Uint8Array | null {
  return duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null;
}

export function isValid(validity: Uint8Array | null, row: number): boolean {
  return validity === null || ((validity[row >> 3]! >> (row & 7)) & 1) === 1;
}

/** Bits one after the other, the first in the lowest place, as Arrow keeps nulls and booleans. */
export class BitList {
  readonly #bytes = new GrowingBytes();
  length = 0;
  /** The number of bits that are 0. */
  zeros = 0;

  push(bit: boolean): void {
    const at = this.length & 7;
    if (at === 0) {
      const bytes = this.#bytes.reserve(1);
      bytes[this.#bytes.used++] = 0;
    }
    if (bit) this.#bytes.reserve(0)[this.#bytes.used - 1]! |= 1 << at;
    else this.zeros += 1;
    this.length += 1;
  }

  /** Appends `count` ones. */
  pushOnes(count: number): void {
    let left = count;
    for (; left > 0 && (this.length & 7) !== 0; left--) this.push(true);
    const whole = left >> 3;
    this.#bytes.reserve(whole).fill(0xff, this.#bytes.used, this.#bytes.used + whole);
    this.#bytes.used += whole;
    this.length += whole * 8;
    for (left &= 7; left > 0; left--) this.push(true);
  }

  take(): Uint8Array {
    this.length = 0;
    this.zeros = 0;
    return this.#bytes.take();
  }
}
