/**
 * Finds where the values of a row stand. A row of the binary protocol is a 0, a bitmap of nulls (its first two bits unused), and the
 * values that are not null, one after the other: of a fixed length, or behind their length.
 */
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { FIELD, mariadbTypeOf } from '../../../language/dialects/mariadb/types.ts';
import { lengthBytes, readLength } from '../wire/server-messages.ts';

const NULL_OFFSET = 2;

/** Returns the offset of the first value in a row that begins at `start`. */
export function firstValue(start: number, columns: number): number {
  return start + 1 + ((columns + NULL_OFFSET + 7) >> 3);
}

export function isNullAt(bytes: Buffer, start: number, column: number): boolean {
  const bit = column + NULL_OFFSET;
  return (bytes[start + 1 + (bit >> 3)]! & (1 << (bit & 7))) !== 0;
}

/** Returns where the value that begins at `at` ends. */
export type ValueEnd = (bytes: Buffer, at: number) => number;

const FIXED: Readonly<Record<number, number>> = {
  [FIELD.tiny]: 1,
  [FIELD.short]: 2,
  [FIELD.year]: 2,
  [FIELD.long]: 4,
  [FIELD.int24]: 4,
  [FIELD.float]: 4,
  [FIELD.longlong]: 8,
  [FIELD.double]: 8,
};

export function valueEnd({ type }: DatabaseColumn): ValueEnd {
  const length = FIXED[mariadbTypeOf(type).field];
  return length === undefined ? endOfLengthed : (_, at) => at + length;
}

/** Moments have one byte of length, which is the first form of those of texts. */
function endOfLengthed(bytes: Buffer, at: number): number {
  return textStart(bytes, at) + readLength(bytes, at);
}

/** Returns where the bytes begin of a value that has its length before it. */
export function textStart(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  return first < 0xfb ? at + 1 : at + lengthBytes(first);
}

/** Returns where they end. */
export function textEnd(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  return first < 0xfb ? at + 1 + first : at + lengthBytes(first) + readLength(bytes, at);
}
