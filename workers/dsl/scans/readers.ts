/**
 * The engine's SQL that reads files, by their format. All that the engine could guess is said: its own detection may skip lines,
 * and its casts round. Paths stand in it only as quoted texts, in which what the engine takes for a pattern is escaped.
 */
import type { PartitionColumn } from '../../../connectors/files/partition-columns.ts';
import { quoteText } from '../../../language/dialects/duckdb/sql.ts';

/** Returns the list of these absolute paths. */
export function pathList(paths: readonly string[]): string {
  return `[${paths.map((path) => quoteText(escapedPath(path))).join(', ')}]`;
}

/** Escapes what the engine would take for a pattern. */
export function escapedPath(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

/** Returns a FROM item with all columns of Parquet files. */
export function parquetReader(paths: readonly string[], partitions: readonly PartitionColumn[]): string {
  return `read_parquet(${pathList(paths)}, ${hiveOptions(partitions)})`;
}

export interface CsvShape {
  readonly names: readonly string[];
  readonly newLine: '\n' | '\r\n';
  readonly hasHeader: boolean;
  readonly delimiter: string;
  readonly nulls: string;
  readonly maxLineBytes: number;
}

/** Returns a FROM item with the fields of CSV files as texts. */
export function csvReader(
  paths: readonly string[],
  shape: CsvShape,
  partitions: readonly PartitionColumn[],
): string {
  const columns = shape.names.map((name) => `${quoteText(name)}: 'VARCHAR'`);
  const options = [
    pathList(paths),
    // With its detection off the engine loses all rows of files whose lines end with \r\n.
    shape.newLine === '\n' ? `auto_detect = false, new_line = '\\n'` : 'auto_detect = true',
    `header = ${shape.hasHeader}`,
    `skip = 0, comment = '', strict_mode = true, null_padding = false, quote = '"', escape = '"'`,
    `delim = ${quoteText(shape.delimiter)}`,
    `nullstr = ${quoteText(shape.nulls)}, allow_quoted_nulls = false`,
    // Without its size a buffer has 16 times the longest line, and a quarter of it is the least that a thread takes.
    `maximum_line_size = ${shape.maxLineBytes}, buffer_size = ${2 * shape.maxLineBytes}`,
    `columns = {${columns.join(', ')}}`,
    hiveOptions(partitions),
  ];
  return `read_csv(${options.join(', ')})`;
}

/** Returns a FROM item with the objects of JSON lines; `columns` null: all that the files have. */
export function jsonReader(
  paths: readonly string[],
  columns: readonly { readonly name: string; readonly type: string }[] | null,
  partitions: readonly PartitionColumn[],
  maxLineBytes: number,
): string {
  const shape =
    columns === null
      ? 'sample_size = -1, union_by_name = true'
      : `columns = {${columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`).join(', ')}}`;
  return `read_json(${pathList(paths)}, format = 'newline_delimited', dateformat = 'iso', timestampformat = 'iso', maximum_object_size = ${maxLineBytes}, ${shape}, ${hiveOptions(partitions)})`;
}

function hiveOptions(partitions: readonly PartitionColumn[]): string {
  if (partitions.length === 0) return 'hive_partitioning = false';
  const types = partitions.map(({ key, type }) => `${quoteText(key)}: ${type}`);
  return `hive_partitioning = true, hive_types_autocast = false, hive_types = {${types.join(', ')}}`;
}
