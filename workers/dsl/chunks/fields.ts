/**
 * Some rows of the wire as places: where the bytes of each field lie, column by column, so that a decoder goes through
 * one column in one loop. Nothing is copied; the bytes are valid until the reader reads on.
 *
 * The places themselves are valid until any reader reads on: all readers write them into the same memory, since a query on few
 * rows would otherwise make some for thousands.
 */

/** Rows of one vector of the engine's. */
export const CHUNK_ROWS = 2048;

/** Bytes that may be read behind the last field, so that a decoder may read in words. */
export const SLACK_BYTES = 16;

export const NULL_LENGTH = -1;

export class Fields {
  /** The bytes that `starts` point into. */
  view: DataView = new DataView(new ArrayBuffer(SLACK_BYTES));
  bytes: Uint8Array = new Uint8Array(this.view.buffer);
  /** The number of rows that are here. */
  rows = 0;
  /** `starts[column * CHUNK_ROWS + row]`. */
  readonly starts: Int32Array;
  /** The lengths of the fields in the order of `starts`; NULL_LENGTH for null. */
  readonly lengths: Int32Array;

  constructor(columns: number) {
    const places = columns * CHUNK_ROWS;
    if (shared.length < 2 * places) shared = new Int32Array(2 * places);
    this.starts = shared.subarray(0, places);
    this.lengths = shared.subarray(places, 2 * places);
  }
}

/** The memory of all places, as large as the widest rows so far need. */
let shared = new Int32Array(0);
