/** The error about bytes of the wire that no SQL worker writes. */
import { QueryError } from '../../../core/protocol/errors.ts';

export function corrupt(what: string): QueryError {
  return new QueryError('internal', `internal error: the rows of a SQL worker cannot be read: ${what}`);
}
