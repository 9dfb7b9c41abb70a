/**
 * The layout of rows for the stage engine, as PostgreSQL's `COPY ... (FORMAT csv)` writes them and workers/dsl/input.ts
 * reads them: an empty field is null, `""` is an empty text, and a line ends with LF.
 */
import type { Column, ColumnType } from '../../../core/protocol/types.ts';
import { constantOf } from './byte-writer.ts';
import { csvText } from './csv-cells.ts';
import { type CellEncoder, rawText } from './json-cells.ts';
import type { RowLayout } from './row-encoder.ts';

export function stageCsvLayout(columns: readonly Column[]): RowLayout {
  return {
    head: Buffer.alloc(0),
    between: constantOf(''),
    endOfRow: constantOf('\n'),
    before: columns.map((_, index) => constantOf(index === 0 ? '' : ',')),
    nullCell: constantOf(''),
    cells: columns.map(({ type }) => cellOf(type)),
  };
}

function cellOf({ kind }: ColumnType): CellEncoder {
  return kind === 'string' || kind === 'json' || kind === 'list' ? csvText : rawText;
}
