/**
 * Calls of functions, `cast` and `extract`, which are written like calls, and their arguments. What an argument is,
 * `value` parses, which the caller gives, one level deeper than the call itself.
 */
import type { TypeName } from '../../types/cast-types.ts';
import type { Expression } from '../query-tree.ts';
import type { Cursor } from './cursor.ts';
import { call, extent } from './expression-nodes.ts';
import type { Token } from './token.ts';

/** Parses one whole expression at the cursor. */
export type ParseValue = () => Expression;

export function parseCall(cursor: Cursor, value: ParseValue): Expression {
  const name = cursor.next();
  cursor.next();
  switch (name.lower) {
    case 'cast':
    case 'try_cast':
      return parseCast(cursor, name, value);
    case 'extract':
      return parseExtract(cursor, name, value);
    case 'count':
      // count(*) is how SQL writes count().
      if (cursor.isSymbol('*') && cursor.peek(1).text === ')') cursor.next();
  }
  if (cursor.isWord('distinct'))
    cursor.refuse('`distinct` has no meaning here', 'to count different values, write `dc(x)`');
  const args = parseArguments(cursor, value, `the arguments of \`${name.text}\``);
  if (cursor.isWord('over') && cursor.peek(1).text === '(')
    cursor.refuse(
      'stages have no `over (...)`',
      `write \`streamstats ${name.text}(...) as value by ... sort ...\` for values that follow an order, \`eventstats\` for those of a whole group`,
    );
  return call(name, args, cursor.lastEnd);
}

function parseCast(cursor: Cursor, name: Token, value: ParseValue): Expression {
  const operand = value();
  cursor.expectWord('as', `in \`${name.text}(value as type)\``, `write \`${name.text}(x as string)\``);
  const to = parseTypeName(cursor);
  cursor.expectClosing(`the type of \`${name.text}\``);
  return {
    kind: 'cast',
    value: operand,
    to,
    orNull: name.lower === 'try_cast',
    ...extent(name.start, cursor.lastEnd, [operand]),
  };
}

function parseExtract(cursor: Cursor, name: Token, value: ParseValue): Expression {
  const part = cursor.peek();
  if (part.kind !== 'word')
    cursor.fail('`extract` wants a part', 'write it without quotes: `extract(year from time)`');
  cursor.next();
  cursor.expectWord('from', 'in `extract(part from time)`');
  const operand = value();
  cursor.expectClosing('`extract(part from time`');
  const unit: Expression = {
    kind: 'string',
    text: part.lower,
    span: { start: part.start, end: part.end },
    depth: 1,
  };
  return call(name, [unit, operand], cursor.lastEnd);
}

/** Values up to the closing bracket, which it takes. */
export function parseArguments(cursor: Cursor, value: ParseValue, what: string): readonly Expression[] {
  const values: Expression[] = [];
  if (cursor.acceptSymbol(')') !== null) return values;
  refuseSubquery(cursor);
  do values.push(value());
  while (cursor.acceptSymbol(',') !== null);
  cursor.expectClosing(what);
  return values;
}

const MAX_LISTS = 8;

/** `int64`, `decimal(10,2)`, `list<string>`, and SQL's `text[]`. */
export function parseTypeName(cursor: Cursor, depth = 0): TypeName {
  const name = cursor.peek();
  if (name.kind !== 'word') cursor.fail('a type is missing', 'write `cast(x as int64)` or `x::int64`');
  if (depth > MAX_LISTS) cursor.fail(`lists nest at most ${MAX_LISTS} levels deep`, 'write `list<string>`');
  let type = name.lower === 'list' ? parseListType(cursor, depth) : parseScalarType(cursor);
  for (let lists = depth; cursor.acceptSymbol('[') !== null; lists++) {
    if (lists >= MAX_LISTS) cursor.fail(`lists nest at most ${MAX_LISTS} levels deep`, 'write `text[]`');
    if (cursor.acceptSymbol(']') === null) cursor.fail('`]` is missing after `[`', 'write `text[]`');
    type = { name: 'list', numbers: [], of: type, span: cursor.spanFrom(name.start) };
  }
  return type;
}

function parseListType(cursor: Cursor, depth: number): TypeName {
  const { start } = cursor.next();
  const example = 'write `list<string>`';
  if (cursor.acceptSymbol('<') === null)
    cursor.fail('the type of the elements is missing after `list`', example);
  const of = parseTypeName(cursor, depth + 1);
  if (cursor.acceptSymbol('>') === null)
    cursor.fail('`>` is missing after the type of the elements', example);
  return { name: 'list', numbers: [], of, span: cursor.spanFrom(start) };
}

function parseScalarType(cursor: Cursor): TypeName {
  const name = cursor.next();
  const numbers: number[] = [];
  if (cursor.acceptSymbol('(') !== null) {
    do numbers.push(cursor.expectCount('a number of digits'));
    while (cursor.acceptSymbol(',') !== null);
    cursor.expectClosing('the size of the type');
  }
  return { name: name.lower, numbers, of: null, span: cursor.spanFrom(name.start) };
}

/** `(select ...` where a value is expected. */
export function refuseSubquery(cursor: Cursor): void {
  const next = cursor.isWord('select') ? cursor.peek(1) : null;
  if (next === null || (next.kind === 'symbol' && next.text !== '*' && next.text !== '(')) return;
  cursor.refuse(
    'expressions of stages have no sub-queries',
    'bring its rows here: `join semi (select ...) as s on a = s.b` keeps those that have a match, `join` adds columns',
  );
}
