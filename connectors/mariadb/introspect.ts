/** Lists the tables and columns that a connection's user may read: one query to information_schema, which shows no others. */
import type { DatabaseTable, IntrospectCall, IntrospectReply } from '../../core/protocol/sql-worker.ts';
import type { Column } from '../../core/protocol/types.ts';
import { columnType, FIELD, type MariadbType, nativeType } from '../../language/dialects/mariadb/types.ts';
import type { CallControl } from '../kit/call-control.ts';
import { readOwnRows } from './own-query.ts';
import type { WireSession } from './wire-session.ts';

/** The tables of the database in the URL first, so that what is left out of a large server is the rest. */
const CATALOG_SQL = `
select table_schema, table_name, table_schema <=> database(), column_name, data_type, column_type, numeric_precision, numeric_scale,
  character_set_name
from information_schema.columns
where table_schema not in ('mysql', 'information_schema', 'performance_schema', 'sys')
order by not table_schema <=> database(), table_schema, table_name, ordinal_position`;

type CatalogRow = readonly [
  schema: string,
  table: string,
  visible: number,
  column: string,
  type: string,
  declared: string,
  precision: number | null,
  scale: number | null,
  charset: string | null,
];

export async function readTables(
  session: WireSession,
  { maxColumns }: IntrospectCall,
  control: CallControl,
): Promise<IntrospectReply> {
  const query = { sql: CATALOG_SQL, maxRows: maxColumns + 1 };
  const rows = await readOwnRows<CatalogRow>(session, query, control);
  return { tables: tablesOf(rows.slice(0, maxColumns)), complete: rows.length <= maxColumns };
}

function tablesOf(rows: readonly CatalogRow[]): readonly DatabaseTable[] {
  const tables = new Map<string, DatabaseTable & { readonly columns: Column[] }>();
  for (const row of rows) {
    const [schema, name, visible, column] = row;
    const key = JSON.stringify([schema, name]);
    const table = tables.get(key) ?? { schema, name, visible: visible === 1, columns: [] };
    table.columns.push({ name: column, type: columnType(nativeType(declaredType(row))) });
    tables.set(key, table);
  }
  return [...tables.values()];
}

const FIELDS: Readonly<Record<string, number>> = {
  tinyint: FIELD.tiny,
  smallint: FIELD.short,
  mediumint: FIELD.int24,
  int: FIELD.long,
  bigint: FIELD.longlong,
  float: FIELD.float,
  double: FIELD.double,
  decimal: FIELD.decimal,
  date: FIELD.date,
  time: FIELD.time,
  datetime: FIELD.datetime,
  timestamp: FIELD.timestamp,
  year: FIELD.year,
  bit: FIELD.bit,
};

function declaredType([, , , , type, declared, precision, scale, charset]: CatalogRow): Partial<MariadbType> {
  if (type === 'uuid') return { format: 'uuid' };
  const field = FIELDS[type];
  if (field === undefined) return { binary: charset === null && !type.startsWith('inet') };
  return {
    field,
    unsigned: declared.includes('unsigned'),
    size: Number(precision ?? 0),
    scale: Number(scale ?? 0),
  };
}
