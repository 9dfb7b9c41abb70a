/**
 * How an answer is asked for: shared by both kinds of worker, since either may encode it. A worker writes the
 * head and the rows; the server writes the tail (row count, stats), because only it knows whether all went well.
 *
 *   json    head `{"columns":[{"name":..,"type":..},..],"rows":[`, rows joined by `,`
 *   ndjson  a row a line
 *   csv     RFC 4180 with a header line, CRLF line ends; null is empty, an empty string is ""
 *   arrow   an Arrow IPC stream, whole;  parquet: a Parquet file, whole (both from DSL workers only)
 */
export type TextFormat = 'json' | 'ndjson' | 'csv';
export type AnswerFormat = TextFormat | 'arrow' | 'parquet';

export interface AnswerOptions {
  readonly format: AnswerFormat;
  /** json and ndjson: a row as an object or as an array. */
  readonly rows: 'objects' | 'arrays';
  /** json and ndjson: int64 and decimal as exact JSON numbers, or (by type, never by value) as strings. */
  readonly numbers: 'number' | 'string';
}

export interface AnswerLimits {
  /** The client's own cap: reaching it ends the answer with `complete: false`. null: none. */
  readonly capRows: number | null;
  /** The server's limits: going past one fails with result-too-large. */
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** What a worker says at the end of an answer. */
export interface AnswerSummary {
  readonly rows: number;
  readonly bytes: number;
  /** false when capRows cut it. */
  readonly complete: boolean;
}
