/**
 * Which expressions can fail for some value. It decides what may be computed earlier than it was written: what never
 * fails may; what can fail must not see a row that an earlier filter or limit takes away. Everything that is not
 * listed counts as failing, so that a forgotten function costs time and never a wrong error.
 */
import { sameType } from './rules.ts';
import type { Typed, TypedCall } from './typed.ts';

const NEVER = new Set([
  ...['=', '<>', '<', '<=', '>', '>=', 'is distinct from', 'is not distinct from', 'between', 'not between'],
  ...[
    'in',
    'not in',
    'and',
    'or',
    'not',
    'is null',
    'is not null',
    'if',
    'iff',
    'case',
    'coalesce',
    'nullif',
  ],
  ...['greatest', 'least', 'contains', 'starts_with', 'ends_with'],
  ...['length', 'lower', 'upper', 'trim', 'ltrim', 'rtrim', 'reverse', 'md5', '||', 'concat', 'sign'],
  ...['bitand', 'bitor', 'bitxor', 'year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'],
  ...['count', 'count_if', 'countif', 'dc', 'dcount', 'count_distinct', 'min', 'max', 'any', 'any_value'],
  ...[
    'first',
    'last',
    'list',
    'row_number',
    'rank',
    'dense_rank',
    'ntile',
    'lag',
    'lead',
    'first_value',
    'last_value',
  ],
]);

export function mayRaise(typed: Typed): boolean {
  if (typed.kind !== 'call') return false;
  const filter = typed.aggregate?.filter ?? null;
  return !neverRaises(typed) || typed.args.some(mayRaise) || (filter !== null && mayRaise(filter));
}

/** The call itself, its arguments apart. */
function neverRaises(call: TypedCall): boolean {
  if (call.safe === true) return true;
  if (call.name === 'cast') return castNeverRaises(call);
  return LIKE.has(call.name) ? patternNeverRaises(call) : NEVER.has(call.name);
}

const LIKE = new Set(['like', 'not like', 'ilike', 'not ilike']);

/** A pattern that ends with its escape fails, and which does shows row by row. */
function patternNeverRaises({ args }: TypedCall): boolean {
  const pattern = args[1]!;
  return pattern.kind === 'literal' && !String(pattern.value).includes('\\');
}

/** To text everything can be cast; whole numbers fit into floats. */
function castNeverRaises({ type, args: [arg] }: TypedCall): boolean {
  const from = arg!.type.kind;
  if (type.kind === 'string' || from === 'null' || sameType(arg!.type, type)) return true;
  return from === 'int64' && type.kind === 'float64';
}

/** The call itself, whatever its arguments do: fails for every row or for none, so that it may be computed before there is any. */
export function raisesAtOnce(call: TypedCall): boolean {
  return call.aggregate === null && !neverRaises(call) && !dependsOnRows(call);
}

function dependsOnRows(typed: Typed): boolean {
  if (typed.kind === 'column' || typed.kind === 'parameter') return true;
  return typed.kind === 'call' && (typed.aggregate !== null || typed.args.some(dependsOnRows));
}
