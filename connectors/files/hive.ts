/**
 * Directories `name=value`, as Hive, Spark and DuckDB write them: each is a column that all files below have, with the same
 * value in every row. Names and values are percent-encoded where they hold characters that paths may not.
 */
import { QueryError } from '../../core/protocol/errors.ts';

export type PartitionType = 'BIGINT' | 'DATE' | 'VARCHAR';

/** A directory's column; null is the value of `__HIVE_DEFAULT_PARTITION__`. */
export interface Partition {
  readonly key: string;
  readonly value: string | null;
}

const DEFAULT_PARTITION = '__HIVE_DEFAULT_PARTITION__';
/** The deepest tree of partitions. */
export const MAX_PARTITION_LEVELS = 16;

/** Returns null for a directory that is no partition. */
export function partitionOf(directory: string): Partition | null {
  const at = directory.indexOf('=');
  if (at < 1) return null;
  const value = percentDecoded(directory.slice(at + 1));
  return { key: percentDecoded(directory.slice(0, at)), value: value === DEFAULT_PARTITION ? null : value };
}

/** Decodes `%41`; a `%` that no two digits follow means itself, and so do bytes that are no UTF-8. */
function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  const bytes: Buffer[] = [];
  for (const part of text.split(/(%[0-9a-f]{2})/i))
    bytes.push(/^%[0-9a-f]{2}$/i.test(part) ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part));
  return Buffer.concat(bytes).toString();
}

const WHOLE_NUMBER = /^-?\d{1,18}$/;
const ISO_DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** Returns the narrowest type that all values have; nulls have every type. null: there are no others. */
export function partitionType(values: Iterable<string | null>): PartitionType | null {
  let [numbers, dates, any] = [true, true, false];
  for (const value of values) {
    if (value === null) continue;
    any = true;
    numbers &&= WHOLE_NUMBER.test(value);
    dates &&= ISO_DATE.test(value) && isDay(value);
    if (!numbers && !dates) return 'VARCHAR';
  }
  if (!any) return null;
  return numbers ? 'BIGINT' : 'DATE';
}

/** 2023-02-30 is none. */
function isDay(iso: string): boolean {
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(iso);
}

/** Says whether the engine reads a directory as null, as it does `x=NULL`, where Spark has written the text. */
export function isAmbiguous({ value }: Partition): boolean {
  return value !== null && value.length === 4 && /^null$/i.test(value);
}

/** Throws `bad-file` for such a directory. */
export function refuseAmbiguous(partition: Partition, directory: string): void {
  if (!isAmbiguous(partition)) return;
  const { key, value } = partition;
  throw new QueryError('bad-file', `the directory ${directory} may mean null or the text ${value}`, {
    hint: `rename it: ${key}=${DEFAULT_PARTITION} is null`,
  });
}

/** A value as its type compares. */
export type Comparable = bigint | string;

const OF_TYPE: Readonly<Record<PartitionType, RegExp>> = {
  BIGINT: /^-?\d{1,18}$/,
  DATE: /^\d{4}-\d{2}-\d{2}$/,
  VARCHAR: /^/,
};

/** Returns the value that a text is in a type; undefined when it is none. */
export function valueAs(text: string | null | undefined, type: PartitionType): Comparable | null | undefined {
  if (text === null || text === undefined) return text;
  if (!OF_TYPE[type].test(text)) return undefined;
  return type === 'BIGINT' ? BigInt(text) : text;
}
