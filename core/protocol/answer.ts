/**
 * The form and the limits of an answer, shared by both kinds of worker, since either may encode it. A worker writes the
 * head and the rows; the server writes the tail (row count, stats), because only it knows whether all went well.
 *
 *   json    head `{"columns":[{"name":..,"type":..},..],"rows":[`, rows joined by `,`
 *   ndjson  one row per line; the server's last line is `{"@end": ...}` or `{"@error": ...}`, unless the client asked
 *           to leave it out
 *   csv     RFC 4180 with a header line, CRLF line ends; null is empty, an empty string is ""
 *   arrow   a complete Arrow IPC stream (from DSL workers only)
 *   parquet a complete Parquet file (from DSL workers only)
 */
import { QueryError } from './errors.ts';
import type { Column } from './types.ts';

export type TextFormat = 'json' | 'ndjson' | 'csv';
export type AnswerFormat = TextFormat | 'arrow' | 'parquet';

export interface AnswerOptions {
  readonly format: AnswerFormat;
  /** The form of a row in json and ndjson: an object or an array. */
  readonly rows: 'objects' | 'arrays';
  /** The form of int64 and decimal in json and ndjson: exact JSON numbers, or strings. The type decides, never the value. */
  readonly numbers: 'number' | 'string';
  /** Whether ndjson ends with the server's line, which is no row. `line` when left out. */
  readonly end?: 'line' | 'none' | undefined;
  /** The first line of csv: the names of the columns, or, for whoever keeps the rows, the columns with their types as JSON. `names` when left out. */
  readonly head?: 'names' | 'types' | undefined;
}

/** Returns the first record of CSV with columns of these names. */
export function csvHead(columns: readonly NamedColumn[]): string {
  return `${columns.map(({ name }) => csvName(name)).join(',')}\r\n`;
}

function csvName(name: string): string {
  return name === '' || /[,"\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** Returns the first line of CSV that tells its columns with their types. */
export function typesHead(columns: readonly Column[]): string {
  return `${JSON.stringify(columns)}\n`;
}

/** The names of the member by which the server's last line of NDJSON is told from a row. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['@end', '@error']);

interface NamedColumn {
  readonly name: string;
}

/** Throws `unsupported` when a row of NDJSON with columns of these names could not be told from the server's last line. */
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
  /** The client's own cap, or null without one. The answer that reaches it ends with `complete: false`. */
  readonly capRows: number | null;
  /** The server's limits on rows and bytes. A query whose answer exceeds one fails with result-too-large. */
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** The summary that a worker sends at the end of an answer. */
export interface AnswerSummary {
  readonly rows: number;
  readonly bytes: number;
  /** False when `capRows` cut the answer. */
  readonly complete: boolean;
}
