/** The forms in which the command prints an answer. */
import { UsageError } from './kit/usage-error.ts';

/** The formats that `--format` takes. */
export const FORMATS = ['json', 'ndjson', 'csv', 'arrow', 'parquet', 'table'] as const;

export type Format = (typeof FORMATS)[number];

/** Returns null for none. Throws UsageError. */
export function parseFormat(given: string | undefined): Format | null {
  if (given === undefined) return null;
  const format = FORMATS.find((known) => known === given);
  if (format !== undefined) return format;
  throw new UsageError(`there is no format "${given}"; there are ${FORMATS.join(', ')}`);
}
