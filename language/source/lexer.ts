/**
 * Finds where the SQL ends and what the server must know of it, without understanding it: a token that is exactly
 * `|` or `|>` outside of brackets ends the source. Texts, comments and the longest operators are the dialect's, so
 * that `||`, where it has them `?|` and `|/`, and a pipe in a string are SQL. SQL that stands in brackets of ours ends before
 * the closing one as well. It also finds `:name` parameters and a second statement.
 *
 * Invariants: one pass, no recursion, linear in the text; the SQL between sqlStart and sqlEnd has balanced
 * brackets, closed quotes and comments, and no `;` outside of quotes and comments.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { Lexical } from '../dialects/lexical.ts';
import * as CLASS from './character-classes.ts';
import {
  beginsSqlComment,
  isDigit,
  isSpace,
  isWordStart,
  skipBracketName,
  skipDollarText,
  skipEscapedText,
  skipQuoted,
  skipSqlComment,
  skipSqlTrivia,
  skipText,
  skipWord,
} from './scan.ts';

export const MAX_BRACKETS = 1000;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

export interface ScannedSource {
  readonly sqlStart: number;
  /** The end of the SQL without a trailing `;`. */
  readonly sqlEnd: number;
  /** The first pipe; null: no stages follow. */
  readonly pipe: Span | null;
  readonly placeholders: readonly ParameterUse[];
}

interface Bracket {
  readonly open: string;
  readonly at: number;
  /** `[` after an expression: `a[1:n]`, where a colon is a slice. False for `array[...]`. */
  readonly subscript: boolean;
  /** The offset at which the `in`, or the `not in`, before the bracket begins; null: there is none. */
  readonly inStart: number | null;
  readonly negated: boolean;
}

interface ScanState {
  readonly text: string;
  readonly lexical: Lexical;
  /** The class of each character of ASCII: what it begins. */
  readonly classes: Uint8Array;
  /** Says that the SQL stands in brackets of ours. */
  readonly inBrackets: boolean;
  readonly brackets: Bracket[];
  readonly placeholders: ParameterUse[];
  semicolon: number;
  /** The latest word or symbol, lower case, to tell `array[` from `a[`, and `in (` from `f(`. */
  previous: string;
  previousAt: number;
  /** The offset of a `not` right before the latest word; -1: there is none. */
  notAt: number;
}

/** Scans the SQL that begins at `start`; `inBrackets`: it ends before a bracket that closes none of its own. */
export function scanSource(text: string, start: number, lexical: Lexical, inBrackets = false): ScannedSource {
  const state: ScanState = {
    text,
    lexical,
    classes: CLASS.classesOf(lexical),
    inBrackets,
    brackets: [],
    placeholders: [],
    semicolon: -1,
    previous: '',
    previousAt: start,
    notAt: -1,
  };
  let at = start;
  let lastEnd = start;
  while (at < text.length) {
    if (isSpace(text.charCodeAt(at))) {
      at++;
      continue;
    }
    if (inBrackets && text[at] === ')' && state.brackets.length === 0)
      return finish(state, start, lastEnd, null);
    const next = scanToken(state, at);
    const pipe = next.operator === '|' || next.operator === '|>';
    if (pipe && state.brackets.length === 0)
      return finish(state, start, lastEnd, { start: at, end: next.end });
    if (!next.comment) {
      refuseSecondStatement(state, at, next.end);
      lastEnd = next.end;
    } else if (state.semicolon === -1) lastEnd = next.end;
    at = next.end;
  }
  return finish(state, start, lastEnd, null);
}

interface Scanned {
  readonly end: number;
  readonly comment?: boolean;
  readonly operator?: string;
}

function finish(state: ScanState, start: number, lastEnd: number, pipe: Span | null): ScannedSource {
  const open = state.brackets.at(-1);
  if (open !== undefined)
    throw new QueryError('syntax', `this \`${open.open}\` is never closed`, {
      span: { start: open.at, end: open.at + 1 },
      hint: `add \`${CLOSING[open.open]}\` where it ends; a \`|\` inside brackets belongs to the SQL`,
    });
  const sqlEnd = state.semicolon === -1 ? lastEnd : state.semicolon;
  return { sqlStart: start, sqlEnd, pipe, placeholders: state.placeholders };
}

function refuseSecondStatement(state: ScanState, at: number, end: number): void {
  // `select 1;;` is one statement, and an empty one.
  if (state.semicolon === -1 || state.text[at] === ';') return;
  throw new QueryError('multiple-statements', 'a query is one statement; another begins here', {
    span: { start: at, end },
    hint: 'send each statement as a query of its own, or quote the `;` before it',
  });
}

function scanToken(state: ScanState, at: number): Scanned {
  const { text, classes, lexical } = state;
  const code = text.charCodeAt(at);
  const kind = code < 128 ? classes[code]! : CLASS.WORD;
  if (kind === CLASS.WORD) return scanWord(state, at);
  if (kind === CLASS.COMMENT_OR_OPERATOR && beginsSqlComment(text, at, lexical))
    return { end: skipSqlComment(text, at, lexical), comment: true };
  const end = scanSymbol(state, at, kind);
  state.previousAt = at;
  if (typeof end === 'number') {
    state.previous = text[at]!;
    return { end };
  }
  state.previous = end.operator ?? '';
  return end;
}

function scanWord(state: ScanState, at: number): Scanned {
  const { text, lexical } = state;
  const end = skipWord(text, at);
  state.notAt = state.previous === 'not' ? state.previousAt : -1;
  state.previous = end - at <= 5 ? text.slice(at, end).toLowerCase() : 'word';
  state.previousAt = at;
  const isEscapeString =
    lexical.escapeStrings && end - at === 1 && (text[at] === 'e' || text[at] === 'E') && text[end] === "'";
  return { end: isEscapeString ? skipEscapedText(text, end) : end };
}

function scanSymbol(state: ScanState, at: number, kind: number): number | Scanned {
  const { text, lexical } = state;
  switch (kind) {
    case CLASS.DIGIT:
      return skipNumber(text, at);
    case CLASS.TEXT_QUOTE:
      return skipText(text, at, lexical);
    case CLASS.NAME_QUOTE:
      return skipQuoted(text, at, 'quoted name');
    case CLASS.BRACKET_NAME:
      return skipBracketName(text, at);
    case CLASS.DOLLAR:
      return skipDollar(text, at, lexical);
    case CLASS.OPENING:
      return openBracket(state, at, text[at]!);
    case CLASS.CLOSING:
      return closeBracket(state, at, text[at]!);
    case CLASS.COLON:
      return scanColon(state, at);
    case CLASS.SEMICOLON:
      return scanSemicolon(state, at);
    case CLASS.NUL:
      throw new QueryError('syntax', 'a query has no character U+0000', { span: { start: at, end: at + 1 } });
    case CLASS.OPERATOR:
    case CLASS.COMMENT_OR_OPERATOR:
      return scanOperator(state, at);
    default:
      return at + 1;
  }
}

/** Digits, points, letters and exponents; `1e-5` is left as `1e` and an operator, which changes nothing here. */
function skipNumber(text: string, start: number): number {
  let at = start;
  while (
    at < text.length &&
    (isDigit(text.charCodeAt(at)) || isWordStart(text.charCodeAt(at)) || text[at] === '.')
  )
    at++;
  return at;
}

function scanOperator({ text, classes, lexical }: ScanState, start: number): Scanned {
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? classes[code] : CLASS.WORD;
    if (kind !== CLASS.OPERATOR && kind !== CLASS.COMMENT_OR_OPERATOR) break;
    if (kind === CLASS.COMMENT_OR_OPERATOR && beginsSqlComment(text, at, lexical)) break;
  }
  return { end: at, operator: text.slice(start, at) };
}

function skipDollar(text: string, at: number, { dollarQuotes }: Lexical): number {
  if (isDigit(text.charCodeAt(at + 1)))
    throw new QueryError('syntax', 'parameters have names here, not numbers', {
      span: { start: at, end: skipNumber(text, at + 1) },
      hint: 'write `:name` and give its value in `params`',
    });
  return (dollarQuotes ? skipDollarText(text, at) : null) ?? at + 1;
}

function openBracket(state: ScanState, at: number, open: string): number {
  const { brackets } = state;
  if (brackets.length >= MAX_BRACKETS)
    throw new QueryError('nesting-too-deep', `brackets nest deeper than ${MAX_BRACKETS} levels`, {
      span: { start: at, end: at + 1 },
      hint: 'take some of the query apart with `with name as (...)`',
    });
  const outer = brackets.at(-1);
  const inConstructor =
    outer?.open === '[' && !outer.subscript && (state.previous === '[' || state.previous === ',');
  const isIn = open === '(' && state.previous === 'in';
  const negated = isIn && state.notAt !== -1;
  brackets.push({
    open,
    at,
    subscript: state.lexical.slices && open === '[' && state.previous !== 'array' && !inConstructor,
    inStart: isIn ? (negated ? state.notAt : state.previousAt) : null,
    negated,
  });
  return at + 1;
}

function closeBracket(state: ScanState, at: number, close: string): number {
  const open = state.brackets.pop();
  if (open !== undefined && CLOSING[open.open] === close) return at + 1;
  const message =
    open === undefined
      ? `this \`${close}\` closes nothing`
      : `\`${close}\` stands where \`${CLOSING[open.open]}\` must close the \`${open.open}\` before it`;
  throw new QueryError('syntax', message, {
    span: { start: at, end: at + 1 },
    hint: 'check the brackets of the SQL',
  });
}

/** `::cast` and the colon of a slice are SQL; `:name` is ours. */
function scanColon(state: ScanState, at: number): number {
  const { text } = state;
  if (text[at + 1] === ':') return at + 2;
  if (!isWordStart(text.charCodeAt(at + 1)) || state.brackets.at(-1)?.subscript === true) return at + 1;
  const end = skipWord(text, at + 1);
  const inList = inListAround(state, end);
  state.placeholders.push({ name: text.slice(at + 1, end), start: at, end, ...(inList && { inList }) });
  return end;
}

function inListAround(
  { text, lexical, brackets, previous, previousAt }: ScanState,
  end: number,
): InList | null {
  const inner = brackets.at(-1);
  if (inner === undefined || inner.inStart === null) return null;
  const first = previous === '(' && previousAt === inner.at;
  const alone = first && text[skipSqlTrivia(text, end, lexical)] === ')';
  return { start: inner.inStart, end: inner.at + 1, negated: inner.negated, alone };
}

function scanSemicolon(state: ScanState, at: number): number {
  if (state.brackets.length > 0 || state.inBrackets)
    throw new QueryError('syntax', '`;` stands inside brackets', {
      span: { start: at, end: at + 1 },
      hint: 'close the brackets before it, or take it away',
    });
  if (state.semicolon === -1) state.semicolon = at;
  return at + 1;
}

/** The stretch from the word `in`, or the `not` before it, to behind its opening bracket. */
export interface InList extends Span {
  readonly negated: boolean;
  /** Says whether nothing else stands in the brackets. */
  readonly alone: boolean;
}

/** A `:name` in a text. */
export interface ParameterUse extends Span {
  readonly name: string;
  /** Set where it stands in the brackets of `in (...)` in SQL. */
  readonly inList?: InList;
}
