/** Decides which of two errors is the cause: two workers serve a query with stages, and the failure of one ends the other. */
import { QueryError } from '../../core/protocol/errors.ts';

/** Returns the error to report. `copyError` is the SQL worker's, or null when its copy ended well. */
export function rootCause(copyError: unknown, stagesError: unknown): unknown {
  if (copyError === null) return stagesError;
  // When the DSL worker dies, its end of an input closes, and the SQL worker can only report that.
  if (hasCode(stagesError, 'worker-lost')) return stagesError;
  return hasCode(copyError, 'cancelled') ? stagesError : copyError;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof QueryError && error.code === code;
}
