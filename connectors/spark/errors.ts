/**
 * Turns Spark's errors into those that the user is told. Spark's own words are kept up to the place where it shows the SQL and its
 * plans; what gRPC says of addresses is not.
 */
import { UrlError } from '../../core/config/urls/spark-url.ts';
import { type ErrorCode, QueryError } from '../../core/protocol/errors.ts';
import { MARK, raisedFrom } from '../../core/protocol/raised-error.ts';
import { positionOf } from '../../language/dialects/spark/tokens.ts';
import { REFUSED_ADDRESS_TEXT } from '../kit/address-guard.ts';

/** Codes of gRPC. */
const GRPC = {
  cancelled: 1,
  deadline: 4,
  resource: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
  denied: 7,
} as const;
const LOST = 'the connection to Spark was lost';
const RETRY_AFTER_SECONDS = 1;
const MOST_MESSAGE = 2000;

/** Our codes by the beginnings of Spark's error classes; those that are not listed are `sql-error`. */
const CLASSES: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^PARSE_|^UNSUPPORTED_SYNTAX|^INVALID_IDENTIFIER|^UNCLOSED_BRACKETED_COMMENT/, 'sql-syntax'],
  [/^UNRESOLVED_COLUMN|^FIELD_NOT_FOUND/, 'unknown-column'],
  [/^AMBIGUOUS_REFERENCE|^AMBIGUOUS_COLUMN/, 'ambiguous-column'],
  [/^UNRESOLVED_ROUTINE|^UNRESOLVABLE_TABLE_VALUED_FUNCTION/, 'unknown-function'],
  [/^INSUFFICIENT_PERMISSIONS|^PERMISSION/, 'permission-denied'],
  [/^OPERATION_CANCELED/, 'cancelled'],
  [/^INVALID_HANDLE|^INVALID_CURSOR/, 'database-unavailable'],
];
/** Classes of values that a query met, not of its text. */
const VALUE_CLASSES =
  /^(?:USER_RAISED_EXCEPTION|DIVIDE_BY_ZERO|ARITHMETIC_OVERFLOW|CAST_|NUMERIC_VALUE_OUT_OF_RANGE|INVALID_ARRAY_INDEX|DATETIME_OVERFLOW|CANNOT_PARSE|INVALID_PARAMETER_VALUE)/;

/** The error of ours in what `raise_error` says (language/dialects/spark/bins.ts). */
const RAISED = new RegExp(`^\\[USER_RAISED_EXCEPTION\\] ${MARK}(\\{.*\\}) SQLSTATE`, 's');
const CLASS = /^\s*\[([A-Z0-9_.]+)\]\s*/;
const SQLSTATE = /SQLSTATE: ([0-9A-Z]{5})/;
const PLACE = /(?:\(line (\d+), (?:pos|position) (\d+)\)|line (\d+),? pos (\d+))/;
/** Spark counts a position in an error's context from 1, and that of a syntax error from 0. */
const CONTEXT = /== SQL \(line (\d+), position (\d+)\) ==/;

/** A statement as it was sent, with the UTF-16 units before the SQL that the call had. */
export interface SentSql {
  readonly sql: string;
  readonly before: number;
}

/** `thrown`: what a call of the stub gave. */
export function statementError(thrown: unknown, asked: SentSql): QueryError {
  if (thrown instanceof QueryError) return thrown;
  const { code, text } = serviceError(thrown);
  const known = unreachable(code, text);
  if (known !== null) return known;
  const errorClass = CLASS.exec(text)?.[1] ?? '';
  const ours = CLASSES.find(([pattern]) => pattern.test(errorClass))?.[1] ?? 'sql-error';
  const raised = RAISED.exec(text);
  const position = placeOf(text, asked);
  const sqlstate = SQLSTATE.exec(text)?.[1];
  return new QueryError(ours, messageOf(text), {
    fromDatabase: true,
    ...(sqlstate === undefined ? {} : { sqlstate }),
    ...(VALUE_CLASSES.test(errorClass) && { sqlFault: 'value' as const }),
    ...(raised !== null && { raised: raisedFrom(raised[1]!) }),
    ...(position === null ? {} : { sqlPosition: position }),
    ...(ours === 'database-unavailable' ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
  });
}

/** Returns the error of a connection that could not be opened, without its URL. `thrown` is null before the first outcome. */
export function connectFailure(name: string, thrown: unknown): QueryError {
  const told = thrown === null ? 'it did not answer in time' : reasonOf(thrown);
  const reason =
    told === LOST ? `${LOST} before it answered (a server that wants TLS does so: /;use_ssl=true)` : told;
  return new QueryError(
    'database-unavailable',
    `the Spark of connection "${name}" is not available: ${reason}`,
    {
      hint: 'The server keeps trying to reconnect.',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    },
  );
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof UrlError) return thrown.message;
  if (thrown instanceof QueryError) return thrown.message;
  const { code, text } = serviceError(thrown);
  return unreachable(code, text)?.message ?? messageOf(text);
}

/** Says whether the network failed, or the server went away, rather than the query. */
export function isBroken(thrown: unknown): boolean {
  const { code, text } = serviceError(thrown);
  return code === GRPC.unavailable || (code === GRPC.internal && /RST_STREAM/.test(text));
}

/** Says whether a call ended here, while its answer was still waited for. */
export function isWithoutAnswer(thrown: unknown): boolean {
  const { code } = serviceError(thrown);
  return code === GRPC.cancelled || code === GRPC.deadline;
}

function serviceError(thrown: unknown): { readonly code: number | null; readonly text: string } {
  if (typeof thrown !== 'object' || thrown === null) return { code: null, text: String(thrown) };
  const { code, details, message } = thrown as { code?: unknown; details?: unknown; message?: unknown };
  const text = typeof details === 'string' && details !== '' ? details : String(message ?? thrown);
  return { code: typeof code === 'number' ? code : null, text };
}

function unreachable(code: number | null, text: string): QueryError | null {
  const retry = { retryAfterSeconds: RETRY_AFTER_SECONDS };
  switch (code) {
    case GRPC.unavailable:
      return new QueryError('database-unavailable', unavailableReason(text), retry);
    case GRPC.unauthenticated:
      return new QueryError('database-unavailable', 'Spark refuses the token of the connection', retry);
    case GRPC.unimplemented:
      return new QueryError(
        'database-unavailable',
        'the server does not know a call of Spark Connect: it is none, or older than Spark 3.4',
        retry,
      );
    case GRPC.denied:
      return new QueryError('permission-denied', messageOf(text), { fromDatabase: true });
    case GRPC.deadline:
      return new QueryError('deadline-exceeded', 'the query did not end in the time it had');
    case GRPC.cancelled:
      return new QueryError('cancelled', 'the query was interrupted in Spark');
    case GRPC.resource:
      return new QueryError(
        'result-too-large',
        'a row, or a batch of rows, is larger than a message may be',
        {
          hint: 'Leave the long column out, or shorten it in the SQL.',
        },
      );
    default:
      return null;
  }
}

function unavailableReason(text: string): string {
  if (text.includes(REFUSED_ADDRESS_TEXT)) return REFUSED_ADDRESS_TEXT;
  if (/ENOTFOUND|EAI_AGAIN|Name resolution/i.test(text))
    return 'Spark cannot be reached: its host name is unknown';
  if (/ECONNREFUSED/.test(text)) return 'Spark cannot be reached: it refuses connections';
  if (/CERT|certificate|SSL|TLS|EPROTO/i.test(text))
    return 'Spark cannot be reached: TLS failed (its certificate is not accepted, or it speaks none)';
  return LOST;
}

/** Keeps Spark's sentence, without its class and what it prints of SQL and plans. */
function messageOf(text: string): string {
  const sentence = text
    .replace(CLASS, '')
    .split(/\n(?:== |;\n|')|\s*SQLSTATE: /)[0]!
    .trim();
  return sentence.length > MOST_MESSAGE ? `${sentence.slice(0, MOST_MESSAGE)}...` : sentence;
}

/** Returns the 1-based position in code points of the call's SQL; null when Spark tells none, or one outside of it. */
function placeOf(text: string, { sql, before: skipped }: SentSql): number | null {
  const context = CONTEXT.exec(text);
  const [line, column] = context === null ? plainPlace(text) : [Number(context[1]), Number(context[2]) - 1];
  if (line === null || column === null) return null;
  const lines = sql.split('\n');
  if (line < 1 || line > lines.length) return null;
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const offset = Math.min(before + column, sql.length) - skipped;
  return offset < 0 ? null : positionOf(sql.slice(skipped), offset);
}

function plainPlace(text: string): readonly [number | null, number | null] {
  const found = PLACE.exec(text);
  if (found === null) return [null, null];
  return [Number(found[1] ?? found[3]), Number(found[2] ?? found[4])];
}
