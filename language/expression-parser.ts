/**
 * Expressions, by precedence climbing (Pratt). Loosest to tightest:
 *
 *   or | and | not | = <> < <= > >= is in between like (these do not chain) | `||` | + - | * / % | unary - | ::
 *
 * The height of the tree is bounded, so that this and what comes after may recurse; a chain of `and` or `or` is one
 * node.
 */
import { QueryError } from '../workers/errors.ts';
import type { CaseNode, Expression, TypeName } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { call, extent, MAX_NESTING, operator, tooDeep } from './expression-nodes.ts';
import { AND, COMPARE, CONCAT, infixPrecedence, NEGATE, NOT, OR } from './operators.ts';
import type { WrittenName } from './scope.ts';
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
  return parseArguments(cursor, level, 'the list of `in`');
}

/** Values up to the closing bracket, which it takes. */
function parseArguments(cursor: Cursor, level: number, what: string): readonly Expression[] {
  const values: Expression[] = [];
  if (cursor.acceptSymbol(')') !== null) return values;
  refuseSubquery(cursor);
  do values.push(parseBinary(cursor, OR, level + 1));
  while (cursor.acceptSymbol(',') !== null);
  cursor.expectClosing(what);
  return values;
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

/** `(select ...` where a value is expected. */
function refuseSubquery(cursor: Cursor): void {
  const next = cursor.isWord('select') ? cursor.peek(1) : null;
  if (next === null || (next.kind === 'symbol' && next.text !== '*' && next.text !== '(')) return;
  cursor.refuse(
    'expressions of stages have no sub-queries',
    'bring its rows here: `join semi (select ...) as s on a = s.b` keeps those that have a match, `join` adds columns',
  );
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

/** What may have been meant by something that begins no value. */
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
    return parseCall(cursor, level);
  if (following.kind === 'string') {
    const type = token.lower;
    if (type === 'date' || type === 'timestamp' || type === 'timestamptz' || type === 'time') {
      cursor.next();
      cursor.next();
      return { kind: 'moment', type, text: following.text, span: cursor.spanFrom(token.start), depth: 1 };
    }
  }
  if (token.lower === 'case') return parseCase(cursor, level);
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

function parseCall(cursor: Cursor, level: number): Expression {
  const name = cursor.next();
  cursor.next();
  switch (name.lower) {
    case 'cast':
    case 'try_cast':
      return parseCast(cursor, name, level);
    case 'extract':
      return parseExtract(cursor, name, level);
    case 'count':
      // count(*) is how SQL writes count().
      if (cursor.isSymbol('*') && cursor.peek(1).text === ')') cursor.next();
  }
  if (cursor.isWord('distinct'))
    cursor.refuse('`distinct` has no meaning here', 'to count different values, write `dc(x)`');
  const args = parseArguments(cursor, level, `the arguments of \`${name.text}\``);
  if (cursor.isWord('over') && cursor.peek(1).text === '(')
    cursor.refuse(
      'stages have no `over (...)`',
      `write \`streamstats ${name.text}(...) as value by ... sort ...\` for values that follow an order, \`eventstats\` for those of a whole group`,
    );
  return call(name, args, cursor.lastEnd);
}

function parseCast(cursor: Cursor, name: Token, level: number): Expression {
  const value = parseBinary(cursor, OR, level + 1);
  cursor.expectWord('as', `in \`${name.text}(value as type)\``, `write \`${name.text}(x as string)\``);
  const to = parseTypeName(cursor);
  cursor.expectClosing(`the type of \`${name.text}\``);
  return {
    kind: 'cast',
    value,
    to,
    orNull: name.lower === 'try_cast',
    ...extent(name.start, cursor.lastEnd, [value]),
  };
}

function parseExtract(cursor: Cursor, name: Token, level: number): Expression {
  const part = cursor.peek();
  if (part.kind !== 'word')
    cursor.fail('`extract` wants a part', 'write it without quotes: `extract(year from time)`');
  cursor.next();
  cursor.expectWord('from', 'in `extract(part from time)`');
  const value = parseBinary(cursor, OR, level + 1);
  cursor.expectClosing('`extract(part from time`');
  const unit: Expression = {
    kind: 'string',
    text: part.lower,
    span: { start: part.start, end: part.end },
    depth: 1,
  };
  return call(name, [unit, value], cursor.lastEnd);
}

export function parseTypeName(cursor: Cursor): TypeName {
  const name = cursor.next();
  if (name.kind !== 'word') cursor.fail('a type is missing', 'write `cast(x as int64)` or `x::int64`');
  const numbers: number[] = [];
  if (cursor.acceptSymbol('(') !== null) {
    do numbers.push(cursor.expectCount('a number of digits'));
    while (cursor.acceptSymbol(',') !== null);
    cursor.expectClosing('the size of the type');
  }
  return { name: name.lower, numbers, span: cursor.spanFrom(name.start) };
}

function parseCase(cursor: Cursor, level: number): Expression {
  const start = cursor.next().start;
  const subject = cursor.isWord('when') ? null : parseBinary(cursor, OR, level + 1);
  const branches = parseBranches(cursor, subject, level);
  const otherwise = parseOtherwise(cursor, level);
  cursor.expectWord('end', 'after `case`');
  return caseNode(start, cursor.lastEnd, branches, otherwise);
}

/** `when condition then value ... [otherwise value]`: the stage `case`, which has no `end`. */
export function parseOpenCase(cursor: Cursor): CaseNode {
  const { start } = cursor.peek();
  const branches = parseBranches(cursor, null, 1);
  const otherwise = parseOtherwise(cursor, 1);
  return caseNode(start, cursor.lastEnd, branches, otherwise);
}

function parseBranches(cursor: Cursor, subject: Expression | null, level: number): CaseNode['branches'] {
  const branches: { when: Expression; then: Expression }[] = [];
  while (cursor.acceptWord('when') !== null) {
    const when = parseBinary(cursor, OR, level + 1);
    cursor.expectWord('then', 'after the condition of `when`');
    const then = parseBinary(cursor, OR, level + 1);
    branches.push({ when: subject === null ? when : compareWith(subject, when), then });
  }
  if (branches.length === 0) cursor.fail('`case` needs at least one `when ... then ...`');
  return branches;
}

function parseOtherwise(cursor: Cursor, level: number): Expression | null {
  return cursor.acceptWord('else', 'otherwise') === null ? null : parseBinary(cursor, OR, level + 1);
}

function caseNode(
  start: number,
  end: number,
  branches: CaseNode['branches'],
  otherwise: Expression | null,
): CaseNode {
  const children = branches.flatMap((branch) => [branch.when, branch.then]);
  if (otherwise !== null) children.push(otherwise);
  return { kind: 'case', branches, otherwise, ...extent(start, end, children) };
}

/** `case x when v` means `case when x = v`. */
function compareWith(subject: Expression, value: Expression): Expression {
  return { ...call('=', [subject, value], value.span.end, value.span), operator: true, span: value.span };
}
