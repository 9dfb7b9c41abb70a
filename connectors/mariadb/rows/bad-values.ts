/** Errors of values that MariaDB stores and our types have not: each names its column and says what to write instead. */
import { QueryError } from '../../../core/protocol/errors.ts';

export function zeroDate(name: string, date: string): QueryError {
  return badValue(
    name,
    `the date ${date}, which there is not`,
    `nullif(${name}, '${date}'), or cast(${name} as char)`,
  );
}

export function badTime(name: string, shown: string): QueryError {
  return badValue(name, `the time ${shown}, which is no time of a day`, `time_to_sec(${name})`);
}

export function badJson(name: string): QueryError {
  return badValue(name, 'a text that is no JSON, though MariaDB takes it for JSON', `cast(${name} as char)`);
}

function badValue(name: string, holds: string, mend: string): QueryError {
  return new QueryError('bad-value', `column ${name} holds ${holds}`, { hint: `write in the SQL: ${mend}` });
}
