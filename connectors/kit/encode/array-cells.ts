/**
 * Encodes PostgreSQL's array text (`{1,NULL,"a \"b\""}`, nested, optionally with bounds `[0:1]={..}`) as a JSON array. The
 * encoder of the elements' type writes the elements.
 */
import type { CellEncoder } from './json-cells.ts';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const EQUALS = 0x3d;
const BOUNDS = 0x5b;
const JSON_OPEN = 0x5b;
const JSON_CLOSE = 0x5d;
const NULL = Buffer.from('null');

export function jsonArray(element: CellEncoder): CellEncoder {
  return (writer, src, start, end) => {
    let offset = src[start] === BOUNDS ? src.indexOf(EQUALS, start) + 1 : start;
    while (offset < end) {
      const byte = src[offset]!;
      if (byte === OPEN || byte === CLOSE || byte === COMMA) {
        writer.reserve(1);
        writer.buffer[writer.position++] = byte === OPEN ? JSON_OPEN : byte === CLOSE ? JSON_CLOSE : COMMA;
        offset++;
      } else if (byte === QUOTE) {
        const close = endOfQuoted(src, offset + 1);
        const text = removeEscapes(src, offset + 1, close);
        element(writer, text, 0, text.length);
        offset = close + 1;
      } else {
        const stop = endOfPlain(src, offset, end);
        if (isNull(src, offset, stop)) writer.copy(NULL, 0, NULL.length);
        else element(writer, src, offset, stop);
        offset = stop;
      }
    }
  };
}

function endOfQuoted(src: Buffer, start: number): number {
  let offset = start;
  while (src[offset] !== QUOTE) offset += src[offset] === BACKSLASH ? 2 : 1;
  return offset;
}

function endOfPlain(src: Buffer, start: number, end: number): number {
  let offset = start;
  while (offset < end && src[offset] !== COMMA && src[offset] !== CLOSE) offset++;
  return offset;
}

/** Tells whether an element is null: the word NULL without quotes. A text 'NULL' comes with quotes. */
function isNull(src: Buffer, start: number, end: number): boolean {
  return end - start === 4 && src.toString('latin1', start, end) === 'NULL';
}

function removeEscapes(src: Buffer, start: number, end: number): Buffer {
  const out = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let offset = start; offset < end; offset++) {
    if (src[offset] === BACKSLASH) offset++;
    out[length++] = src[offset]!;
  }
  return out.subarray(0, length);
}
