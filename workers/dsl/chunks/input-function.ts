/**
 * The table function by which the engine reads an input; `forkline_input(0)` is the first one. The engine calls it on a thread
 * of its own, which waits until it has run here, on the JavaScript thread. So it must not wait itself: it hands over what
 * there is.
 *
 * When no rows are there yet it hands over one row that holds nothing but how long to sleep. `inputRows` is the SELECT that
 * sleeps so long, on the engine's thread, and drops that row. Its OFFSET 0 keeps the engine from merging other conditions into
 * that filter, or moving them below it: nothing else ever sees such a row.
 */
import { type DuckDBConnection, DuckDBTableFunction, INTEGER } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { quoteName } from '../../../language/dialects/duckdb/sql.ts';
import { engineTypeOf, type WireColumn } from './decoders.ts';
import { InputScan } from './input-scan.ts';
import type { RowSource } from './row-source.ts';

const NAME = 'forkline_input';
const WAIT_COLUMN = 'wait';

/** The columns of an input by their names, as they are read. */
export function inputRows(columns: readonly Pick<WireColumn, 'name'>[], index: number): string {
  const items = columns.map(({ name }, place) => `r${place} AS ${quoteName(name)}`);
  const isRow = `CASE WHEN ${WAIT_COLUMN} IS NULL THEN TRUE ELSE sleep_ms(${WAIT_COLUMN}) IS NOT NULL END`;
  return `SELECT ${items.join(', ')} FROM ${NAME}(${index}) WHERE ${isRow} OFFSET 0`;
}

/** Makes the function known to the engine for as long as it lives; `sourceOf` finds an input of the query that runs. */
export function registerInputFunction(
  connection: DuckDBConnection,
  sourceOf: (index: number) => RowSource,
): void {
  const created = DuckDBTableFunction.create({
    name: NAME,
    parameterTypes: [INTEGER],
    supportsProjectionPushdown: true,
    bindFunction(info) {
      const source = sourceOf(Number(info.getParameter(0)));
      for (const [place, column] of source.columns.entries())
        info.addResultColumn(`r${place}`, engineTypeOf(column));
      info.addResultColumn(WAIT_COLUMN, INTEGER);
      info.setBindData(source);
    },
    initFunction: (info) =>
      info.setInitData(new InputScan(info.bindData as RowSource, info.getColumnIndexes())),
    mainFunction: () => {},
  });
  // The bindings themselves are used, so that a call makes no objects but those of the vectors.
  duckdb.table_function_set_function(created.table_function, (info, output) =>
    (duckdb.function_get_init_data(info) as InputScan).fill(output),
  );
  connection.registerTableFunction(created);
}
