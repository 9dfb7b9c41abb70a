/**
 * A table as a query names it: a table of the configuration, or the path of files below the root. Its columns follow from its
 * first file; which other files it has is found out when it is read, as far as they are wanted.
 */
import type { FileTree } from '../../../connectors/files/file-tree.ts';
import { type FoundFile, findFiles } from '../../../connectors/files/find-files.ts';
import { formatOfName, refusePacked } from '../../../connectors/files/formats.ts';
import { type PartitionColumn, partitionColumns } from '../../../connectors/files/partition-columns.ts';
import { looksLikePath, type PathPattern, parsePath } from '../../../connectors/files/user-path.ts';
import type { FileFormat, FilesConnection, FilesTable } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import { quoteName } from '../../../language/dialects/duckdb/sql.ts';
import { columnsOf } from './formats.ts';
import type { EngineColumn, ScanContext } from './scan-context.ts';
import type { ColumnsOfFormat } from './table-files.ts';

export interface OpenTable {
  /** The name by which the SQL reads it. */
  readonly name: string;
  readonly table: FilesTable;
  readonly format: FileFormat;
  readonly tree: FileTree;
  readonly pattern: PathPattern;
  readonly first: FoundFile;
  readonly partitions: readonly PartitionColumn[];
  /** All columns: those in the files, then the partitions. */
  readonly columns: readonly EngineColumn[];
  /** The columns in the files, and how they are read. */
  readonly inFiles: ColumnsOfFormat;
}

/** Finds the table of a name. Throws `sql-error` when there is none, `read-only` for a path that leads elsewhere. */
export async function openTable(
  context: ScanContext,
  connection: FilesConnection,
  name: string,
): Promise<OpenTable> {
  const table = tableOf(connection, name);
  const tree = context.treeOf(connection);
  const pattern = parsePath(table.path);
  const hive = table.hive !== false;
  const [first] = await findFiles(tree, pattern, { hive, check: context.check, atMost: 1 });
  if (first === undefined) throw noFiles(name, table.path);
  refusePacked(first.path);
  const format = table.format ?? formatOfName(first.path);
  if (format === null) throw unknownFormat(first.path);
  const partitions = await partitionColumns(tree, first, table.hive);
  const inFiles = await columnsOf(format, { context, table, tree, first, pattern, partitions });
  const keys = new Set(partitions.map(({ key }) => key.toLowerCase()));
  const columns = [
    ...inFiles.columns.filter((column) => !keys.has(column.name.toLowerCase())),
    ...partitions.map(({ key, type }) => ({ name: key, type })),
  ];
  return { name, table, format, tree, pattern, first, partitions, columns, inFiles };
}

function tableOf({ tables }: FilesConnection, name: string): FilesTable {
  const key = Object.keys(tables).find((each) => each.toLowerCase() === name.toLowerCase());
  if (key !== undefined) return tables[key]!;
  if (looksLikePath(name)) return { path: name };
  const known = Object.keys(tables);
  const near = suggest(name, known);
  throw new QueryError('sql-error', `there is no table ${name}`, {
    hint:
      didYouMean(near) ??
      (known.length === 0
        ? 'name a file below the root: from "2024/sales.parquet"'
        : `Tables here: ${known.slice(0, 20).join(', ')}; files are named by their paths: from "2024/sales.parquet"`),
    suggestions: near,
  });
}

function noFiles(name: string, path: string): QueryError {
  const at = name === path ? '' : ` (the table ${name})`;
  return new QueryError('sql-error', `there are no files at ${path}${at}`, {
    hint: 'paths are below the root of the connection; in a directory, files count whose names end with .parquet, .csv, .tsv, .ndjson, .jsonl or .xlsx',
  });
}

function unknownFormat(path: string): QueryError {
  return new QueryError('unsupported', `the name of ${path} does not tell its format`, {
    hint: 'give it a table in the configuration: {"path": ..., "format": "csv"}',
  });
}

/** Returns a SELECT with the columns of the table and no rows. */
export function emptyRelation({ columns }: OpenTable): string {
  const items = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteName(name)}`);
  return `SELECT ${items.join(', ')} WHERE false`;
}
