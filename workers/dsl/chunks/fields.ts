/**
 * Some rows of the wire as places: where the bytes of each field lie, column by column, so that a decoder goes through
 * one column in one loop. Nothing is copied; the bytes are valid until the reader reads on.
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
    this.starts = new Int32Array(columns * CHUNK_ROWS);
    this.lengths = new Int32Array(columns * CHUNK_ROWS);
  }
}
