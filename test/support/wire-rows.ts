/** Rows as a SQL worker writes them, made from values: what a test compares decoders with. */
import { type Column, MAX_PRECISION } from '../../core/protocol/types.ts';
import { usualWireType, WIRE_END, WIRE_HEADER, wireFrame } from '../../core/protocol/wire-rows.ts';
import type { WireColumn } from '../../workers/dsl/chunks/decoders.ts';

export type WireField = Buffer | null;

export function wireStream(rows: readonly (readonly WireField[])[]): Buffer {
  return Buffer.concat([WIRE_HEADER, ...rows.map(wireRow), WIRE_END]);
}

/** Makes the same stream in frames: header, each row, and end in one of its own, as rows of PostgreSQL come. */
export function framedStream(rows: readonly (readonly WireField[])[]): Buffer {
  return Buffer.concat([WIRE_HEADER, ...rows.map(wireRow), WIRE_END].map(wireFrame));
}

export function wireRow(fields: readonly WireField[]): Buffer {
  const parts = fields.flatMap((field) => (field === null ? [int32(-1)] : [int32(field.length), field]));
  return Buffer.concat([int16(fields.length), ...parts]);
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
}

export function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

export function interval(months: number, days: number, micros: bigint): Buffer {
  return Buffer.concat([int64(micros), int32(days), int32(months)]);
}

const NUMERIC_SIGNS: Readonly<Record<string, number>> = {
  NaN: 0xc000,
  Infinity: 0xd000,
  '-Infinity': 0xf000,
};

/** Returns the numeric of this text as PostgreSQL sends it: groups of four digits, without zeros at either end. */
export function numeric(text: string): Buffer {
  const special = NUMERIC_SIGNS[text];
  if (special !== undefined) return Buffer.concat([int16(0), int16(0), int16(special), int16(0)]);
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d*)\.?(\d*)$/.exec(text)!;
  const left = whole.padStart(Math.ceil(whole.length / 4) * 4, '0');
  const right = fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  const groups = (left + right).match(/.{4}/g)?.map(Number) ?? [];
  let weight = left.length / 4 - 1;
  while (groups[0] === 0) {
    groups.shift();
    weight--;
  }
  while (groups.at(-1) === 0) groups.pop();
  if (groups.length === 0) weight = 0;
  const head = [groups.length, weight, sign === '-' && groups.length > 0 ? 0x4000 : 0, fraction.length];
  return Buffer.concat([...head, ...groups].map(int16));
}

/** A column as connectors that have values send it. */
export function wireColumnOf({ name, type }: Column): WireColumn {
  const wire = usualWireType(type);
  if (type.kind !== 'decimal') return { name, wire };
  return { name, wire, size: { precision: type.precision ?? MAX_PRECISION, scale: type.scale ?? 18 } };
}
