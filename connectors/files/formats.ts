/** The formats of files, by the endings of their names. */
import type { FileFormat } from '../../core/protocol/connection.ts';

const ENDINGS: readonly (readonly [RegExp, FileFormat])[] = [
  [/\.(parquet|parq|pq)$/i, 'parquet'],
  [/\.csv(\.gz)?$/i, 'csv'],
  [/\.(tsv|tab)(\.gz)?$/i, 'tsv'],
  [/\.(ndjson|jsonl)(\.gz)?$/i, 'ndjson'],
  [/\.xlsx$/i, 'excel'],
];

/** Returns null for a name that says nothing. */
export function formatOfName(name: string): FileFormat | null {
  return ENDINGS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

export function isCompressed(name: string): boolean {
  return /\.gz$/i.test(name);
}
