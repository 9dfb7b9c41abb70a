/**
 * The relation `input`: PostgreSQL's `COPY ... (FORMAT csv)` text, read from the FIFO while it is being written.
 * Measured (loadtest/bench/studies/ingest.ts): rows through the FIFO take as long as COPY alone, less than by way of a spool
 * file, and nothing is on disk.
 *
 * - An unquoted empty field is null, a quoted one is an empty string; a line of nothing is one null column.
 * - The line end is always LF: guessing it from the first bytes takes a CR inside a value for one.
 * - A row must fit into the read buffer, `maxRowBytes`: one twice as long is lost without an error, so the writer
 *   refuses what is longer (connectors/postgres/copy-to.ts).
 * - The buffer is filled before its first row is seen: a small one lets the engine work while rows still arrive and
 *   `head` end early.
 */
import type { InputColumn } from '../../core/protocol/plan.ts';
import { quoteName, quoteText } from './sql-text.ts';

export interface Input {
  readonly fifoPath: string;
  readonly columns: readonly InputColumn[];
  readonly maxRowBytes: number;
}

/** A SELECT that reads the whole FIFO once; its columns are those of `input`, in order. */
export function inputSelect(input: Input): string {
  const outputs = input.columns.map((column) => {
    const name = quoteName(column.name);
    return column.expression === null ? name : `${column.expression} AS ${name}`;
  });
  return `SELECT ${outputs.join(', ')} FROM ${readCsv(input)}`;
}

function readCsv({ fifoPath, columns, maxRowBytes }: Input): string {
  const types = columns.map((column) => `${quoteText(column.name)}: ${quoteText(column.csvType)}`);
  const options = [
    `columns = {${types.join(', ')}}`,
    'header = false',
    'auto_detect = false',
    `delim = ','`,
    `quote = '"'`,
    `escape = '"'`,
    `new_line = '\\n'`,
    `nullstr = ''`,
    'allow_quoted_nulls = false',
    `buffer_size = ${maxRowBytes}`,
    `max_line_size = ${maxRowBytes}`,
  ];
  return `read_csv(${quoteText(fifoPath)}, ${options.join(', ')})`;
}
