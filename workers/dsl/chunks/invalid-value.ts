/** The error about a value that could not enter the stages; `try_cast` there comes too late. */
import { QueryError } from '../../../core/protocol/errors.ts';

const LONGEST = 200;

const INPUT_HINT = 'cast it in the SQL: `column::text`';

export function invalidValue(column: string, value: string, type: string, hint = INPUT_HINT): QueryError {
  const shown = value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value;
  return new QueryError('bad-value', `column ${column}: '${shown}' is not a valid ${type}`, { hint });
}
