/**
 * A user's SQL over files, on its way into a statement of the engine's: it is parsed and judged first, its tables are found,
 * and each becomes an entry of a WITH around the SQL, whose text stays as it was written. The engine sees no path of a user's.
 */
import type { FilesConnection } from '../../core/protocol/connection.ts';
import { type ErrorDetails, QueryError } from '../../core/protocol/errors.ts';
import { quoteName } from '../../language/dialects/duckdb/sql.ts';
import type { Probes } from './prune-scans.ts';
import type { ScanContext } from './scans/scan-context.ts';
import { openShown, type ShownFiles, type ShownTable, shownRows } from './scans/shown-table.ts';
import { type NameRules, refuseUnlisted } from './user-sql/sql-guard.ts';
import { parseSelect } from './user-sql/sql-tree.ts';

export interface ScanTools extends ScanContext {
  readonly probes: Probes;
  readonly connections: Readonly<Record<string, FilesConnection>>;
}

/** Throws unknown-connection. */
export function connectionOf({ connections }: Pick<ScanTools, 'connections'>, name: string): FilesConnection {
  const found = Object.hasOwn(connections, name) ? connections[name] : undefined;
  if (found !== undefined) return found;
  throw new QueryError('unknown-connection', `there is no connection ${name} to files`);
}

/** The most tables that one query names. */
const MAX_TABLES = 64;

export interface NamedTable {
  readonly name: string;
  /** The place where the SQL names it. */
  readonly place: ErrorDetails;
}

/** Returns the tables that the SQL reads, each once, in the order of their names. Throws what the judge refuses. */
async function tablesIn(
  { connection }: Pick<ScanContext, 'connection'>,
  sql: string,
  parameters: number,
): Promise<readonly NamedTable[]> {
  const named = new Map<string, NamedTable>();
  const rules: NameRules = {
    subject: 'SQL over files',
    relations: [],
    parameters,
    otherTable(name, full, place) {
      if (name !== full) throw qualifiedName(full, place);
      const key = name.toLowerCase();
      if (!named.has(key)) named.set(key, { name, place });
      if (named.size > MAX_TABLES)
        throw new QueryError('unsupported', `a query names at most ${MAX_TABLES} tables and files`, place);
    },
  };
  refuseUnlisted(await parseSelect(connection, sql), sql, rules);
  return [...named.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function qualifiedName(full: string, place: ErrorDetails): QueryError {
  return new QueryError('sql-error', `there is no table ${full}`, {
    hint: `tables of files have no schema; the path of a file is quoted: from ${quoteName(full)}`,
    ...place,
  });
}

/** Opens the tables that the SQL reads. An error of one tells where the SQL names it. */
export async function openTables(
  context: ScanContext,
  source: ShownFiles,
  sql: string,
  parameters: number,
): Promise<readonly ShownTable[]> {
  const opened: ShownTable[] = [];
  for (const { name, place } of await tablesIn(context, sql, parameters)) {
    context.check();
    try {
      opened.push(await openShown(context, source, name));
    } catch (thrown) {
      throw thrown instanceof QueryError ? thrown.with(place) : thrown;
    }
  }
  return opened;
}

/** Returns the WITH that stands before a SELECT over these tables; `relation`: each table's SELECT. */
export function withTables(
  tables: readonly ShownTable[],
  relation: (table: ShownTable, index: number) => string,
  view: 'sql' | 'unfenced' = 'sql',
): string {
  if (tables.length === 0) return '';
  const entries = tables.map((table, index) => {
    const select = shownRows(table, relation(table, index), view);
    return `${quoteName(table.name)} AS NOT MATERIALIZED (${select})`;
  });
  return `WITH ${entries.join(', ')}\n`;
}
