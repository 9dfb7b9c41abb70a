/**
 * Reads the payloads of the few backend messages whose content matters: everything here is small and rare
 * compared with DataRow and CopyData, whose bytes the encoders read in place.
 */
import type { DatabaseColumn, NativeType } from '../../../core/protocol/types.ts';
import { nativeType } from '../../../language/dialects/postgres/types.ts';

/** The fields of an ErrorResponse or NoticeResponse that we use. */
export interface ServerError {
  readonly severity: string;
  readonly sqlstate: string;
  readonly message: string;
  readonly hint: string | null;
  readonly detail: string | null;
  /** The position in the statement that was sent, 1-based, in code points. */
  readonly position: number | null;
  /** The call stack as PostgreSQL describes it. */
  readonly where: string | null;
}

/** The longest kept part of one field: the database quotes values of any length in its errors. */
const MAX_FIELD_BYTES = 64 * 1024;

/** Reads an error or notice; its last field may be cut. */
export function readServerError(bytes: Buffer, start: number, end: number): ServerError {
  const fields = new Map<string, string>();
  let offset = start;
  while (offset < end && bytes[offset] !== 0) {
    const key = String.fromCharCode(bytes[offset]!);
    const found = bytes.indexOf(0, offset + 1);
    const stop = found === -1 || found > end ? end : found;
    fields.set(key, bytes.toString('utf8', offset + 1, Math.min(stop, offset + 1 + MAX_FIELD_BYTES)));
    offset = stop + 1;
  }
  const position = fields.get('P');
  return {
    severity: fields.get('V') ?? fields.get('S') ?? 'ERROR',
    sqlstate: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? 'the database gave no message',
    hint: fields.get('H') ?? null,
    detail: fields.get('D') ?? null,
    position: position === undefined ? null : Number(position),
    where: fields.get('W') ?? null,
  };
}

/** The bytes after a column's name: table oid (4), attribute (2), type oid (4), type size (2), typmod (4), format (2). */
const COLUMN_FIXED_BYTES = 18;

export function readRowDescription(bytes: Buffer, start: number): DatabaseColumn[] {
  const columns: DatabaseColumn[] = [];
  let offset = start + 2;
  for (let left = bytes.readUInt16BE(start); left > 0; left--) {
    const stop = bytes.indexOf(0, offset);
    columns.push({
      name: bytes.toString('utf8', offset, stop),
      type: nativeType(bytes.readUInt32BE(stop + 7), bytes.readInt32BE(stop + 13)),
    });
    offset = stop + 1 + COLUMN_FIXED_BYTES;
  }
  return columns;
}

export function readParameterDescription(bytes: Buffer, start: number): NativeType[] {
  const types: NativeType[] = [];
  const count = bytes.readUInt16BE(start);
  for (let index = 0; index < count; index++)
    types.push(nativeType(bytes.readUInt32BE(start + 2 + 4 * index)));
  return types;
}
