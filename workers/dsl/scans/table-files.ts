/** The files of one table, and what the readers of all formats share. */
import type { FileTree, Identity } from '../../../connectors/files/file-tree.ts';
import type { FoundFile } from '../../../connectors/files/find-files.ts';
import type { PartitionColumn } from '../../../connectors/files/partition-columns.ts';
import type { PathPattern } from '../../../connectors/files/user-path.ts';
import type { FilesTable } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { type EngineColumn, rowsOf, type ScanContext } from './scan-context.ts';

export interface TableFiles {
  readonly context: ScanContext;
  readonly table: FilesTable;
  readonly tree: FileTree;
  readonly pattern: PathPattern;
  readonly first: FoundFile;
  readonly partitions: readonly PartitionColumn[];
}

export interface ColumnsOfFormat {
  readonly columns: readonly EngineColumn[];
  /** Returns a SELECT of all columns, partitions included, from these files, which it has checked to be alike. */
  read(files: ReadonlyMap<string, Identity>): Promise<string>;
  /** Returns where a text stands that is not of its column's type; null when there is none. */
  locate?(files: ReadonlyMap<string, Identity>): Promise<string | null>;
}

/** Returns the number of the first row for which a condition is true. */
export async function firstRow(
  connection: ScanContext['connection'],
  reader: string,
  where: string,
): Promise<unknown> {
  const numbered = `SELECT row_number() OVER () AS "row number", * FROM ${reader}`;
  const [found] = await rowsOf(
    connection,
    `SELECT "row number" FROM (${numbered}) WHERE ${where} ORDER BY 1 LIMIT 1`,
  );
  return found?.[0] ?? null;
}

/** Throws `bad-file` for a file whose columns are not those of the first. */
export function refuseOther(
  path: string,
  first: string,
  fields: readonly string[],
  names: readonly string[],
  hasHeader: boolean,
): void {
  const same = hasHeader ? fields.every((field, index) => field === names[index]) : true;
  if (same && fields.length === names.length) return;
  throw new QueryError(
    'bad-file',
    hasHeader
      ? `${path} has the columns ${fields.join(', ')}, and ${first} has ${names.join(', ')}`
      : `${path} has ${fields.length} columns, and ${first} has ${names.length}`,
    { hint: 'read the files as tables of their own, and bring them together with `union`' },
  );
}
