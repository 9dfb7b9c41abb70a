/** Window functions in the stage engine. */
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { away, windowed } from '../../standard-sql.ts';

const ntile: Emitter = (_, { over, call }) => `ntile(${call.constants[0]})${over}`;

export const window = {
  row_number: windowed('row_number'),
  rank: windowed('rank'),
  dense_rank: windowed('dense_rank'),
  ntile,
  lag: away('lag'),
  lead: away('lead'),
  first_value: windowed('first_value'),
  last_value: windowed('last_value'),
} satisfies FunctionTable;
