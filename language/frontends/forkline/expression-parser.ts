/**
 * Expressions, by precedence climbing (Pratt). Loosest to tightest:
 *
 *   or | and | not | = <> < <= > >= is in between like (these do not chain) | `||` | + - | * / % | unary - | ::
 *
 * The height of the tree is bounded, so that this and what comes after may recurse; a chain of `and` or `or` is one
 * node.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Expression, WrittenName } from '../query-tree.ts';
import type { Cursor } from './cursor.ts';
import {
  type ParseValue,
  parseArguments,
  parseCall,
  parseTypeName,
  refuseSubquery,
} from './expression-call.ts';
import { parseCase } from './expression-case.ts';
import { extent, MAX_NESTING, operator, tooDeep } from './expression-nodes.ts';
import { AND, COMPARE, CONCAT, infixPrecedence, NEGATE, NOT, OR } from './operators.ts';
import type { Token } from './token.ts';

/** Words that end an operand or begin something; as names they need quotes. */
const RESERVED = new Set(
  'and or not is in between like ilike case when then else end as by asc desc null true false where'.split(
    ' ',
  ),
);

export function parseExpression(cursor: Cursor): Expression {
  return parseBinary(cursor, OR, 1);
}

/** An expression without comparisons, so that an `in` after it is left. */
export function parseOperand(cursor: Cursor): Expression {
  return parseBinary(cursor, CONCAT, 1);
}

/** Parses an expression in brackets or between the words of a `case`. */
function nested(cursor: Cursor, level: number): ParseValue {
  return () => parseBinary(cursor, OR, level + 1);
}

function parseBinary(cursor: Cursor, least: number, level: number): Expression {
  if (level > MAX_NESTING) throw tooDeep(cursor.peek());
  let left = parsePrefix(cursor, level);
  for (;;) {
    const precedence = infixPrecedence(cursor);
    if (precedence < least) return left;
    const right = parseInfix(cursor, left, precedence, level);
    if (precedence === COMPARE && infixPrecedence(cursor) === COMPARE)
      cursor.refuse(
        'comparisons do not chain',
        joinsText(right)
          ? '`||` joins text; for "or" write `or`'
          : 'join them with `and`, or put one into brackets',
      );
    left = right;
  }
}

/** `a = 1 || b = 2`: the right side of the first comparison. */
function joinsText(compared: Expression): boolean {
  const right = compared.kind === 'call' ? compared.args[1] : undefined;
  return right?.kind === 'call' && right.name === '||';
}

function parseInfix(cursor: Cursor, left: Expression, precedence: number, level: number): Expression {
  if (precedence === OR || precedence === AND) return parseLogic(cursor, left, precedence, level);
  if (cursor.peek().kind === 'word') return parseWordTest(cursor, left, level);
  const token = cursor.next();
  refuseNoOperand(cursor, token);
  const right = parseBinary(cursor, precedence + 1, level + 1);
  return operator(token.text === '!=' ? '<>' : token.text, token, [left, right]);
}

function parseLogic(cursor: Cursor, left: Expression, precedence: number, level: number): Expression {
  const word = precedence === OR ? 'or' : 'and';
  const operands = [left];
  const first = cursor.peek();
  for (;;) {
    const token = cursor.acceptWord(word);
    if (token === null) return operator(word, first, operands);
    refuseNoOperand(cursor, token);
    operands.push(parseBinary(cursor, precedence + 1, level + 1));
  }
}

function refuseNoOperand(cursor: Cursor, token: Token): void {
  const hint =
    token.text === '%'
      ? "a pattern stands in quotes: `like 'A%'`; `%` alone is the remainder"
      : `write one, or take \`${token.text}\` away`;
  if (cursor.atStageEnd()) cursor.fail(`a value is missing after \`${token.text}\``, hint);
}

/** is [not] null, is [not] distinct from, [not] in, [not] between, [not] like. */
function parseWordTest(cursor: Cursor, left: Expression, level: number): Expression {
  const first = cursor.next();
  if (first.lower === 'is') return parseIs(cursor, left, first, level);
  const not = first.lower === 'not';
  const word = not ? cursor.next() : first;
  const name = `${not ? 'not ' : ''}${word.lower}`;
  switch (word.kind === 'word' ? word.lower : '') {
    case 'in':
      return operator(name, first, [left, ...parseList(cursor, level)], cursor.lastEnd);
    case 'between': {
      const low = parseBinary(cursor, CONCAT, level + 1);
      cursor.expectWord('and', 'between the two ends of `between`', 'write `x between 1 and 5`');
      return operator(name, first, [left, low, parseBinary(cursor, CONCAT, level + 1)]);
    }
    case 'like':
    case 'ilike':
      return operator(name, first, [left, parseBinary(cursor, CONCAT, level + 1)]);
    default:
      throw new QueryError('syntax', '`in`, `between`, `like` or `ilike` is missing after `not`', {
        span: { start: first.start, end: first.end },
        hint: 'to turn a condition around, write `not (...)` before it',
      });
  }
}

function parseIs(cursor: Cursor, left: Expression, is: Token, level: number): Expression {
  const not = cursor.acceptWord('not') === null ? '' : 'not ';
  if (cursor.acceptWord('null') !== null) return operator(`is ${not}null`, is, [left], cursor.lastEnd);
  if (cursor.acceptWord('distinct') === null)
    cursor.fail(
      'after `is` stands `null`, `not null` or `distinct from`',
      'write `x is null`; to compare with a value, `x = 5`',
    );
  cursor.expectWord('from', 'after `is distinct`');
  return operator(`is ${not}distinct from`, is, [left, parseBinary(cursor, CONCAT, level + 1)]);
}

function parseList(cursor: Cursor, level: number): readonly Expression[] {
  cursor.expectSymbol('(', 'after `in`', 'write `in (1, 2)`');
  refuseSubquery(cursor);
  if (cursor.isSymbol(')')) cursor.refuse('the list of `in` is empty', 'give at least one value');
  return parseArguments(cursor, nested(cursor, level), 'the list of `in`');
}

function parsePrefix(cursor: Cursor, level: number): Expression {
  const token = cursor.peek();
  if (token.kind === 'word' && token.lower === 'not') {
    cursor.next();
    return operator('not', token, [parseBinary(cursor, NOT, level + 1)]);
  }
  if (cursor.isSymbol('-', '+')) {
    cursor.next();
    const value = parseBinary(cursor, NEGATE, level + 1);
    if (token.text === '+') return value;
    const span = { start: token.start, end: value.span.end };
    // A sign before a plain number is part of it, so that the least int64 can be written.
    if (value.kind === 'number' && !value.text.startsWith('-'))
      return { ...value, text: `-${value.text}`, span };
    return operator('negate', token, [value]);
  }
  return parseCasts(cursor, parsePrimary(cursor, level));
}

function parseCasts(cursor: Cursor, start: Expression): Expression {
  let value = start;
  while (cursor.acceptSymbol('::') !== null) {
    const to = parseTypeName(cursor);
    value = { kind: 'cast', value, to, orNull: false, ...extent(value.span.start, cursor.lastEnd, [value]) };
  }
  return value;
}

function parsePrimary(cursor: Cursor, level: number): Expression {
  const token = cursor.peek();
  const span = { start: token.start, end: token.end };
  switch (token.kind) {
    case 'number':
    case 'string':
    case 'duration':
    case 'parameter':
      cursor.next();
      return { kind: token.kind, text: token.text, span, depth: 1 };
    case 'quoted':
      cursor.next();
      return parseQualified(cursor, { name: token.text, quoted: true, span });
    case 'word':
      return parseWord(cursor, token, level);
    default:
      if (cursor.acceptSymbol('(') === null) return cursor.fail('a value is expected here', valueHint(token));
  }
  refuseSubquery(cursor);
  const inner = parseBinary(cursor, OR, level + 1);
  if (cursor.isSymbol(','))
    cursor.refuse(
      'brackets hold one value',
      "lists stand after `in`; a choice is written `case when a > 1 then 'x' else 'y' end`",
    );
  cursor.expectClosing('what `(` opened');
  return { ...inner, span: cursor.spanFrom(token.start) };
}

/** Returns a hint about what the user may have meant by a token that begins no value. */
function valueHint(token: Token): string | undefined {
  if (token.kind === 'connection') return `a parameter is written \`:${token.text}\``;
  if (token.text === '[') return 'lists are made in the SQL, or by `list(x)` and `split(text, separator)`';
  if (token.text === '<') return 'for "less or equal" write `<=`';
  return token.text === '*' ? '`*` stands for all columns only in `fields` and the like' : undefined;
}

const BETWEEN_VALUES = new Set('and or is in between like ilike'.split(' '));

function parseWord(cursor: Cursor, token: Token, level: number): Expression {
  const following = cursor.peek(1);
  const span = { start: token.start, end: token.end };
  if (following.kind === 'symbol' && following.text === '(' && !RESERVED.has(token.lower))
    return parseCall(cursor, nested(cursor, level));
  if (following.kind === 'string') {
    const type = token.lower;
    if (type === 'date' || type === 'timestamp' || type === 'timestamptz' || type === 'time') {
      cursor.next();
      cursor.next();
      return { kind: 'moment', type, text: following.text, span: cursor.spanFrom(token.start), depth: 1 };
    }
  }
  if (token.lower === 'case') return parseCase(cursor, nested(cursor, level));
  if (RESERVED.has(token.lower) && !['null', 'true', 'false'].includes(token.lower))
    cursor.fail(
      'a value is expected here',
      BETWEEN_VALUES.has(token.lower)
        ? `something is missing before \`${token.text}\`; a column of that name needs "quotes"`
        : `\`${token.text}\` is a keyword; a column of that name needs "quotes"`,
    );
  cursor.next();
  if (token.lower === 'null') return { kind: 'null', span, depth: 1 };
  if (token.lower === 'true' || token.lower === 'false')
    return { kind: 'bool', value: token.lower === 'true', span, depth: 1 };
  return parseQualified(cursor, { name: token.text, quoted: false, span });
}

/** `name`, or `name.column`, which only stages with several inputs have a meaning for. */
function parseQualified(cursor: Cursor, first: WrittenName): Expression {
  const column = cursor.peek(1);
  if (!cursor.isSymbol('.') || (column.kind !== 'word' && column.kind !== 'quoted'))
    return { kind: 'name', ...first, depth: 1 };
  cursor.next();
  cursor.next();
  const span = cursor.spanFrom(first.span.start);
  return {
    kind: 'name',
    name: column.text,
    quoted: column.kind === 'quoted',
    span,
    depth: 1,
    qualifier: first,
  };
}
