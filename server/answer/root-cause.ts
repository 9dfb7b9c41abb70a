/** Two workers serve a query with stages, and the failure of one ends the other: which of two errors is the cause. */
import { QueryError } from '../../core/protocol/errors.ts';

/** `copyError` is the SQL worker's, null when it ended well. */
export function rootCause(copyError: unknown, stagesError: unknown): unknown {
  if (copyError === null) return stagesError;
  // With a dead DSL worker its pipe is gone, which the SQL worker can only report as a broken pipe.
  if (hasCode(stagesError, 'worker-lost')) return stagesError;
  return hasCode(copyError, 'cancelled') ? stagesError : copyError;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof QueryError && error.code === code;
}
