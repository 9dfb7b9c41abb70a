/** SQLite files for tests, made by SQLite itself in memory and written as a whole. */
import { writeFileSync } from 'node:fs';
import init from '@sqlite.org/sqlite-wasm';

let loading: ReturnType<typeof init> | undefined;

/** Writes a database in which `sql` ran. */
export async function writeSqliteFile(path: string, sql: string): Promise<void> {
  loading ??= init();
  const { oo1, capi } = await loading;
  const database = new oo1.DB(':memory:');
  try {
    database.exec(sql);
    writeFileSync(path, capi.sqlite3_js_db_export(database.pointer!));
  } finally {
    database.close();
  }
}
