/**
 * The `describe-stages` call: which columns a SELECT of the stage engine's has, found by preparing it over empty tables.
 * Nothing is read and no row is made, and the optimizer is off: it would compute what is constant, outside of the memory
 * limit and deaf to interrupts. The binder still computes constant arguments of functions: they end with the deadline, after
 * which the process is killed, and with the limit on the memory of the whole process (`dsl.dataLimitBytes`).
 */
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import type {
  DescribeStagesCall,
  DescribeStagesReply,
  DslWorkerConfig,
} from '../../core/protocol/dsl-worker.ts';
import type { QueryError } from '../../core/protocol/errors.ts';
import { quoteName } from '../../language/dialects/duckdb/sql.ts';
import type { Engine } from './engine.ts';
import { engineError } from './engine-errors.ts';
import { deadlineExceeded, remainingMs } from './query-run.ts';
import type { RunningCall } from './service.ts';
import { refusedSql } from './user-sql/refused-sql.ts';
import { refuseUnlisted, stageRules } from './user-sql/sql-guard.ts';
import { parseSelect } from './user-sql/sql-tree.ts';

export function startDescribe(
  engine: Engine,
  config: DslWorkerConfig,
  call: DescribeStagesCall,
): RunningCall<DescribeStagesReply> {
  let cause: QueryError | null = null;
  function abort(reason: QueryError): void {
    cause ??= reason;
    engine.connection.interrupt();
  }

  async function execute(): Promise<DescribeStagesReply> {
    const timer = setTimeout(() => abort(deadlineExceeded()), remainingMs(call.deadlineAt));
    try {
      const reply = await describe(engine.connection, call);
      if (cause !== null) throw cause;
      return reply;
    } catch (thrown) {
      throw cause ?? engineError(thrown, config);
    } finally {
      clearTimeout(timer);
    }
  }

  return { queryId: call.queryId, done: execute(), abort };
}

async function describe(
  connection: DuckDBConnection,
  { sql, relations }: DescribeStagesCall,
): Promise<DescribeStagesReply> {
  refuseUnlisted(await parseSelect(connection, sql), sql, stageRules(relations.map(({ name }) => name)));
  await connection.run('PRAGMA disable_optimizer');
  for (const { name, columns } of relations) {
    const items = columns.map((column) => `${quoteName(column.name)} ${column.engineType}`);
    await connection.run(`CREATE TEMP TABLE ${name} (${items.join(', ')})`);
  }
  const statement = await prepare(connection, sql);
  const columns = Array.from({ length: statement.columnCount }, (_, index) => ({
    name: statement.columnName(index),
    engineType: String(statement.columnType(index)),
  }));
  return { columns };
}

const BEFORE = 'SELECT * FROM (';

/** Nested, so that nothing but a SELECT can stand there. */
async function prepare(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const sent = `${BEFORE}${sql}\n) AS described`;
  try {
    return await connection.prepare(sent);
  } catch (thrown) {
    throw refusedSql(thrown, sent, BEFORE.length) ?? thrown;
  }
}
