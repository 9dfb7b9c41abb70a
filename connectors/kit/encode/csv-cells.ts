/**
 * Cell encoders for CSV (RFC 4180): the same values as in JSON, but quoted by CSV's rules, and only where the text needs it.
 * An empty text is `""`, because an empty field means null.
 */
import { type ByteWriter, collectBytes } from './byte-writer.ts';
import type { CellEncoder } from './json-cells.ts';

const QUOTE = 0x22;
const PIECE_BYTES = 4096;

/** 1 for each byte because of which a field must be put between quotes. */
const NEEDS_QUOTES = new Uint8Array(256);
for (const char of '",\r\n') NEEDS_QUOTES[char.charCodeAt(0)] = 1;

export const csvText: CellEncoder = (writer, src, start, end) => {
  let index = start;
  while (index < end && NEEDS_QUOTES[src[index]!] === 0) index++;
  if (index === end && end > start) return writer.copy(src, start, end);
  writer.reserve(1);
  writer.buffer[writer.position++] = QUOTE;
  for (let from = start; from < end; from += PIECE_BYTES)
    doubleQuotes(writer, src, from, Math.min(end, from + PIECE_BYTES));
  writer.reserve(1);
  writer.buffer[writer.position++] = QUOTE;
};

function doubleQuotes(writer: ByteWriter, src: Buffer, start: number, end: number): void {
  writer.reserve(2 * (end - start));
  const out = writer.buffer;
  let position = writer.position;
  for (let index = start; index < end; index++) {
    const byte = src[index]!;
    if (byte === QUOTE) out[position++] = QUOTE;
    out[position++] = byte;
  }
  writer.position = position;
}

/** Returns an encoder that puts the JSON of `encode` into a CSV field. */
export function csvOfJson(encode: CellEncoder): CellEncoder {
  return (writer, src, start, end) => {
    const json = collectBytes((scratch) => encode(scratch, src, start, end));
    csvText(writer, json, 0, json.length);
  };
}
