/** Reads what MariaDB sends besides rows: errors, answers to a prepare, descriptions of columns. */
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { FIELD, nativeType } from '../../../language/dialects/mariadb/types.ts';

/** First bytes of payloads. */
export const OK = 0x00;
const EOF = 0xfe;
export const ERROR = 0xff;
const LONGEST_EOF = 9;
const UNSIGNED_FLAG = 0x20;
/** The character set of bytes. */
const BINARY_CHARSET = 63;

export interface ServerError {
  readonly number: number;
  readonly sqlstate: string;
  readonly message: string;
}

/** The payload of an error, bytes[start, end). */
export function readServerError(bytes: Buffer, start: number, end: number): ServerError {
  const number = bytes.readUInt16LE(start + 1);
  const hasState = bytes[start + 3] === '#'.charCodeAt(0);
  return {
    number,
    sqlstate: hasState ? bytes.toString('latin1', start + 4, start + 9) : 'HY000',
    message: bytes.toString('utf8', start + (hasState ? 9 : 3), end),
  };
}

export function isEof(bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === EOF && end - start < LONGEST_EOF;
}

export interface Prepared {
  readonly statement: number;
  readonly columns: number;
  readonly parameters: number;
}

export function readPrepared(bytes: Buffer, start: number): Prepared {
  return {
    statement: bytes.readUInt32LE(start + 1),
    columns: bytes.readUInt16LE(start + 5),
    parameters: bytes.readUInt16LE(start + 7),
  };
}

/** Reads an integer of 1, 3, 4 or 9 bytes. */
export function readLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first < 0xfb) return first;
  if (first === 0xfc) return bytes.readUInt16LE(at + 1);
  if (first === 0xfd) return bytes.readUIntLE(at + 1, 3);
  return bytes.readUInt32LE(at + 1) + bytes.readUInt32LE(at + 5) * 2 ** 32;
}

/** Returns how many bytes such an integer takes. */
export function lengthBytes(first: number): number {
  if (first < 0xfb) return 1;
  return first === 0xfc ? 3 : first === 0xfd ? 4 : 9;
}

/** Walks through strings that have their lengths before them. */
class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** The next string's end; `at` is its beginning. */
  enter(): number {
    const length = readLength(this.#bytes, this.at);
    this.at += lengthBytes(this.#bytes[this.at]!);
    return this.at + length;
  }

  skip(): void {
    this.at = this.enter();
  }

  text(): string {
    const end = this.enter();
    const text = this.#bytes.toString('utf8', this.at, end);
    this.at = end;
    return text;
  }
}

/** `extended`: the server says more of types than its protocol has numbers for. */
export function readColumn(bytes: Buffer, start: number, extended: boolean): DatabaseColumn {
  const reader = new Reader(bytes, start);
  for (let skipped = 0; skipped < 4; skipped++) reader.skip(); // catalog, schema, table, original table
  const name = reader.text();
  reader.skip(); // original name
  const format = extended ? readFormat(bytes, reader) : null;
  const at = reader.at + 1; // the length of what follows
  const flags = bytes.readUInt16LE(at + 7);
  const field = bytes[at + 6]!;
  const length = bytes.readUInt32LE(at + 2);
  const scale = bytes[at + 9]!;
  const unsigned = (flags & UNSIGNED_FLAG) !== 0;
  return {
    name,
    type: nativeType({
      field,
      unsigned,
      binary: bytes.readUInt16LE(at) === BINARY_CHARSET,
      ...sizeOf(field, length, scale, unsigned),
      format,
    }),
  };
}

/** Pairs of a byte (0: the type's name, 1: the format) and a string. */
function readFormat(bytes: Buffer, reader: Reader): string | null {
  const end = reader.enter();
  let format: string | null = null;
  while (reader.at < end) {
    const key = bytes[reader.at++];
    const value = reader.text();
    if (key === 0 || key === 1) format = value;
  }
  reader.at = end;
  return format;
}

/** A decimal's length counts its sign and its point. */
function sizeOf(
  field: number,
  length: number,
  scale: number,
  unsigned: boolean,
): { readonly size: number; readonly scale: number } {
  if (field === FIELD.bit) return { size: length, scale: 0 };
  if (field !== FIELD.decimal) return { size: 0, scale: 0 };
  return { size: length - (scale > 0 ? 1 : 0) - (unsigned ? 0 : 1), scale };
}
