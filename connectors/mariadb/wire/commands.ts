/** Writes the commands that sessions send: each begins a new sequence of packets. */

import type { ParameterKind } from '../../../core/protocol/parameters.ts';
import { FIELD } from '../../../language/dialects/mariadb/types.ts';

const COMMAND = { quit: 0x01, query: 0x03, prepare: 0x16, execute: 0x17, close: 0x19 } as const;
/** The longest payload of one packet. */
const MOST_BYTES = 0xffffff;

export function queryCommand(sql: string): Buffer {
  return packets(Buffer.concat([Buffer.from([COMMAND.query]), Buffer.from(sql)]));
}

export function prepareCommand(sql: string): Buffer {
  return packets(Buffer.concat([Buffer.from([COMMAND.prepare]), Buffer.from(sql)]));
}

/** Makes the command that closes a statement; no answer follows it. */
export function closeCommand(statement: number): Buffer {
  const payload = Buffer.from([COMMAND.close, 0, 0, 0, 0]);
  payload.writeUInt32LE(statement, 1);
  return packets(payload);
}

export function quitCommand(): Buffer {
  return packets(Buffer.from([COMMAND.quit]));
}

/** A value of a parameter, and what it was given as. */
export interface BoundValue {
  readonly text: string | null;
  readonly kind: ParameterKind;
}

/** Runs a prepared statement without a cursor. */
export function executeCommand(statement: number, values: readonly BoundValue[]): Buffer {
  const head = Buffer.from([COMMAND.execute, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
  head.writeUInt32LE(statement, 1);
  if (values.length === 0) return packets(head);
  const nulls = Buffer.alloc(Math.ceil(values.length / 8));
  for (const [index, { text }] of values.entries()) if (text === null) nulls[index >> 3]! |= 1 << (index & 7);
  const written = values.map(writtenValue);
  const types = written.map(({ field }) => Buffer.from([field, 0]));
  return packets(
    Buffer.concat([head, nulls, Buffer.from([1]), ...types, ...written.flatMap(({ bytes }) => bytes)]),
  );
}

function writtenValue({ text, kind }: BoundValue): {
  readonly field: number;
  readonly bytes: readonly Buffer[];
} {
  if (text === null) return { field: FIELD.varString, bytes: [] };
  const bytes = Buffer.alloc(8);
  switch (kind) {
    case 'int64':
      bytes.writeBigInt64LE(BigInt(text));
      return { field: FIELD.longlong, bytes: [bytes] };
    case 'float64':
      bytes.writeDoubleLE(Number(text));
      return { field: FIELD.double, bytes: [bytes] };
    case 'bool':
      return { field: FIELD.tiny, bytes: [Buffer.from([text.startsWith('t') ? 1 : 0])] };
    default:
      return {
        field: kind.startsWith('decimal') ? FIELD.decimal : FIELD.varString,
        bytes: lengthAndText(text),
      };
  }
}

function lengthAndText(value: string): Buffer[] {
  const text = Buffer.from(value);
  if (text.length < 0xfb) return [Buffer.from([text.length]), text];
  const length = Buffer.alloc(9);
  length[0] = 0xfe;
  length.writeBigUInt64LE(BigInt(text.length), 1);
  return [length, text];
}

function packets(payload: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let sequence = 0;
  for (let at = 0; at <= payload.length; at += MOST_BYTES) {
    const piece = payload.subarray(at, at + MOST_BYTES);
    const header = Buffer.alloc(4);
    header.writeUIntLE(piece.length, 0, 3);
    header[3] = sequence++ & 0xff;
    pieces.push(header, piece);
  }
  return Buffer.concat(pieces);
}
