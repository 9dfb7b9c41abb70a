/**
 * Rows on their way from a SQL worker to a DSL worker. The layout is that of PostgreSQL's `COPY ... (FORMAT binary)`; a connector
 * of another database writes the same:
 *
 *   header   11 bytes of signature, 4 of flags, 4 of the length of an extension, and the extension
 *   row      int16 number of fields, then of each field int32 length (-1: null) and that many bytes
 *   end      int16 -1
 *
 * All numbers are big-endian. A stream without the end was cut: the end says that no row is missing.
 *
 * A stream that begins with the byte WIRE_FRAME is in frames, which are PostgreSQL's CopyData messages as they came, so that a
 * SQL worker moves no row: that byte, int32 length (of itself and what follows), then a part of the stream that ends where a row
 * does. PostgreSQL puts header and first row into one frame, each other row and the end into one of its own.
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
export const WIRE_FRAME = 0x64;
/** Bytes before what is in a frame. */
export const WIRE_FRAME_HEAD = 5;

/** The beginning of a stream: no flags, no extension. */
export const WIRE_HEADER = Buffer.concat([SIGNATURE, Buffer.alloc(8)]);

/** The end of a stream. */
export const WIRE_END = Buffer.from([0xff, 0xff]);
