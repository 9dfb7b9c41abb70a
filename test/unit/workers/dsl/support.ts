/** An engine without a process around it, for tests of the SQL that the DSL worker makes. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export async function withEngine<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The first column of every row, as JavaScript prints it. */
export async function firstColumn(connection: DuckDBConnection, sql: string): Promise<(string | null)[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRows().map(([value]) => (value === null || value === undefined ? null : String(value)));
}
