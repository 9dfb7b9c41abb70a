/** Window functions in PostgreSQL, which counts in int8, but in int4 for ntile. */
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { away, windowed } from '../../standard-sql.ts';

function counted(name: string): Emitter {
  return (_, { over, call }) => `CAST(${name}(${call.constants.join('')})${over} AS int8)`;
}

export const window = {
  row_number: counted('row_number'),
  rank: counted('rank'),
  dense_rank: counted('dense_rank'),
  ntile: counted('ntile'),
  lag: away('lag'),
  lead: away('lead'),
  first_value: windowed('first_value'),
  last_value: windowed('last_value'),
} satisfies FunctionTable;
