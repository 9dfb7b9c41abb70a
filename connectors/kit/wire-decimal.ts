/** A decimal's digits as groups to the base 10,000, without zeros at either end. */
import type { Column } from '../../core/protocol/types.ts';
import type { ByteWriter } from './encode/byte-writer.ts';
import { notValid } from './not-valid.ts';

const HEAD_BYTES = 8;
const GROUP = 4;
const NEGATIVE = 0x4000;
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: 0xc000,
  Infinity: 0xd000,
  '-Infinity': 0xf000,
};
const DIGITS = /^([+-]?)0*(\d*)(?:\.(\d*))?$/;
/** What the head of a field counts. */
const MOST_GROUPS = 0x7fff;

/** Throws bad-value for a text that is no decimal number. */
export function writeDecimal(writer: ByteWriter, text: string, { name }: Column): void {
  const special = SPECIAL[text];
  if (special !== undefined) {
    writeHead(writer, 0, 0, special, 0);
    return;
  }
  const found = DIGITS.exec(text);
  if (found === null || !/\d/.test(text)) throw notValid(name, text, 'decimal');
  const [, sign, whole = '', fraction = ''] = found;
  const left = paddedLength(whole);
  const digits = whole.padStart(left, '0') + fraction.padEnd(paddedLength(fraction), '0');
  const groups = digits.length / GROUP;
  if (groups > MOST_GROUPS) throw notValid(name, text, 'decimal');
  let first = 0;
  while (first < groups && groupAt(digits, first) === 0) first++;
  let last = groups;
  while (last > first && groupAt(digits, last - 1) === 0) last--;
  const count = last - first;
  const weight = count === 0 ? 0 : left / GROUP - 1 - first;
  writeHead(writer, count, weight, sign === '-' && count > 0 ? NEGATIVE : 0, fraction.length);
  for (let index = first; index < last; index++) {
    writer.buffer.writeUInt16BE(groupAt(digits, index), writer.position);
    writer.position += 2;
  }
}

/** Writes the length of the field too, and makes room for its groups. */
function writeHead(writer: ByteWriter, count: number, weight: number, sign: number, scale: number): void {
  writer.reserve(4 + HEAD_BYTES + 2 * count);
  const { buffer, position } = writer;
  buffer.writeInt32BE(HEAD_BYTES + 2 * count, position);
  buffer.writeInt16BE(count, position + 4);
  buffer.writeInt16BE(weight, position + 6);
  buffer.writeUInt16BE(sign, position + 8);
  buffer.writeUInt16BE(scale, position + 10);
  writer.position = position + 4 + HEAD_BYTES;
}

function paddedLength({ length }: string): number {
  return Math.ceil(length / GROUP) * GROUP;
}

function groupAt(digits: string, index: number): number {
  return Number(digits.slice(GROUP * index, GROUP * (index + 1)));
}
