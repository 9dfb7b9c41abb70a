/**
 * A table as who asks is shown it. Where the policy has rules for a connection only the tables that it names are there, by their
 * names and never by paths of their files, and the compiler's SELECT stands for each.
 */
import type { FilesConnection } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { type TableView, type TableViews, VIEWED } from '../../../core/protocol/shown-rows.ts';
import { type OpenTable, openTable } from './open-table.ts';
import type { ScanContext } from './scan-context.ts';

export interface ShownTable extends OpenTable {
  /** null: it is shown as it is. */
  readonly view: TableView | null;
}

/** A connection, and the tables of it that may be read; null: all, as they are. */
export interface ShownFiles {
  readonly files: FilesConnection;
  readonly views: TableViews | null;
}

/** Opens a table. Throws `sql-error` for one that is not shown, as for one that is not there. */
export async function openShown(
  context: ScanContext,
  { files, views }: ShownFiles,
  name: string,
): Promise<ShownTable> {
  if (views === null) return { ...(await openTable(context, files, name)), view: null };
  const key = name.toLowerCase();
  if (!Object.hasOwn(views, key)) throw noTable(name);
  const tables = Object.fromEntries(
    Object.entries(files.tables).filter(([each]) => each.toLowerCase() === key),
  );
  if (Object.keys(tables).length === 0) throw noTable(name); // a path, which some file may have
  return { ...(await openTable(context, { ...files, tables }, name)), view: views[key]! };
}

function noTable(name: string): QueryError {
  return new QueryError('sql-error', `there is no table ${name}`, {
    hint: 'tables are named as the completion lists them; the paths of files are not for you',
    rule: `tables: ${name}`,
  });
}

/** Errors that may tell of rows and files behind a view. */
const TELLING: ReadonlySet<string> = new Set(['bad-file', 'file-changed']);

/** Returns the error as it may be told to who is shown only a view of the table; null: it may be told as it is. */
export function withheld(table: string, { code }: QueryError): QueryError | null {
  if (!TELLING.has(code)) return null;
  return new QueryError(code, `the files of the table ${table} cannot be read`, {
    hint: 'ask whoever runs this server: who is shown all of the table is told why',
  });
}

/** Returns the name of the first table that is shown by a view; null: there is none. */
export function viewedTable(views: readonly (TableViews | null)[]): string | null {
  const all = views.flatMap((each) => Object.entries(each ?? {}));
  return all.find(([, view]) => view !== null)?.[0] ?? null;
}

/** Returns the SELECT of what is shown; `relation` is that of all rows. */
export function shownRows({ view }: ShownTable, relation: string, which: 'sql' | 'unfenced'): string {
  return view === null
    ? relation
    : `WITH ${VIEWED} AS NOT MATERIALIZED (${relation})\n${wrapped(view[which])}`;
}

function wrapped(sql: string): string {
  return `SELECT * FROM (${sql}\n) AS shown`;
}
