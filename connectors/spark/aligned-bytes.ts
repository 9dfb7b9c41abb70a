/**
 * Memory in which Arrow's values begin where their words do. A message lies anywhere in what came from the network, and Arrow's reader
 * would copy each such batch into memory of its own, which has to be found and given back a hundred times for a million rows.
 */
const FIRST_BYTES = 1024 * 1024;

export class AlignedBytes {
  #bytes = new Uint8Array(0);

  /** Returns a copy of the bytes, which lasts until the next call. */
  copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.#bytes.length)
      this.#bytes = new Uint8Array(Math.max(FIRST_BYTES, 2 * this.#bytes.length, bytes.length));
    this.#bytes.set(bytes);
    return this.#bytes.subarray(0, bytes.length);
  }
}
