/**
 * The digits of a decimal as groups to the base 10,000, as the wire has them (core/protocol/wire-rows.ts), read and written in
 * one pass over the text. Groups of zeros at either end are left out.
 */
import type { ByteWriter } from '../../kit/encode/byte-writer.ts';

const GROUP = 4;
const HEAD_BYTES = 8;
const NEGATIVE_SIGN = 0x4000;
const [DASH, DOT, ZERO] = [45, 46, 48];

/** The text is bytes[start, end), which the database wrote: an optional sign, digits, and perhaps a point and more digits. */
export function writeDecimalText(writer: ByteWriter, bytes: Buffer, start: number, end: number): void {
  const isNegative = bytes[start] === DASH;
  const from = isNegative ? start + 1 : start;
  let point = from;
  while (point < end && bytes[point] !== DOT) point++;
  const scale = point < end ? end - point - 1 : 0;
  writer.reserve(4 + HEAD_BYTES + 2 * ((((point - from + 3) / GROUP) | 0) + (((scale + 3) / GROUP) | 0)));
  const out = writer.buffer;
  const head = writer.position;
  const first = head + 4 + HEAD_BYTES;
  let at = first;
  /** The offset at which the last group that is not 0 ends. */
  let used = first;
  /** The power of 10,000 of the next group, and of the first one that is written. */
  let power = (((point - from + 3) / GROUP) | 0) - 1;
  let weight = power;
  let digit = from;
  let left = (point - from) % GROUP || GROUP;
  while (digit < end) {
    if (digit === point) {
      digit++;
      left = GROUP;
      continue;
    }
    let group = 0;
    for (; left > 0; left--) group = group * 10 + (digit < end ? bytes[digit++]! - ZERO : 0);
    left = GROUP;
    if (group === 0 && at === first) weight = power - 1;
    else {
      out[at++] = group >> 8;
      out[at++] = group;
      if (group !== 0) used = at;
    }
    power--;
  }
  const isZero = used === first;
  int32(out, head, used - head - 4);
  int16(out, head + 4, (used - first) >> 1);
  int16(out, head + 6, isZero ? 0 : weight);
  int16(out, head + 8, isNegative && !isZero ? NEGATIVE_SIGN : 0);
  int16(out, head + 10, scale);
  writer.position = used;
}

function int16(out: Buffer, at: number, value: number): void {
  out[at] = value >> 8;
  out[at + 1] = value;
}

function int32(out: Buffer, at: number, value: number): void {
  out[at] = value >> 24;
  out[at + 1] = value >> 16;
  out[at + 2] = value >> 8;
  out[at + 3] = value;
}
