/** The SQL in PostgreSQL of what stages compute themselves. */
import type { FunctionTable } from '../../function-table.ts';
import { ownRows } from '../../own-rows.ts';
import { OWN } from '../../standard-sql.ts';
import { raiseInPostgres } from '../raise.ts';
import { POSTGRES_LISTS } from '../traits.ts';

export const own = { ...OWN, ...ownRows(POSTGRES_LISTS, raiseInPostgres) } satisfies FunctionTable;
