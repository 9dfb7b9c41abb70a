/** The forms in which the command prints an answer. */

/** The formats that `--format` takes. */
export const FORMATS = ['json', 'ndjson', 'csv', 'arrow', 'parquet', 'table'] as const;

export type Format = (typeof FORMATS)[number];
