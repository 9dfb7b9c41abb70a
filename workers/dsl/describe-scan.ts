/** The `describe-scan` call: which columns a user's SQL over files has. Only the first file of each table is opened. */
import type { DuckDBType } from '@duckdb/node-api';
import type { DescribeScanCall, DescribeScanReply } from '../../core/protocol/dsl-worker.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { nativeType } from '../../language/dialects/files/types.ts';
import { connectionOf, openTables, type ScanTools, withTables } from './scan-sql.ts';
import { emptyRelation } from './scans/open-table.ts';
import type { ScanContext } from './scans/scan-context.ts';
import type { ShownTable } from './scans/shown-table.ts';
import { refusedSql } from './user-sql/refused-sql.ts';

export async function describeScan(
  tools: ScanTools,
  { connection, sql, parameters, views }: DescribeScanCall,
): Promise<DescribeScanReply> {
  const tables = await openTables(
    tools,
    { files: connectionOf(tools, connection), views },
    sql,
    parameters.length,
  );
  return { columns: await describeOver(tools, sql, tables) };
}

const BEFORE = 'SELECT * FROM (\n';

/** Returns the columns of SQL over these tables. An error has its place in the SQL. */
export async function describeOver(
  { connection }: ScanContext,
  sql: string,
  tables: readonly ShownTable[],
): Promise<readonly DatabaseColumn[]> {
  const prefix = `${withTables(tables, emptyRelation)}${BEFORE}`;
  const sent = `${prefix}${sql}\n) AS described`;
  try {
    const statement = await connection.prepare(sent);
    return Array.from({ length: statement.columnCount }, (_, index) => ({
      name: statement.columnName(index),
      type: nativeType(nameOfType(statement.columnType(index))),
    }));
  } catch (thrown) {
    throw refusedSql(thrown, sent, prefix.length) ?? thrown;
  }
}

/** JSON is a text to the engine, under another name. */
function nameOfType(type: DuckDBType): string {
  return type.alias ?? String(type);
}
