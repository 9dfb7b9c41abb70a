/**
 * Runs one query's statements on the engine; none starts once the query has a cause to end.
 *
 * The engine plans a prepared statement twice, once to prepare it and again to run it, and planning is most of what a
 * query on few rows takes. So only those are prepared that must be: with parameters, and with SQL of a user's in them,
 * where preparing is what refuses a second statement.
 */
import type {
  DuckDBConnection,
  DuckDBMaterializedResult,
  DuckDBPreparedStatement,
  DuckDBResult,
} from '@duckdb/node-api';
import type { RunStagesCall } from '../../core/protocol/dsl-worker.ts';
import type { QueryError } from '../../core/protocol/errors.ts';
import { bindParameters } from './parameters.ts';

export interface StatementRunner {
  /** Runs a statement that ends with the number of rows that it wrote, and returns that number. */
  runCounted(sql: string): Promise<number>;
  /** Plans a statement now that `runPrepared` runs later. */
  prepare(sql: string): Promise<DuckDBPreparedStatement>;
  /** Runs a prepared statement of few rows: they are gathered. */
  runPrepared(statement: DuckDBPreparedStatement): Promise<DuckDBMaterializedResult>;
  /** Rows as they come; nothing is gathered. */
  stream(sql: string): Promise<DuckDBResult>;
  /** The DuckDB types of a SELECT's columns. */
  columnTypes(sql: string): Promise<readonly string[]>;
}

export function createStatementRunner(
  connection: DuckDBConnection,
  { plan, parameters }: Pick<RunStagesCall, 'plan' | 'parameters'>,
  cause: () => QueryError | null,
): StatementRunner {
  const mustPrepare = plan.parameters.length > 0 || plan.runsUserSql;

  function throwCause(): void {
    const ending = cause();
    if (ending !== null) throw ending;
  }

  async function prepare(sql: string): Promise<DuckDBPreparedStatement> {
    throwCause();
    const statement = await connection.prepare(sql);
    throwCause(); // an interrupt that came while it was prepared would not reach its run
    // A statement over rows that were set aside before has none of the query's parameters left.
    if (statement.parameterCount > 0) bindParameters(statement, plan.parameters, parameters);
    return statement;
  }

  async function run(sql: string): Promise<DuckDBMaterializedResult> {
    if (mustPrepare) return (await prepare(sql)).run();
    throwCause();
    return connection.run(sql);
  }

  return {
    prepare,
    async runPrepared(statement) {
      throwCause();
      return statement.run();
    },
    async runCounted(sql) {
      const result = await run(sql);
      // The result has one row, which is read here without another turn of the engine's threads.
      return result.chunkCount === 0 ? 0 : Number(result.getChunk(0).getColumnValues(0)[0]);
    },
    async stream(sql) {
      return (await prepare(sql)).stream();
    },
    async columnTypes(sql) {
      const statement = await prepare(sql);
      return Array.from({ length: statement.columnCount }, (_, index) => String(statement.columnType(index)));
    },
  };
}
