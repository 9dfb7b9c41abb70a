/** The formats of files, by the endings of their names. */
import type { FileFormat } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';

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

/** The ways to pack files that are not read, by the endings of names. */
const PACKED = /\.(zst|zstd|bz2|xz|lz4|lzo|lzma|br|snappy|zip|7z|z)$/i;

/** Throws `unsupported` for a file that is packed in another way than by gzip. */
export function refusePacked(path: string): void {
  const ending = PACKED.exec(path)?.[1];
  if (ending === undefined) return;
  throw new QueryError('unsupported', `${path} is packed as .${ending.toLowerCase()}, which is not read`, {
    hint: 'unpack it, pack it with gzip (.gz), or write Parquet, which is packed inside',
  });
}

export function isCompressed(name: string): boolean {
  return /\.gz$/i.test(name);
}
