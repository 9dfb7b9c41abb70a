/**
 * Cell encoders for JSON: each turns the text of one value, src[start, end) as PostgreSQL sends it, into JSON. They
 * work on bytes, in pieces, so that a value of any size needs only limited room in the writer.
 */
import type { ByteWriter } from './byte-writer.ts';

/** Writes one value; never called for null. */
export type CellEncoder = (writer: ByteWriter, src: Buffer, start: number, end: number) => void;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const SPACE = 0x20;
const PLUS = 0x2b;
const ZERO = 0x30;
const LOWER_E = 0x65;
const LEAST_EXPONENT = 15;
const UPPER_T = 0x54;
const UPPER_Z = 0x5a;
/** Hexadecimal digits in upper case, as DSL workers write them: an answer is the same whichever worker encodes it. */
const HEX = Buffer.from('0123456789ABCDEF');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
/** The source bytes of a piece; each may become six. */
const PIECE_BYTES = 2048;
const LONGEST_ESCAPE = 6;

/** The escape of each byte: 0 means not at all, `u` means \u00xx, and other letters stand after the backslash. UTF-8 beyond ASCII needs no escape. */
const ESCAPES = new Uint8Array(256);
ESCAPES.fill(LOWER_U, 0, 0x20);
for (const [byte, letter] of Object.entries({ 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r', 34: '"', 92: '\\' }))
  ESCAPES[Number(byte)] = letter.charCodeAt(0);

export const jsonString: CellEncoder = (writer, src, start, end) => {
  if (end - start > PIECE_BYTES) return longString(writer, src, start, end);
  writer.reserve((end - start) * LONGEST_ESCAPE + 2);
  writer.buffer[writer.position++] = QUOTE;
  escapePiece(writer, src, start, end);
  writer.buffer[writer.position++] = QUOTE;
};

const longString: CellEncoder = (writer, src, start, end) => {
  writer.reserve(1);
  writer.buffer[writer.position++] = QUOTE;
  for (let from = start; from < end; from += PIECE_BYTES)
    escapePiece(writer, src, from, Math.min(end, from + PIECE_BYTES));
  writer.reserve(1);
  writer.buffer[writer.position++] = QUOTE;
};

function escapePiece(writer: ByteWriter, src: Buffer, start: number, end: number): void {
  writer.reserve((end - start) * LONGEST_ESCAPE);
  const out = writer.buffer;
  let position = writer.position;
  for (let index = start; index < end; index++) {
    const byte = src[index]!;
    const letter = ESCAPES[byte]!;
    if (letter === 0) {
      out[position++] = byte;
      continue;
    }
    out[position++] = BACKSLASH;
    out[position++] = letter;
    if (letter !== LOWER_U) continue;
    out[position++] = 0x30;
    out[position++] = 0x30;
    out[position++] = HEX[byte >> 4]!;
    out[position++] = HEX[byte & 15]!;
  }
  writer.position = position;
}

/** Writes a text that never contains a character to escape: numbers as strings, dates, UUIDs. */
export const quotedRaw: CellEncoder = (writer, src, start, end) => {
  writer.reserve(end - start + 2);
  writer.buffer[writer.position++] = QUOTE;
  writer.copy(src, start, end);
  writer.buffer[writer.position++] = QUOTE;
};

export const rawText: CellEncoder = (writer, src, start, end) => writer.copy(src, start, end);

/** Writes digits as they are, but NaN and the infinities, for which JSON has no numbers, as strings. */
export const jsonNumber: CellEncoder = (writer, src, start, end) => {
  const last = src[end - 1]!;
  if (last >= 0x30 && last <= 0x39) writer.copy(src, start, end);
  else quotedRaw(writer, src, start, end);
};

/**
 * Writes a float as the stage engine does: with an exponent from 1e15 on. PostgreSQL writes `real` with one from 1e6 on
 * (`1e+06`), which is expanded here.
 */
export const plainFloat: CellEncoder = (writer, src, start, end) => {
  const hasExponent = end - start > 4 && src[end - 4] === LOWER_E && src[end - 3] === PLUS;
  const exponent = hasExponent ? 10 * (src[end - 2]! - ZERO) + src[end - 1]! - ZERO : LEAST_EXPONENT;
  if (exponent >= LEAST_EXPONENT) return writer.copy(src, start, end);
  const text = Buffer.from(String(Number(src.toString('latin1', start, end))));
  writer.copy(text, 0, text.length);
};

export const jsonFloat: CellEncoder = (writer, src, start, end) => {
  const last = src[end - 1]!;
  const isNumber = last >= ZERO && last <= ZERO + 9;
  (isNumber ? plainFloat : quotedRaw)(writer, src, start, end);
};

export const boolean: CellEncoder = (writer, src, start) => {
  if (src[start] === 0x74) writer.copy(TRUE, 0, TRUE.length);
  else writer.copy(FALSE, 0, FALSE.length);
};

/** Writes JSON as it is, with a space for each line break, so that a row stays on its line. In valid JSON a line break is always white space between tokens. */
export const rawJson: CellEncoder = (writer, src, start, end) => {
  for (let from = start; from < end; from += PIECE_BYTES) {
    const to = Math.min(end, from + PIECE_BYTES);
    writer.reserve(to - from);
    const out = writer.buffer;
    let position = writer.position;
    for (let index = from; index < to; index++) {
      const byte = src[index]!;
      out[position++] = Math.max(byte, SPACE);
    }
    writer.position = position;
  }
};

/** Writes `2001-01-01 10:00:00` as ISO 8601; `infinity` and years BC stay as they are. */
export const isoTimestamp: CellEncoder = (writer, src, start, end) => {
  const from = writeIso(writer, src, start, end);
  writer.copy(src, from, end);
};

/** Writes an instant as isoTimestamp does, with `Z` for the offset `+00`, since the session's zone is UTC. */
export const isoInstant: CellEncoder = (writer, src, start, end) => {
  const isUtc = src[end - 3] === 0x2b && src[end - 2] === 0x30 && src[end - 1] === 0x30;
  if (!isUtc) return writer.copy(src, start, end);
  const from = writeIso(writer, src, start, end);
  writer.copy(src, from, end - 3);
  writer.reserve(1);
  writer.buffer[writer.position++] = UPPER_Z;
};

/** Writes the date and `T`, and returns where the time begins; writes nothing when the text is not a usual timestamp. */
function writeIso(writer: ByteWriter, src: Buffer, start: number, end: number): number {
  let space = start + 10; // the place of the point in every year of four digits
  if (src[space] !== SPACE) space = src.subarray(start, end).indexOf(SPACE) + start;
  const isPlain = space > start && space < end && src[end - 1] !== 0x43; // ends in the C of BC
  if (!isPlain) return start;
  writer.copy(src, start, space);
  writer.reserve(1);
  writer.buffer[writer.position++] = UPPER_T;
  return space + 1;
}

/** Writes `\x48656c` (bytea_output = hex) as base64. */
export const base64: CellEncoder = (writer, src, start, end) => {
  const BYTES_A_PIECE = 3 * 4096;
  for (let from = start + 2; from < end; from += 2 * BYTES_A_PIECE) {
    const hex = src.toString('latin1', from, Math.min(end, from + 2 * BYTES_A_PIECE));
    const text = Buffer.from(hex, 'hex').toString('base64');
    writer.reserve(text.length);
    writer.position += writer.buffer.write(text, writer.position, 'latin1');
  }
};

/** Returns an encoder that puts quotes around a text that needs no escaping. */
export function quoted(encode: CellEncoder): CellEncoder {
  return (writer, src, start, end) => {
    writer.reserve(1);
    writer.buffer[writer.position++] = QUOTE;
    encode(writer, src, start, end);
    writer.reserve(1);
    writer.buffer[writer.position++] = QUOTE;
  };
}
