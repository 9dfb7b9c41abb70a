/**
 * What the guard says of a text that may run: its facts, found once by the grammar (judge.ts), kept with the plan, and sent
 * to the SQL worker, which runs no SQL without them. JSON-safe. A refusal is a QueryError instead.
 */
import type { FunctionUse } from '../../../../core/protocol/plan.ts';

export interface JudgedSql {
  /** Whether its rows can feed stages: SELECT, VALUES and TABLE, with or without WITH. */
  readonly copyable: boolean;
  /** Those that the database's catalogue must say more about (function-check.ts). */
  readonly functions: readonly FunctionUse[];
}
