/**
 * DataRow payloads into the bytes of an answer: JSON objects or arrays, NDJSON lines, CSV records (workers/answer.ts has
 * the formats). What surrounds the cells is made once; a row is a loop over lengths.
 */
import { type Column, typeName } from '../../../language/types.ts';
import type { AnswerOptions, TextFormat } from '../../answer.ts';
import { type ByteWriter, constantOf } from './byte-writer.ts';
import { csvEncoder, jsonEncoder } from './cell-encoders.ts';
import { csvText } from './csv-cells.ts';
import type { CellEncoder } from './json-cells.ts';

export interface RowEncoder {
  /** What comes before the first row. */
  writeHead(writer: ByteWriter): void;
  /** One DataRow payload, src[start, ...): u16 count, then i32 length and bytes of each value. */
  writeRow(writer: ByteWriter, src: Buffer, start: number): void;
}

export interface TextAnswer {
  readonly format: TextFormat;
  readonly rows: AnswerOptions['rows'];
  readonly numbers: AnswerOptions['numbers'];
}

interface Layout {
  readonly head: string | ((writer: ByteWriter) => void);
  /** Before the first row, and before every other one. */
  readonly betweenRows: string;
  readonly endOfRow: string;
  /** Before each cell. */
  readonly beforeCell: readonly string[];
  readonly nullCell: string;
  readonly cells: readonly CellEncoder[];
}

export function createRowEncoder(columns: readonly Column[], answer: TextAnswer): RowEncoder {
  return encoderOf(answer.format === 'csv' ? csvLayout(columns) : jsonLayout(columns, answer));
}

function jsonLayout(columns: readonly Column[], { format, rows, numbers }: TextAnswer): Layout {
  const isJson = format === 'json';
  const shown = columns.map(({ name, type }) => ({ name, type: typeName(type) }));
  const asObject = rows === 'objects';
  const [open, close] = asObject ? ['{', '}'] : ['[', ']'];
  return {
    head: isJson ? `{"columns":${JSON.stringify(shown)},"rows":[` : '',
    betweenRows: isJson ? ',' : '',
    endOfRow: isJson ? close : `${close}\n`,
    // A row without columns still has its brackets.
    beforeCell:
      columns.length === 0
        ? [open]
        : columns.map(
            ({ name }, index) => `${index === 0 ? open : ','}${asObject ? `${JSON.stringify(name)}:` : ''}`,
          ),
    nullCell: 'null',
    cells: columns.map(({ type }) => jsonEncoder(type, numbers)),
  };
}

function csvLayout(columns: readonly Column[]): Layout {
  return {
    head(writer) {
      columns.forEach(({ name }, index) => {
        const bytes = Buffer.from(name);
        if (index > 0) writer.copy(COMMA, 0, 1);
        csvText(writer, bytes, 0, bytes.length);
      });
      writer.copy(LINE_END, 0, 2);
    },
    betweenRows: '',
    endOfRow: '\r\n',
    beforeCell: columns.map((_, index) => (index === 0 ? '' : ',')),
    nullCell: '',
    cells: columns.map(({ type }) => csvEncoder(type)),
  };
}

const COMMA = Buffer.from(',');
const LINE_END = Buffer.from('\r\n');

function encoderOf(layout: Layout): RowEncoder {
  const { cells, head } = layout;
  const before = layout.beforeCell.map(constantOf);
  const between = constantOf(layout.betweenRows);
  const endOfRow = constantOf(layout.endOfRow);
  const nullCell = constantOf(layout.nullCell);
  let isFirst = true;
  return {
    writeHead(writer) {
      if (typeof head === 'function') head(writer);
      else writer.copy(Buffer.from(head), 0, Buffer.byteLength(head));
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
