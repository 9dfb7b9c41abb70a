/** Reads which tables and columns a connection's role may read, by one query to the database's catalogue. */
import type { DatabaseTable, IntrospectCall, IntrospectReply } from '../../core/protocol/sql-worker.ts';
import type { Column } from '../../core/protocol/types.ts';
import { columnType, nativeType } from '../../language/dialects/postgres/types.ts';
import type { CallControl } from '../kit/call-control.ts';
import { readOwnRows } from './own-query.ts';
import type { WireSession } from './wire-session.ts';

/** Selects the columns; tables on the search path come first, so that in a large database only others are left out. */
const CATALOG_SQL = `
select n.nspname, c.relname, pg_table_is_visible(c.oid), a.attname, a.atttypid::int8, a.atttypmod
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'
  and has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select')
order by pg_table_is_visible(c.oid) desc, n.nspname, c.relname, a.attnum`;

type Row = readonly [
  schema: string,
  name: string,
  visible: boolean,
  column: string,
  oid: number,
  modifier: number,
];

export async function readTables(
  session: WireSession,
  call: IntrospectCall,
  control: CallControl,
): Promise<IntrospectReply> {
  const query = { sql: CATALOG_SQL, maxRows: call.maxColumns };
  const { rows, complete } = await readOwnRows<Row>(session, call, query, control);
  return { tables: tablesOf(rows), complete };
}

function tablesOf(rows: readonly Row[]): readonly DatabaseTable[] {
  const tables = new Map<string, DatabaseTable & { readonly columns: Column[] }>();
  for (const [schema, name, visible, column, oid, modifier] of rows) {
    const key = JSON.stringify([schema, name]);
    const table = tables.get(key) ?? { schema, name, visible, columns: [] };
    table.columns.push({ name: column, type: columnType(nativeType(oid, modifier)) });
    tables.set(key, table);
  }
  return [...tables.values()];
}
