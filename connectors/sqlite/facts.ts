/**
 * The `facts` call: SQLite tells its authorizer, while it prepares a statement, which tables and functions it uses, those inside of
 * views too. There are no functions but SQLite's own, so that the lists of those that depend on more than data are complete.
 */
import { type SqlFacts, type TableName, type Volatility, worstOf } from '../../core/protocol/sql-facts.ts';
import type { FactsCall } from '../../core/protocol/sql-worker.ts';
import { ACTION, type SqliteFile } from './database.ts';
import { reading } from './reads.ts';

const STABLE =
  /^(date|time|datetime|julianday|unixepoch|strftime|timediff|current_\w+|sqlite_\w+|changes|total_changes|last_insert_rowid)$/i;
const VOLATILE = /^(random|randomblob|sqlite_log)$/i;
/** Tables that show the state of SQLite itself. */
const STATE = /^(dbstat|sqlite_stmt|bytecode|tables_used|sqlite_dbpage)$/i;

export function facts(file: SqliteFile, call: FactsCall): Promise<SqlFacts> {
  const tables = new Map<string, TableName>();
  const because = new Map<string, Volatility>();
  file.onAction = (action, first, second) => {
    const [table, used] = [String(first), String(second)];
    if (action === ACTION.read) {
      tables.set(table, { schema: 'main', name: table });
      if (STATE.test(table)) because.set(`${table} shows the state of SQLite`, 'volatile');
    } else if (action === ACTION.function) {
      if (VOLATILE.test(used)) because.set(`${used}() is different each time`, 'volatile');
      if (STABLE.test(used)) because.set(`${used}() may depend on the moment`, 'stable');
    }
  };
  return reading(file, call, call.sql, (statement) => {
    if (statement.isExplain) because.set('it explains', 'volatile');
    const reasons = [...because.keys()];
    return {
      volatility: worstOf([...because.values()]),
      tables: [...tables.values()],
      because: reasons,
      files: [file.path, `${file.path}-wal`],
    };
  }).finally(() => {
    file.onAction = null;
  });
}
