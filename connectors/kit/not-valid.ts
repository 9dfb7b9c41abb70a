/** The error about a text that is no value of its column's type: what the database holds is not what it declares. */
import { QueryError } from '../../core/protocol/errors.ts';

const LONGEST = 200;

export function notValid(column: string, text: string, type: string): QueryError {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return new QueryError('bad-value', `column ${column}: '${shown}' is not a valid ${type}`, {
    hint: 'Cast the column to a text in the SQL, where each value is as it is.',
  });
}
