/** The 128 bits of an Arrow decimal as groups to the base 10,000, as the wire has them (core/protocol/wire-rows.ts). */
import type { ByteWriter } from '../kit/encode/byte-writer.ts';

const HEAD_BYTES = 8;
const NEGATIVE = 0x4000;
const BASE = 10_000;
const GROUP = 4;
const WORD = 2 ** 32;
/** The most groups of a number of 128 bits, with a scale that splits a group. */
const MOST_GROUPS = 12;

/** The digits of the number that is written, the lowest group first. */
const groups = new Uint16Array(MOST_GROUPS);
/** The number's four words, the lowest first. */
const words = new Float64Array(4);

/** The value is `values[at] .. values[at + 3]`, its lowest word first, in two's complement, divided by the `scale`th power of 10. */
export function writeDecimalWords(writer: ByteWriter, values: Uint32Array, at: number, scale: number): void {
  const isNegative = loadWords(values, at);
  const fractionGroups = Math.ceil(scale / GROUP);
  shift(10 ** (fractionGroups * GROUP - scale));
  const count = splitWords();
  let first = 0;
  while (first < count && groups[first] === 0) first++;
  const written = count - first;
  writer.reserve(4 + HEAD_BYTES + 2 * written);
  const { buffer, position } = writer;
  buffer.writeInt32BE(HEAD_BYTES + 2 * written, position);
  buffer.writeInt16BE(written, position + 4);
  buffer.writeInt16BE(written === 0 ? 0 : count - 1 - fractionGroups, position + 6);
  buffer.writeUInt16BE(isNegative && written > 0 ? NEGATIVE : 0, position + 8);
  buffer.writeUInt16BE(scale, position + 10);
  let out = position + 4 + HEAD_BYTES;
  for (let index = count - 1; index >= first; index--) {
    const group = groups[index]!;
    buffer[out++] = group >> 8;
    buffer[out++] = group;
  }
  writer.position = out;
}

/** Loads the number without its sign; says whether it is negative. */
function loadWords(values: Uint32Array, at: number): boolean {
  const isNegative = values[at + 3]! >>> 31 === 1;
  let carry = 1;
  for (let index = 0; index < 4; index++) {
    const word = values[at + index]!;
    if (!isNegative) {
      words[index] = word;
      continue;
    }
    const turned = WORD - 1 - word + carry;
    carry = turned === WORD ? 1 : 0;
    words[index] = turned === WORD ? 0 : turned;
  }
  return isNegative;
}

/** Multiplies by 1, 10, 100 or 1000, so that the decimal point stands between groups. The product has less than 138 bits. */
function shift(factor: number): void {
  if (factor === 1) return;
  let carry = 0;
  for (let index = 0; index < 3; index++) {
    const product = words[index]! * factor + carry;
    carry = Math.floor(product / WORD);
    words[index] = product - carry * WORD;
  }
  words[3] = words[3]! * factor + carry; // may have more than 32 bits, which the division takes
}

/** Cuts the words into groups and returns their number, without zeros at the upper end. */
function splitWords(): number {
  let top = 3;
  let count = 0;
  for (;;) {
    while (top >= 0 && words[top] === 0) top--;
    if (top < 0) return count;
    let rest = 0;
    for (let index = top; index >= 0; index--) {
      const value = rest * WORD + words[index]!;
      const quotient = Math.floor(value / BASE);
      rest = value - quotient * BASE;
      words[index] = quotient;
    }
    groups[count++] = rest;
  }
}
