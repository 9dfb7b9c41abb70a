/** Type names in `cast(x as type)` and `x::type`, and which casts there are. */
import type { Span } from '../../core/protocol/errors.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../core/protocol/suggest.ts';
import { type ColumnType, MAX_PRECISION, type ScalarKind, typeName } from '../../core/protocol/types.ts';
import { decimal, type ExprType, STRING, UNSIZED_DECIMAL } from './rules.ts';

const NAMES: Readonly<Record<ScalarKind | 'decimal', readonly string[]>> = {
  bool: ['bool', 'boolean'],
  int64: ['int64', 'int', 'integer', 'bigint', 'int8', 'long'],
  float64: ['float64', 'float', 'double', 'real', 'float8'],
  string: ['string', 'text', 'varchar'],
  bytes: ['bytes', 'bytea'],
  date: ['date'],
  time: ['time'],
  timestamp: ['timestamp', 'datetime'],
  timestamptz: ['timestamptz'],
  interval: ['interval'],
  json: ['json', 'jsonb'],
  uuid: ['uuid'],
  decimal: ['decimal', 'numeric'],
};

/** One name of each type. */
export const TYPE_NAMES: readonly string[] = Object.keys(NAMES);

const byName = new Map<string, ScalarKind | 'decimal'>();
for (const [kind, names] of Object.entries(NAMES))
  for (const name of names) byName.set(name, kind as ScalarKind | 'decimal'); // the keys of NAMES are those kinds

export function typeFromName(to: TypeName): ColumnType {
  if (to.of !== null) return { kind: 'list', of: typeFromName(to.of) };
  const kind = byName.get(to.name);
  if (kind === undefined) {
    const suggestions = suggest(to.name, byName.keys());
    const hint = didYouMean(suggestions) ?? `one of ${Object.keys(NAMES).join(', ')}, list<...>`;
    throw new QueryError('wrong-arguments', `there is no type \`${to.name}\``, {
      span: to.span,
      hint,
      suggestions,
    });
  }
  if (kind === 'decimal') return decimalFromName(to);
  if (to.numbers.length > 0)
    throw new QueryError('wrong-arguments', `\`${to.name}\` has no size`, {
      span: to.span,
      hint: `write \`${to.name}\``,
    });
  return { kind };
}

function decimalFromName(to: TypeName): ColumnType {
  const [precision, scale = 0] = to.numbers;
  if (precision === undefined) return UNSIZED_DECIMAL;
  if (to.numbers.length <= 2 && precision >= 1 && precision <= MAX_PRECISION && scale <= precision)
    return decimal(precision, scale);
  throw new QueryError('wrong-arguments', `a decimal has 1 to ${MAX_PRECISION} digits, of them a fraction`, {
    span: to.span,
    hint: 'write `decimal(10,2)` for 10 digits, 2 of them after the point',
  });
}

function listCastExists(from: ExprType, of: ColumnType): boolean {
  if (from.kind === 'list') return castExists(from.of, of);
  if (from.kind !== 'json') return from.kind === 'null';
  return castExists(of.kind === 'list' ? from : STRING, of);
}

const NUMBERS: readonly ExprType['kind'][] = ['int64', 'float64', 'decimal'];
const MOMENTS: readonly ExprType['kind'][] = ['date', 'timestamp', 'timestamptz'];
const FROM_TEXT: readonly ExprType['kind'][] = [
  ...NUMBERS,
  ...MOMENTS,
  'bool',
  'time',
  'interval',
  'uuid',
  'json',
];

/**
 * Says whether there is a cast between the types. Text is cast to and from everything but bytes and lists; lists as their
 * elements are, and JSON to lists, whose elements are then cast from their text.
 */
export function castExists(from: ExprType, to: ColumnType): boolean {
  if (to.kind === 'list') return listCastExists(from, to.of);
  if (from.kind === 'null' || from.kind === to.kind) return true;
  if (to.kind === 'string') return from.kind !== 'bytes' && from.kind !== 'list';
  if (from.kind === 'string') return FROM_TEXT.includes(to.kind);
  if (NUMBERS.includes(from.kind)) return NUMBERS.includes(to.kind) || to.kind === 'bool';
  if (from.kind === 'bool') return NUMBERS.includes(to.kind);
  if (MOMENTS.includes(from.kind))
    return MOMENTS.includes(to.kind) || (to.kind === 'time' && from.kind !== 'date');
  return false;
}

/** Returns a hint how to convert between types that have no cast; `written`: the value's text in the query. */
export function hintWithoutCast(from: ExprType, to: ColumnType, written: string): string {
  const text = written.length <= 40 ? written : '...';
  if (from.kind === 'bytes' && to.kind !== 'list')
    return `convert it in the SQL: \`encode(${text}, 'hex')\` for its digits, \`convert_from(${text}, 'UTF8')\` for the text in it`;
  if (to.kind === 'bytes')
    return from.kind === 'string'
      ? `convert it in the SQL: \`convert_to(${text}, 'UTF8')\` for its bytes, \`decode(${text}, 'hex')\` for those that its digits say`
      : "make it text in the SQL, and bytes of that: `convert_to(x::text, 'UTF8')`";
  if (from.kind === 'list') return hintForList(from, to, text);
  if (to.kind === 'list')
    return from.kind === 'string'
      ? `take it apart: \`split(${text}, ',')\`; text that is a JSON array is cast to json first`
      : `make a list in the SQL: \`array[${text}]\``;
  const [number, moment] = [NUMBERS.includes(from.kind), MOMENTS.includes(from.kind)];
  if (number && MOMENTS.includes(to.kind))
    return `if it counts seconds, add them up: \`timestamp '1970-01-01 00:00:00' + ${from.kind === 'int64' ? `${text} * 1s` : `cast(${text} * 1000 as int64) * 1ms`}\``;
  if (moment && NUMBERS.includes(to.kind))
    return `for seconds since 1970 write \`extract(epoch from ${text})\``;
  if (from.kind === 'json') return `cast its text: \`cast(${text} ->> '$' as ${typeName(to)})\``;
  if (to.kind === 'json' && (number || from.kind === 'bool'))
    return `cast its text: \`cast(cast(${text} as string) as json)\``;
  if (to.kind === 'json') return `quote its text: \`cast('"' || cast(${text} as string) || '"' as json)\``;
  return 'values of the one say nothing of the other';
}

function hintForList(from: Extract<ExprType, { kind: 'list' }>, to: ColumnType, text: string): string {
  if (to.kind === 'string' && from.of.kind === 'string')
    return `join its values: \`list_join(${text}, ',')\``;
  if (to.kind === 'string') return `convert it in the SQL: \`array_to_string(${text}, ',')\``;
  return `take a value of it, \`list_get(${text}, 1)\`, or make a row of each with \`explode\``;
}

/** A type as the user wrote it: `decimal(10, 2)`. */
export interface TypeName {
  readonly name: string;
  readonly numbers: readonly number[];
  /** The elements' type of `list<...>` and `...[]`; null: it is no list. */
  readonly of: TypeName | null;
  readonly span: Span;
}
