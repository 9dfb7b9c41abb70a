/**
 * DuckDB's errors as ours. DuckDB tells its errors apart by the first words of their text only, so the tables here are
 * the one place that reads them. A kind of error that a query's values or expressions can cause is the query's fault;
 * what is left (INTERNAL, FATAL, IO and kinds that are new) is `internal`, with the text kept. No text names a file of
 * the worker's.
 */
import { dirname } from 'node:path';
import type { DslWorkerConfig } from '../../core/protocol/dsl-worker.ts';
import { type ErrorDetails, QueryError } from '../../core/protocol/errors.ts';
import { MARK, REFUSED_MARK, raisedFrom } from '../../core/protocol/raised-error.ts';

export type Limits = Pick<DslWorkerConfig, 'memoryBytes' | 'spillBytes' | 'spillDir' | 'fifoPath'>;

interface Rule {
  readonly pattern: RegExp;
  toError(message: string, limits: Limits, cause: unknown): QueryError;
}

const SPILL = /max_temp_directory_size|temp(orary)? directory.*(full|limit)|No space left on device/is;

/** First match wins. */
const RULES: readonly Rule[] = [
  {
    pattern: SPILL,
    toError: (_, { spillBytes }, cause) =>
      new QueryError(
        'spill-exceeded',
        `the stages needed more than ${spillBytes} bytes of disk for their intermediate results`,
        {
          hint: 'filter or aggregate earlier, or leave out columns that are not needed',
          limit: { name: 'dslSpillBytes', value: spillBytes },
        },
        cause,
      ),
  },
  {
    pattern: /^Out of Memory Error/i,
    toError: (_, { memoryBytes }, cause) =>
      new QueryError(
        'memory-exceeded',
        `the stages needed more than ${memoryBytes} bytes of memory`,
        {
          hint: 'filter or aggregate earlier, or leave out columns that are not needed',
          limit: { name: 'dslMemoryBytes', value: memoryBytes },
        },
        cause,
      ),
  },
  {
    pattern: /^Conversion Error/i,
    toError: (message, _, cause) =>
      new QueryError('bad-value', conversionMessage(message), conversionHint(message), cause),
  },
  {
    // Only a parameter can be negative: the compiler refuses a negative literal.
    pattern: /LIMIT\/OFFSET cannot be negative/,
    toError: (_message, _limits, cause) =>
      new QueryError(
        'bad-parameter',
        '`head` takes a whole number of rows, 0 or more',
        { hint: 'send its parameter as 0 or more' },
        cause,
      ),
  },
  {
    // These are the errors that a value or an expression can cause while rows are computed.
    pattern:
      /^(Out of Range|Invalid Input|Mismatch Type|Decimal|Divide by Zero|Object Size|Expression|Constraint|Sequence|Syntax|Unknown Type|Invalid type|Parameter Not Allowed) Error/i,
    toError: (message, _, cause) => new QueryError('bad-value', clip(sentence(message)), {}, cause),
  },
  {
    // A name in a text that is read as a time.
    pattern: /^Not implemented Error: Unknown TimeZone/i,
    toError: (message, _, cause) => new QueryError('bad-value', clip(sentence(message)), {}, cause),
  },
  {
    // A combination of types or constants that the engine has no code for.
    pattern: /^(Not implemented|Missing Extension) Error/i,
    toError: (message, _, cause) => new QueryError('unsupported', clip(sentence(message)), {}, cause),
  },
  {
    pattern: /^Permission Error/i,
    toError: (message, _, cause) => new QueryError('read-only', clip(sentence(message)), {}, cause),
  },
  {
    // A path into JSON that is put together while the statement is planned.
    pattern: /^Binder Error: JSON path error/i,
    toError: (message, _, cause) => new QueryError('bad-value', clip(sentence(message)), {}, cause),
  },
  {
    // Cancelled without our having asked for it: never an answer, never a user's mistake.
    pattern: /^INTERRUPT Error/i,
    toError: (_, __, cause) => new QueryError('cancelled', 'the query was interrupted', {}, cause),
  },
];

/** Any error thrown by the engine, or a QueryError as it is. */
export function engineError(thrown: unknown, limits: Limits): QueryError {
  if (thrown instanceof QueryError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  // A text that casts refuse carries a mark of ours.
  const message = withoutPaths(text.replaceAll(REFUSED_MARK, ''), limits);
  const raised = raisedError(message, thrown);
  if (raised !== null) return raised;
  const rule = RULES.find(({ pattern }) => pattern.test(message));
  if (rule !== undefined) return rule.toError(message, limits, thrown);
  return new QueryError('internal', `internal error: ${message}`, {}, thrown);
}

/** The text with a word in the place of each path below the directories of the worker. */
function withoutPaths(text: string, { spillDir, fifoPath }: Limits): string {
  return [spillDir, dirname(fifoPath)].reduce((shown, dir) => {
    const pieces = shown.split(dir);
    return [
      pieces[0],
      ...pieces.slice(1).map((piece) => piece.replace(/^[^\s"']*/, '(a file of the worker)')),
    ].join('');
  }, text);
}

/** The first paragraph without the error's class: what follows shows our own SQL, which nobody wrote. */
function sentence(message: string): string {
  const text = message.replace(/^[A-Za-z ]+ Error: */i, '');
  return text.split(/\n\s*\n|\nLINE \d/, 1)[0]!.trim();
}

/** Names of the types as users know them. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  INT8: 'int64',
  INT16: 'int64',
  INT32: 'int64',
  INT64: 'int64',
  BIGINT: 'int64',
  INT128: 'int64',
  HUGEINT: 'int64',
  DOUBLE: 'float64',
  VARCHAR: 'string',
  BOOL: 'bool',
  BOOLEAN: 'bool',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
};

/** The failing cast that float64 arithmetic raises (language/types/float-range.ts). */
const RANGE_ERROR = /Could not convert string '(the result is out of range for float64)' to DOUBLE/;

function conversionMessage(message: string): string {
  const range64 = RANGE_ERROR.exec(message);
  if (range64 !== null) return range64[1]!;
  const cast =
    /Could not convert string ['"]([\s\S]*?)['"] to ([A-Z0-9 (),]+?)(?: when casting from source column (\S+))?(?:\n|$)/.exec(
      message,
    );
  if (cast !== null)
    return `${columnPrefix(cast[3])}'${clip(cast[1]!)}' is not a valid ${userType(cast[2]!)}`;
  const range =
    /with value (\S+) can't be cast.* for the destination type ([A-Z0-9]+)(?: when casting from source column (\S+))?/.exec(
      message,
    );
  if (range !== null)
    return `${columnPrefix(range[3])}${range[1]} is out of range for ${userType(range[2]!)}`;
  const moment =
    /^Conversion Error: invalid (date|time|timestamp) field format: "([\s\S]*?)", expected/i.exec(message);
  // The engine reads a date by way of a timestamp.
  if (moment !== null)
    return `'${clip(moment[2]!)}' is not a valid ${moment[1] === 'time' ? 'time' : 'date or timestamp'}`;
  return clip(sentence(message));
}

function conversionHint(message: string): ErrorDetails {
  return /Could not convert string|field format/.test(message)
    ? { hint: 'try_cast gives null for what cannot be converted' }
    : {};
}

function columnPrefix(column: string | undefined): string {
  // c0, c1, ... are this worker's own names for the answer's columns.
  return column === undefined || /^c\d+$/.test(column) ? '' : `column ${column}: `;
}

function userType(engineType: string): string {
  return TYPE_NAMES[engineType.trim()] ?? engineType.trim().toLowerCase();
}

function clip(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

// Anchored: a value of the user's, quoted later in another message, must not pass for it.
const RAISED = new RegExp(`^Invalid Input Error: ${MARK}(\\{.*\\})`);

/** Returns the error of ours that the engine's exception carries; null when there is none in it. */
function raisedError(message: string, cause: unknown): QueryError | null {
  const found = RAISED.exec(message);
  if (found === null) return null;
  const { code, message: text, ...details } = raisedFrom(found[1]!);
  return new QueryError(code, text, details, cause);
}
