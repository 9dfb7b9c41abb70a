/**
 * One value as a field of the wire (core/protocol/wire-rows.ts), its length before it: for each column type the bytes that
 * `usualWireType` names. What a connector may give for each type, value-text.ts says.
 */
import type { Column } from '../../core/protocol/types.ts';
import type { ByteWriter } from './encode/byte-writer.ts';
import { notValid } from './not-valid.ts';
import { isInteger, listTexts, misfit, type RowValue } from './value-text.ts';
import { writeDecimal } from './wire-decimal.ts';
import { dateOf, instantOf, intervalOf, timeOf, timestampOf } from './wire-moments.ts';

/** Never called for null. */
export type WireCell = (writer: ByteWriter, value: RowValue) => void;

/** UTF-8 of one UTF-16 unit. */
const MOST_BYTES = 3;
const WORD = 2 ** 32;

export function wireCell(column: Column): WireCell {
  const { name, type } = column;
  const textOf = (value: RowValue): string => (typeof value === 'string' ? value : misfit(value, type));
  switch (type.kind) {
    case 'bool':
      return (writer, value) => {
        const at = begin(writer, 1);
        writer.buffer[at] = typeof value === 'boolean' ? Number(value) : misfit(value, type);
      };
    case 'int64':
      return (writer, value) => writeInt64(writer, isInteger(value) ? value : misfit(value, type));
    case 'float64':
      return (writer, value) => {
        const at = begin(writer, 8);
        writer.buffer.writeDoubleBE(typeof value === 'number' ? value : misfit(value, type), at);
      };
    case 'decimal':
      return (writer, value) =>
        writeDecimal(writer, isInteger(value) ? String(value) : textOf(value), column);
    case 'string':
    case 'json':
      return (writer, value) => writeText(writer, textOf(value));
    case 'list': {
      const texts = listTexts(type);
      return (writer, value) => writeText(writer, texts(value));
    }
    case 'bytes':
      return (writer, value) => writeBytes(writer, value instanceof Uint8Array ? value : misfit(value, type));
    case 'uuid':
      return (writer, value) => writeUuid(writer, textOf(value), name);
    case 'date':
      return (writer, value) => {
        const at = begin(writer, 4);
        writer.buffer.writeInt32BE(dateOf(textOf(value), name), at);
      };
    case 'time':
      return (writer, value) => writeInt64(writer, timeOf(textOf(value), name));
    case 'timestamp':
      return (writer, value) => writeInt64(writer, timestampOf(textOf(value), name));
    case 'timestamptz':
      return (writer, value) => writeInt64(writer, instantOf(textOf(value), name));
    case 'interval':
      return (writer, value) => {
        const { micros, days, months } = intervalOf(textOf(value), name);
        const at = begin(writer, 16);
        writer.buffer.writeBigInt64BE(micros, at);
        writer.buffer.writeInt32BE(days, at + 8);
        writer.buffer.writeInt32BE(months, at + 12);
      };
    default:
      return type satisfies never;
  }
}

/** Writes the length, makes room for as many bytes, and returns where they begin. */
function begin(writer: ByteWriter, length: number): number {
  writer.reserve(4 + length);
  const at = writer.position;
  writer.buffer.writeInt32BE(length, at);
  writer.position = at + 4 + length;
  return at + 4;
}

function writeInt64(writer: ByteWriter, value: number | bigint): void {
  const at = begin(writer, 8);
  const { buffer } = writer;
  if (typeof value === 'bigint') {
    buffer.writeBigInt64BE(value, at);
    return;
  }
  const high = Math.floor(value / WORD);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * WORD, at + 4);
}

function writeText(writer: ByteWriter, text: string): void {
  writer.reserve(4 + text.length * MOST_BYTES);
  const at = writer.position;
  const length = writer.buffer.write(text, at + 4, 'utf8');
  writer.buffer.writeInt32BE(length, at);
  writer.position = at + 4 + length;
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  const at = begin(writer, bytes.length);
  writer.buffer.set(bytes, at);
}

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

function writeUuid(writer: ByteWriter, text: string, name: string): void {
  if (!UUID.test(text)) throw notValid(name, text, 'uuid');
  const at = begin(writer, 16);
  writer.buffer.write(text.replaceAll('-', ''), at, 'hex');
}
