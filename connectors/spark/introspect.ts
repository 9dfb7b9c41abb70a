/** Lists the tables and views of the current database, with their columns, by Spark's catalogue. */

import { tableFromIPC } from 'apache-arrow';
import type { DatabaseTable, IntrospectCall, IntrospectReply } from '../../core/protocol/sql-worker.ts';
import { quoteName } from '../../language/dialects/spark/sql.ts';
import { columnOf } from '../../language/dialects/spark/types.ts';
import { planOf } from './plans.ts';
import type { QuerySession } from './query-session.ts';
import { columnsOf } from './schema.ts';

/** Each table costs a call. */
const MOST_TABLES = 200;

export async function readTables(
  session: QuerySession,
  { maxColumns }: IntrospectCall,
): Promise<IntrospectReply> {
  const names = await tableNames(session);
  const tables: DatabaseTable[] = [];
  let left = maxColumns;
  for (const { schema, name } of names.slice(0, MOST_TABLES)) {
    const columns = await columnsIn(session, name);
    left -= columns.length;
    if (left < 0) return { tables, complete: false };
    tables.push({ schema, name, visible: true, columns });
  }
  return { tables, complete: names.length <= MOST_TABLES };
}

async function tableNames(
  session: QuerySession,
): Promise<readonly { readonly schema: string; readonly name: string }[]> {
  const plan = { root: { catalog: { list_tables: {} } } };
  const names: { schema: string; name: string }[] = [];
  for await (const data of session.execute({ plan, sql: '', before: 0 }))
    for (const row of tableFromIPC(data)) {
      const { name, namespace } = row.toJSON() as { name: string; namespace: Iterable<string> | null };
      names.push({ schema: [...(namespace ?? [])].join('.'), name });
    }
  return names;
}

/** A table that cannot be read any more has no columns. */
async function columnsIn(session: QuerySession, name: string): Promise<DatabaseTable['columns']> {
  try {
    return columnsOf(await session.schema(planOf(`select * from ${quoteName(name)}`))).map(columnOf);
  } catch {
    return [];
  }
}
