/**
 * The relation `input`: PostgreSQL's `COPY ... (FORMAT csv)` text, read from the FIFO while it is being written.
 * Measured (loadtest/bench-ingest.ts): 1 million rows through the FIFO take 1.2-1.35 x of what COPY alone takes, no
 * more than by way of a spool file, and nothing is on disk.
 *
 * - An unquoted empty field is null, a quoted one is an empty string; a line of nothing is one null column.
 * - The line end is always LF: guessing it from the first bytes takes a CR inside a value for one.
 * - A row must fit into the read buffer. A small buffer makes `head` end early: the buffer is filled before its
 *   first row is seen. So the big one is for inputs with columns of unlimited length only.
 */
import type { InputColumn } from '../../language/plan.ts';
import { quoteName, quoteText } from './sql-text.ts';

/** The longest row of CSV text that an input with text columns may have. */
export const MAX_ROW_BYTES = 8 * 1024 * 1024;
/** Enough for the most columns that PostgreSQL allows, none of them longer than a number. */
const FIXED_WIDTH_BUFFER_BYTES = 512 * 1024;

const FIXED_WIDTH_TYPE =
  /^(boolean|tinyint|smallint|integer|bigint|hugeint|float|double|date|time|timestamp|timestamptz|timestamp with time zone|interval|uuid|decimal(\(\d+, *\d+\))?)$/i;

/** A SELECT that reads the whole FIFO once; its columns are those of `input`, in order. */
export function inputSelect(fifoPath: string, columns: readonly InputColumn[]): string {
  const outputs = columns.map((column) => {
    const name = quoteName(column.name);
    return column.expression === null ? name : `${column.expression} AS ${name}`;
  });
  return `SELECT ${outputs.join(', ')} FROM ${readCsv(fifoPath, columns)}`;
}

function readCsv(fifoPath: string, columns: readonly InputColumn[]): string {
  const types = columns.map((column) => `${quoteText(column.name)}: ${quoteText(column.csvType)}`);
  const bufferBytes = columns.every((column) => FIXED_WIDTH_TYPE.test(column.csvType.trim()))
    ? FIXED_WIDTH_BUFFER_BYTES
    : MAX_ROW_BYTES;
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
    `buffer_size = ${bufferBytes}`,
    `max_line_size = ${bufferBytes}`,
  ];
  return `read_csv(${quoteText(fifoPath)}, ${options.join(', ')})`;
}
