/** SQLite's errors as what users are told: its own words, a code, and the place in the SQL. */
import { type ErrorCode, QueryError } from '../../core/protocol/errors.ts';

/** Error codes by SQLite's primary result code. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  7: 'memory-exceeded', // SQLITE_NOMEM: the limit of the heap
  8: 'read-only',
  10: 'database-unavailable', // SQLITE_IOERR
  11: 'database-unavailable', // SQLITE_CORRUPT
  14: 'database-unavailable', // SQLITE_CANTOPEN
  18: 'memory-exceeded', // SQLITE_TOOBIG
  23: 'read-only', // SQLITE_AUTH
  26: 'database-unavailable', // SQLITE_NOTADB
};

/** Errors of preparing have one code, so that their words tell them apart. */
const WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/syntax error|incomplete input|unrecognized token/, 'sql-syntax'],
  [/^no such column/, 'unknown-column'],
  [/^ambiguous column/, 'ambiguous-column'],
  [/^no such function|wrong number of arguments to function/, 'unknown-function'],
];

const SAID: Readonly<Partial<Record<ErrorCode, { readonly message?: string; readonly hint: string }>>> = {
  'read-only': {
    message: 'the statement does more than read, which is refused',
    hint: 'SQL on SQLite files is SELECT, WITH, VALUES or EXPLAIN; it attaches nothing and reads no pragma.',
  },
  'memory-exceeded': { hint: 'Filter or aggregate earlier, or select fewer columns.' },
};

/** `offset`: in bytes of the SQL, below 0 when it is not known. */
export function sqliteError(code: number, message: string, sql: string, offset: number): QueryError {
  const primary = code & 0xff;
  const errorCode = CODES[primary] ?? WORDS.find(([pattern]) => pattern.test(message))?.[1] ?? 'sql-error';
  const said = SAID[errorCode];
  return new QueryError(errorCode, said?.message ?? message, {
    fromDatabase: true,
    ...(said === undefined ? {} : { hint: said.hint }),
    ...(offset < 0 ? {} : { sqlPosition: [...Buffer.from(sql).subarray(0, offset).toString()].length + 1 }),
  });
}

const FILE_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  EACCES: 'the file may not be read',
  EISDIR: 'its path is that of a directory',
};

/** Says why a file cannot be opened, without its path. */
export function fileError(name: string, thrown: unknown): QueryError {
  const systemCode = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const why = FILE_FAILURES[systemCode] ?? (thrown instanceof Error ? thrown.message : 'not tried yet');
  return new QueryError(
    'database-unavailable',
    `the database of connection "${name}" is not available: ${why}`,
    {
      hint: 'The server keeps trying to open it.',
      retryAfterSeconds: 1,
    },
  );
}
