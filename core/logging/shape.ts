/**
 * The shape of a query: its text without what varies from one call to the next. Literals become `?`, lists of them one
 * `?`, comments and layout go, words are in lower case; quoted names and `:parameters` stay, for they are no values.
 * It reads any text, also one that was cut or is no query, and is linear in it: nothing here throws.
 */

const MAX_SHAPE = 500;
const LITERAL = '?';
/** Tried in this order at each place; sticky, so that each looks only there. A text without an end runs to the end. */
const SKIPPED = /(?:\s+|--[^\n]*|(?<=^|\n)[ \t]*(?:#|\/\/)[^\n]*)+/y;
const ESCAPE_STRING = /[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/y;
const STRING = /'(?:[^']|'')*(?:'|$)/y;
const DOLLAR_TAG = /\$(?:[a-z_]\w*)?\$/iy;
const NAME = /"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)/y;
/** `1.5e-3`, `0xff`, and durations such as `90m`. */
const NUMBER = /(?:\d[\w.]*(?:(?<=[eE])[+-]\d+)?|\.\d\w*)/y;
const WORD = /[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/iy;
const PARAMETER = /:[a-z_]\w*/iy;
const OPERATOR = /::|\|>|[<>=!]=|<>|\|\||->>?|[\s\S]/y;
/** A sign before a number belongs to it, unless one of these comes before the sign. */
const OPERAND = /^(?:[\w?"`)\]]|:[a-z_])/i;
const KEYWORD_BEFORE_SIGN =
  /^(?:in|and|or|not|then|else|when|by|select|where|between|values|limit|return|is|as)$/;

/** At most 500 characters; a longer one ends in `…`. */
export function shapeOf(text: string): string {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; ) at = readToken(text, at, tokens);
  const shape = join(tokens);
  if (shape.length <= MAX_SHAPE) return shape;
  // A copy: shapes are kept for a day, and a part of a text would keep the whole alive.
  return `${Buffer.from(shape.slice(0, MAX_SHAPE - 1), 'utf16le').toString('utf16le')}…`;
}

/** Adds the token at `at`, if there is one; returns where the next begins. */
function readToken(text: string, at: number, tokens: string[]): number {
  const skipped = match(SKIPPED, text, at);
  if (skipped !== null) return at + skipped.length;
  if (text.startsWith('/*', at)) return endOfComment(text, at);
  const literal = literalAt(text, at);
  if (literal > 0) {
    pushLiteral(tokens);
    return at + literal;
  }
  const name = match(NAME, text, at) ?? match(PARAMETER, text, at);
  const token = name ?? (match(WORD, text, at) ?? match(OPERATOR, text, at)!).toLowerCase();
  if (token === ')') closeList(tokens);
  else tokens.push(token);
  return at + token.length;
}

/** Returns the length of the literal at `at`; 0 when there is none. */
function literalAt(text: string, at: number): number {
  const plain = match(ESCAPE_STRING, text, at) ?? match(STRING, text, at) ?? match(NUMBER, text, at);
  if (plain !== null) return plain.length;
  const tag = match(DOLLAR_TAG, text, at);
  if (tag === null) return 0;
  const close = text.indexOf(tag, at + tag.length);
  return (close === -1 ? text.length : close + tag.length) - at;
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** Finds the end of a comment, in which others may nest. */
function endOfComment(text: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  for (let depth = 0; ; ) {
    const found = edge.exec(text);
    if (found === null) return text.length;
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
}

/** `1, 2, 3` is one literal, and so is `-1`. */
function pushLiteral(tokens: string[]): void {
  const sign = tokens.at(-1);
  if ((sign === '-' || sign === '+') && !isOperand(tokens.at(-2))) tokens.pop();
  if (tokens.at(-1) === ',' && tokens.at(-2) === LITERAL) tokens.pop();
  else tokens.push(LITERAL);
}

function isOperand(token: string | undefined): boolean {
  return token !== undefined && OPERAND.test(token) && !KEYWORD_BEFORE_SIGN.test(token);
}

/** Removes the second row of `(?), (?)`, so that lists of any length have one shape. */
function closeList(tokens: string[]): void {
  if (tokens.slice(-6).join(' ') === '( ? ) , ( ?') tokens.length -= 3;
  else tokens.push(')');
}

/** One way to lay it out, whatever the way it was written in. */
function join(tokens: readonly string[]): string {
  let text = '';
  let before = '';
  for (const token of tokens) {
    const tight = before === '' || '([.'.includes(before) || '),];.'.includes(token) || before === '::';
    text += tight || token === '::' || (token === '(' && /\w$/.test(before)) ? token : ` ${token}`;
    before = token;
    if (text.length > 2 * MAX_SHAPE) break;
  }
  return text;
}
