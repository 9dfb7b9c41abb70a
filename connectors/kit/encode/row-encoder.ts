/**
 * Encodes DataRow payloads as the bytes of an answer: JSON objects or arrays, NDJSON lines, CSV records (core/protocol/answer.ts
 * describes the formats). The bytes around the cells are made once; encoding a row is a loop over its values.
 */
import { type AnswerOptions, csvHead, type TextFormat, typesHead } from '../../../core/protocol/answer.ts';
import { type Column, typeName } from '../../../core/protocol/types.ts';
import { type ByteWriter, type Constant, constantOf } from './byte-writer.ts';
import { csvEncoder, jsonEncoder } from './cell-encoders.ts';
import type { CellEncoder } from './json-cells.ts';

export interface RowEncoder {
  /** Writes the part before the first row. */
  writeHead(writer: ByteWriter): void;
  /** Writes one DataRow payload, src[start, end): u16 count, then i32 length and bytes of each value. */
  writeRow(writer: ByteWriter, src: Buffer, start: number, end: number): void;
}

export interface TextAnswer {
  readonly format: TextFormat;
  readonly rows: AnswerOptions['rows'];
  readonly numbers: AnswerOptions['numbers'];
  readonly end?: AnswerOptions['end'];
  readonly head?: AnswerOptions['head'];
}

/** The constant bytes that all answers with the same columns share. */
export interface RowLayout {
  readonly head: Buffer;
  /** The bytes before each row except the first. */
  readonly between: Constant;
  readonly endOfRow: Constant;
  /** The bytes before each cell. */
  readonly before: readonly Constant[];
  readonly nullCell: Constant;
  readonly cells: readonly CellEncoder[];
}

export function rowLayout(columns: readonly Column[], answer: TextAnswer): RowLayout {
  return answer.format === 'csv' ? csvLayout(columns, answer) : jsonLayout(columns, answer);
}

/** Returns an encoder for one answer. */
export function createRowEncoder({
  head,
  between,
  endOfRow,
  before,
  nullCell,
  cells,
}: RowLayout): RowEncoder {
  let isFirst = true;
  return {
    writeHead(writer) {
      writer.copy(head, 0, head.length);
    },
    writeRow(writer, src, start) {
      if (!isFirst) writer.constant(between);
      isFirst = false;
      let offset = start + 2;
      if (cells.length === 0 && before.length > 0) writer.constant(before[0]!);
      for (let index = 0; index < cells.length; index++) {
        writer.constant(before[index]!);
        const length =
          (src[offset]! << 24) | (src[offset + 1]! << 16) | (src[offset + 2]! << 8) | src[offset + 3]!;
        offset += 4;
        if (length < 0) writer.constant(nullCell);
        else {
          cells[index]!(writer, src, offset, offset + length);
          offset += length;
        }
      }
      writer.constant(endOfRow);
    },
  };
}

function jsonLayout(columns: readonly Column[], { format, rows, numbers }: TextAnswer): RowLayout {
  const isJson = format === 'json';
  const shown = columns.map(({ name, type }) => ({ name, type: typeName(type) }));
  const asObject = rows === 'objects';
  const [open, close] = asObject ? ['{', '}'] : ['[', ']'];
  return {
    head: Buffer.from(isJson ? `{"columns":${JSON.stringify(shown)},"rows":[` : ''),
    between: constantOf(isJson ? ',' : ''),
    endOfRow: constantOf(isJson ? close : `${close}\n`),
    // A row without columns still needs its brackets.
    before: (columns.length === 0
      ? [open]
      : columns.map(
          ({ name }, index) => `${index === 0 ? open : ','}${asObject ? `${JSON.stringify(name)}:` : ''}`,
        )
    ).map(constantOf),
    nullCell: constantOf('null'),
    cells: columns.map(({ type }) => jsonEncoder(type, numbers)),
  };
}

function csvLayout(columns: readonly Column[], { head }: TextAnswer): RowLayout {
  return {
    head: Buffer.from(head === 'types' ? typesHead(columns) : csvHead(columns)),
    between: constantOf(''),
    endOfRow: constantOf('\r\n'),
    before: columns.map((_, index) => constantOf(index === 0 ? '' : ',')),
    nullCell: constantOf(''),
    cells: columns.map(({ type }) => csvEncoder(type)),
  };
}
