/** Which tables and columns a connection's role may read: one query to the database's catalogue, in a SQL worker's slot. */
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { nativeType } from '../../language/dialects/postgres/types.ts';
import type { CatalogTable } from '../../language/editor/complete-types.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { RunDeps } from './run.ts';
import { callInSlot } from './slot-call.ts';

export interface Catalog {
  readonly tables: readonly CatalogTable[];
  /** false: the database has more columns than were read. */
  readonly complete: boolean;
}

const MAX_COLUMNS = 20_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** Tables on the search path first, so that what is left out of a large database is the rest. */
const CATALOG_SQL = `
select n.nspname, c.relname, pg_table_is_visible(c.oid), a.attname, a.atttypid::int8, a.atttypmod
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'
  and has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select')
order by pg_table_is_visible(c.oid) desc, n.nspname, c.relname, a.attnum`;

type Row = readonly [string, string, boolean, string, number, number];

/** Rejects with what the SQL worker finds wrong. */
export async function readCatalog(deps: RunDeps, connection: string, query: QueryRecord): Promise<Catalog> {
  const slot = await deps.sqlSlots.lane.acquire(query);
  const chunks: Buffer[] = [];
  const call = {
    type: 'run-sql' as const,
    queryId: query.queryId,
    principal: query.principal.id,
    connection,
    sql: CATALOG_SQL,
    functions: [], // SQL of ours
    parameters: [],
    answer: { format: 'ndjson', rows: 'arrays', numbers: 'number' } as const,
    limits: { capRows: MAX_COLUMNS, maxRows: MAX_COLUMNS, maxBytes: MAX_BYTES },
    maxRowBytes: deps.maxRowBytes,
    deadlineAt: query.deadlineAt,
  };
  const { complete } = await callInSlot(slot, query, deps.cancelGraceMs, () =>
    // Copied: what arrives is a view that is only good for now.
    slot.socket.call(call, (bytes) => chunks.push(Buffer.from(bytes)) > 0),
  );
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  const rows = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row); // as CATALOG_SQL has them
  return { tables: tablesOf(rows), complete };
}

function tablesOf(rows: readonly Row[]): readonly CatalogTable[] {
  const tables = new Map<string, CatalogTable & { readonly columns: DatabaseColumn[] }>();
  for (const [schema, name, visible, column, oid, modifier] of rows) {
    const key = JSON.stringify([schema, name]);
    const table = tables.get(key) ?? { schema, name, visible, columns: [] };
    table.columns.push({ name: column, type: nativeType(oid, modifier) });
    tables.set(key, table);
  }
  return [...tables.values()];
}
