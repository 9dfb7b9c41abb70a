/**
 * Some rows of the wire as places: where the bytes of each field lie, column by column, so that a decoder goes through
 * one column in one loop; or the batch in which they came. Nothing is copied; the bytes are valid until the reader reads on.
 *
 * The places of a reader are valid until any reader reads on: all readers write them into the same memory, since a query on few
 * rows would otherwise make some for thousands.
 */
import { BATCH_ROWS } from '../../../core/protocol/wire-rows.ts';
import type { Batch } from './batch.ts';

/** Rows of one vector of the engine's. */
export const CHUNK_ROWS = BATCH_ROWS;

/** Bytes that may be read behind the last field, so that a decoder may read in words. */
export const SLACK_BYTES = 16;

export const NULL_LENGTH = -1;

export class Fields {
  /** The bytes that `starts` point into. */
  view: DataView = new DataView(new ArrayBuffer(SLACK_BYTES));
  bytes: Uint8Array = new Uint8Array(this.view.buffer);
  /** The number of rows that are here. */
  rows = 0;
  /** The rows when they came as columns; null: `starts` and `lengths` have them. */
  batch: Batch | null = null;
  /** `starts[column * CHUNK_ROWS + row]`. */
  readonly starts: Int32Array;
  /** The lengths of the fields in the order of `starts`; NULL_LENGTH for null. */
  readonly lengths: Int32Array;

  /** `places`: memory for twice as many numbers as there are fields. */
  constructor(columns: number, places: Int32Array) {
    const fields = columns * CHUNK_ROWS;
    this.starts = places.subarray(0, fields);
    this.lengths = places.subarray(fields, 2 * fields);
  }

  /** Makes those of a reader, in the memory that all readers share. */
  static ofReader(columns: number): Fields {
    const needed = 2 * columns * CHUNK_ROWS;
    if (shared.length < needed) shared = new Int32Array(needed);
    return new Fields(columns, shared);
  }

  /** Makes those of one column in memory of their own, for a decoder that passes values on while it reads a reader's. */
  static ofOneColumn(): Fields {
    return new Fields(1, new Int32Array(2 * CHUNK_ROWS));
  }
}

/** The memory of all readers' places, as large as the widest rows so far need. */
let shared = new Int32Array(0);
