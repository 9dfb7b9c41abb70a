/**
 * Rows on their way from a SQL worker to a DSL worker. The layout is that of PostgreSQL's `COPY ... (FORMAT binary)`, whose rows are
 * those of its DataRow messages; a connector of another database writes the same:
 *
 *   header   11 bytes of signature, 4 of flags, 4 of the length of an extension, and the extension
 *   row      int16 number of fields, then of each field int32 length (-1: null) and that many bytes
 *   end      int16 -1
 *
 * All numbers are big-endian. A stream without the end was cut: the end says that no row is missing.
 *
 * A stream that begins with the byte WIRE_FRAME is in frames, which are PostgreSQL's DataRow messages as they came, so that a
 * SQL worker moves no row: that byte, int32 length (of itself and what follows), then a part of the stream that ends where a row
 * does. Header and end are in frames of the SQL worker's own.
 *
 * A source that has columns in memory sends rows together instead, between or in place of the others:
 *
 *   batch    int16 -2, then little-endian int32 number of rows (at most BATCH_ROWS) and int32 length of what follows
 *   column   one byte BatchForm; one byte 1 when some values are null, and then a bit for each row, the lowest of a byte
 *            first, 1 for a value; then the values in their form, null ones too
 *
 * So Arrow's buffers are copied as they are. Moments and dates count from 1970 there.
 */

import type { ColumnType } from './types.ts';

/** The form of a field's bytes. Each type here has one decoder (workers/dsl/chunks/decoders.ts). */
export type WireType =
  /** One byte, 0 or 1. */
  | 'bool'
  | 'int16'
  | 'int32'
  | 'uint32'
  | 'int64'
  /** IEEE 754, 8 bytes. */
  | 'float64'
  /** int32: days since 2000-01-01; the least and the greatest are the infinities. */
  | 'date'
  /** int64: microseconds since midnight, 24:00:00 included. */
  | 'time'
  /** int64: microseconds since 2000-01-01; the least and the greatest are the infinities. */
  | 'timestamp'
  /** int64: microseconds since 2000-01-01 in UTC; the least and the greatest are the infinities. */
  | 'timestamptz'
  /** int64 microseconds, int32 days, int32 months. */
  | 'interval'
  /** 16 bytes in the order in which they are written. */
  | 'uuid'
  /** int16 number of digits, int16 weight, uint16 sign, int16 scale, then digits to the base 10,000. */
  | 'decimal'
  /** UTF-8. */
  | 'text'
  /** A byte 1, then UTF-8. */
  | 'jsonb'
  /** Any bytes. */
  | 'bytes';

/** Returns how connectors that have values send those of this type. Lists are sent as the JSON of their elements' texts. */
export function usualWireType({ kind }: ColumnType): WireType {
  return kind === 'string' || kind === 'json' || kind === 'list' ? 'text' : kind;
}

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

/** The first byte of each frame; a stream without frames begins with another one. */
export const WIRE_FRAME = 0x44;
/** Bytes before what is in a frame. */
export const WIRE_FRAME_HEAD = 5;

/** The beginning of a stream: no flags, no extension. */
export const WIRE_HEADER = Buffer.concat([SIGNATURE, Buffer.alloc(8)]);

/** The numbers that stand where a row has its number of fields. */
export const END_MARK = -1;
export const BATCH_MARK = -2;

/** The most rows of a batch: one vector of the engine's. */
export const BATCH_ROWS = 2048;
/** The most bytes of texts in a batch of several rows. */
export const BATCH_TEXT_BYTES = 512 * 1024;
/** The bytes of a batch before its columns. */
export const BATCH_HEAD_BYTES = 10;

/** The form of a column's values in a batch; numbers are little-endian. */
export const BatchForm = {
  /** A bit for each row, the lowest of a byte first. */
  bits: 1,
  int8: 2,
  int16: 3,
  int32: 4,
  /** An int64 or a float64. */
  eightBytes: 5,
  int128: 6,
  /** An int32 for each row and one more: where its bytes begin, where those of the last one end, beginning with 0; then all bytes. */
  texts: 7,
} as const;

export type BatchForm = (typeof BatchForm)[keyof typeof BatchForm];

/** Bytes of one value; those of bits and texts are counted otherwise. */
export const FORM_BYTES: Readonly<Record<BatchForm, number>> = { 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 6: 16, 7: 4 };

/** The end of a stream. */
export const WIRE_END = Buffer.from([0xff, 0xff]);

/** Returns a part of a stream in a frame. */
export function wireFrame(bytes: Buffer): Buffer {
  const head = Buffer.of(WIRE_FRAME, 0, 0, 0, 0);
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}
