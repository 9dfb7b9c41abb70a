/** The table of encoders by column type and answer format; answers and docs follow it. */
import type { AnswerOptions } from '../../../core/protocol/answer.ts';
import type { ColumnType } from '../../../core/protocol/types.ts';
import { jsonArray } from './array-cells.ts';
import { csvOfJson, csvText } from './csv-cells.ts';
import {
  base64,
  boolean,
  type CellEncoder,
  isoInstant,
  isoTimestamp,
  jsonFloat,
  jsonNumber,
  jsonString,
  plainFloat,
  quoted,
  quotedRaw,
  rawJson,
  rawText,
} from './json-cells.ts';

export function jsonEncoder(type: ColumnType, numbers: AnswerOptions['numbers']): CellEncoder {
  switch (type.kind) {
    case 'list':
      return jsonArray(jsonEncoder(type.of, numbers));
    case 'int64':
    case 'decimal':
      return numbers === 'string' ? quotedRaw : jsonNumber;
    case 'float64':
      return jsonFloat;
    case 'bool':
      return boolean;
    case 'json':
      return rawJson;
    case 'bytes':
      return quoted(base64);
    case 'timestamp':
      return quoted(isoTimestamp);
    case 'timestamptz':
      return quoted(isoInstant);
    case 'date':
    case 'time':
    case 'interval':
    case 'uuid':
      return quotedRaw;
    case 'string':
      return jsonString;
    default:
      return type satisfies never;
  }
}

export function csvEncoder(type: ColumnType): CellEncoder {
  switch (type.kind) {
    case 'list':
      return csvOfJson(jsonEncoder(type, 'number'));
    case 'bool':
      return boolean;
    case 'bytes':
      return base64OrEmpty;
    case 'timestamp':
      return isoTimestamp;
    case 'timestamptz':
      return isoInstant;
    case 'float64':
      return plainFloat;
    case 'int64':
    case 'decimal':
    case 'date':
    case 'time':
    case 'interval':
    case 'uuid':
      return rawText;
    case 'json':
    case 'string':
      return csvText;
    default:
      return type satisfies never;
  }
}

const EMPTY_HEX_BYTES = 2;

/** Encodes bytes as base64; zero bytes are `""`, since an empty field means null. */
const base64OrEmpty: CellEncoder = (writer, src, start, end) =>
  end - start === EMPTY_HEX_BYTES ? csvText(writer, src, start, start) : base64(writer, src, start, end);
