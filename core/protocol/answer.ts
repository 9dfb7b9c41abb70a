/**
 * How an answer is asked for: shared by both kinds of worker, since either may encode it. A worker writes the
 * head and the rows; the server writes the tail (row count, stats), because only it knows whether all went well.
 *
 *   json    head `{"columns":[{"name":..,"type":..},..],"rows":[`, rows joined by `,`
 *   ndjson  a row a line; the server's last line is `{"@end": ...}` or `{"@error": ...}`, unless asked to leave it out
 *   csv     RFC 4180 with a header line, CRLF line ends; null is empty, an empty string is ""
 *   arrow   an Arrow IPC stream, whole;  parquet: a Parquet file, whole (both from DSL workers only)
 */
import { QueryError } from './errors.ts';

export type TextFormat = 'json' | 'ndjson' | 'csv';
export type AnswerFormat = TextFormat | 'arrow' | 'parquet';

export interface AnswerOptions {
  readonly format: AnswerFormat;
  /** json and ndjson: a row as an object or as an array. */
  readonly rows: 'objects' | 'arrays';
  /** json and ndjson: int64 and decimal as exact JSON numbers, or (by type, never by value) as strings. */
  readonly numbers: 'number' | 'string';
  /** ndjson: `none` leaves out the last line, which is no row. Left out: `line`. */
  readonly end?: 'line' | 'none' | undefined;
}

/** Names that a line of NDJSON has when it is no row. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['@end', '@error']);

interface NamedColumn {
  readonly name: string;
}

/** Throws when a row of NDJSON with columns of these names could not be told from the last line. */
export function refuseNames(
  columns: readonly NamedColumn[],
  { format, rows, end }: Omit<AnswerOptions, 'numbers'>,
): void {
  if (format !== 'ndjson' || rows !== 'objects' || end === 'none') return;
  const reserved = columns.find(({ name }) => RESERVED_NAMES.has(name));
  if (reserved === undefined) return;
  const { name } = reserved;
  throw new QueryError('unsupported', `a column of an NDJSON answer cannot be named "${name}"`, {
    hint: `The last line has this name: rename the column ("${name}" as "${name.slice(1)}"), or ask for rows=arrays, end=none or another format.`,
  });
}

export interface AnswerLimits {
  /** The client's own cap: reaching it ends the answer with `complete: false`. null: none. */
  readonly capRows: number | null;
  /** The server's limits: going past one fails with result-too-large. */
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** The summary that a worker sends at the end of an answer. */
export interface AnswerSummary {
  readonly rows: number;
  readonly bytes: number;
  /** false when capRows cut it. */
  readonly complete: boolean;
}
