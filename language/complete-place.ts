/**
 * Where in a query the cursor stands, in text that need not be whole. Looks only at what is before the cursor, skips
 * what no stage knows, and never throws a QueryError. Linear in the text.
 */
import { QueryError } from '../workers/errors.ts';
import { sqlStep } from './format-sql.ts';
import { isWordPart, skipBlockComment, skipLineComment, skipTrivia, skipWord } from './scan.ts';
import { scanSource } from './source-lexer.ts';
import { lexToken } from './stage-lexer.ts';
import { findStage } from './stage-registry.ts';
import type { Token } from './token.ts';

/** What is being typed: a word up to the cursor, and the word's end after it. */
export interface Typed {
  readonly from: number;
  readonly to: number;
  readonly word: string;
  /** The quote that it began with, if any. */
  readonly quote: '"' | '`' | null;
}

export type Place =
  | { readonly kind: 'nothing'; readonly typed: Typed }
  | { readonly kind: 'connection' | 'parameter'; readonly typed: Typed }
  /** `before`: the SQL up to the typed word. */
  | {
      readonly kind: 'sql';
      readonly typed: Typed;
      readonly before: string;
      readonly connection: string | null;
    }
  /** `tokens`: of this stage, before the typed word. `pipes`: where each stage begins, this one's last. */
  | {
      readonly kind: 'stage';
      readonly typed: Typed;
      readonly tokens: readonly Token[];
      readonly pipes: readonly number[];
    };

export function placeAt(text: string, position: number): Place {
  const cursor = Math.min(position, text.length);
  const head = text.slice(0, cursor);
  const typed = typedAt(text, cursor);
  try {
    return findPlace(text, head, typed);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return placeInBroken(text, head, typed, thrown);
  }
}

function typedAt(text: string, cursor: number): Typed {
  let from = cursor;
  while (from > 0 && isWordPart(text.charCodeAt(from - 1))) from--;
  return { from, to: skipWord(text, cursor), word: text.slice(from, cursor), quote: null };
}

function findPlace(text: string, head: string, typed: Typed): Place {
  const start = skipTrivia(head, 0, true);
  if (head[start] === '@' && skipConnection(head, start) === head.length)
    return { kind: 'connection', typed: { ...typed, from: start, word: head.slice(start) } };
  const sqlStart = sourceStart(head);
  const { pipe } = scanSource(head, sqlStart);
  if (isParameter(text, typed)) return parameterPlace(text, typed);
  if (pipe !== null) return stagePlace(text, head, pipe.start, pipe.end, typed);
  return isInComment(head, sqlStart) ? { kind: 'nothing', typed } : sqlPlace(head, typed);
}

/** `@connection` also with the hyphens that such names may have. */
function skipConnection(text: string, at: number): number {
  let end = skipWord(text, at + 1);
  while (text[end] === '-') end = skipWord(text, end + 1);
  return end;
}

function sourceStart(head: string): number {
  const start = skipTrivia(head, 0, true);
  return head[start] === '@' ? skipConnection(head, start) : start;
}

function isParameter(text: string, { from }: Typed): boolean {
  return text[from - 1] === ':' && text[from - 2] !== ':';
}

function parameterPlace(text: string, typed: Typed): Place {
  return {
    kind: 'parameter',
    typed: { ...typed, from: typed.from - 1, word: text.slice(typed.from, typed.to) },
  };
}

function sqlPlace(head: string, typed: Typed): Place {
  const start = skipTrivia(head, 0, true);
  const end = head[start] === '@' ? skipConnection(head, start) : start;
  const connection = head[start] === '@' ? head.slice(start + 1, end) : null;
  return { kind: 'sql', typed, before: head.slice(Math.min(end, typed.from), typed.from), connection };
}

/** What cannot be scanned ends in a quote or comment that is still open, in which stands the cursor; or in the SQL. */
function placeInBroken(text: string, head: string, typed: Typed, error: QueryError): Place {
  if (error.code !== 'unterminated-string')
    return isParameter(text, typed) ? parameterPlace(text, typed) : sqlPlace(head, typed);
  const start = error.details.span?.start ?? head.length;
  const quote = head[start];
  if (quote !== '"' && quote !== '`') return { kind: 'nothing', typed };
  return placeInQuotes(text, head, start, quote);
}

/** An open "name: completed as if it were none, quotes and all. */
function placeInQuotes(text: string, head: string, start: number, quote: '"' | '`'): Place {
  const wordEnd = skipWord(text, head.length);
  const to = text[wordEnd] === quote ? wordEnd + 1 : wordEnd;
  const typed: Typed = { from: start, to, word: head.slice(start + 1), quote };
  try {
    const before = head.slice(0, start);
    const { pipe } = scanSource(before, sourceStart(before));
    return pipe === null ? sqlPlace(before, typed) : stagePlace(text, before, pipe.start, pipe.end, typed);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return sqlPlace(head.slice(0, start), typed); // a bracket is open: still the SQL
  }
}

function stagePlace(text: string, head: string, pipe: number, start: number, typed: Typed): Place {
  const { tokens, end } = lexLoosely(head, start);
  if (endsInComment(head.slice(end))) return { kind: 'nothing', typed };
  const before = tokens.filter((token) => token.end <= typed.from);
  const boundaries = before.filter((token, index) => isStagePipe(before, token, index));
  const last = boundaries.at(-1);
  const stage = last === undefined ? before : before.slice(before.indexOf(last) + 1);
  // The cursor stands in a number or right behind a string: nothing goes on there.
  const touched = tokens.find((token) => token.end === head.length && token.kind !== 'word');
  const inside = touched !== undefined && ['number', 'duration', 'string', 'quoted'].includes(touched.kind);
  if (inside || (typed.quote === null && /^\d/.test(text.slice(typed.from, typed.from + 1))))
    return { kind: 'nothing', typed };
  return { kind: 'stage', typed, tokens: stage, pipes: [pipe, ...boundaries.map((token) => token.start)] };
}

/** A pipe begins a stage, even when a bracket before it was never closed: expressions have no pipes. */
function isStagePipe(tokens: readonly Token[], token: Token, index: number): boolean {
  if (token.kind !== 'symbol' || (token.text !== '|' && token.text !== '|>')) return false;
  const next = tokens[index + 1];
  return (
    next === undefined || (next.kind === 'word' && findStage(next.lower) !== null) || next.kind !== 'word'
  );
}

/** So many characters that no stage knows, and it is no query. */
const MAX_STRAY = 50;

/** The tokens that there are; characters that belong to none are left out. Throws at an open quote or comment. */
function lexLoosely(
  text: string,
  start: number,
): { readonly tokens: readonly Token[]; readonly end: number } {
  const tokens: Token[] = [];
  let end = start;
  let stray = 0;
  let at = skipTrivia(text, start, true);
  while (at < text.length && stray < MAX_STRAY) {
    const token = tokenOrNull(text, at);
    if (token === null) stray++;
    else tokens.push(token);
    end = token?.end ?? at + 1;
    at = skipTrivia(text, end, true);
  }
  return { tokens, end };
}

function tokenOrNull(text: string, at: number): Token | null {
  try {
    return lexToken(text, at);
  } catch (thrown) {
    if (!(thrown instanceof QueryError) || thrown.code === 'unterminated-string') throw thrown;
    return null; // a character that no stage knows, or a number that is none
  }
}

/** `gap` is white space and comments up to the cursor: is the last one a comment that goes on? */
function endsInComment(gap: string): boolean {
  let at = 0;
  while (at < gap.length) {
    if (gap.startsWith('/*', at)) at = skipBlockComment(gap, at);
    else if (gap.startsWith('--', at) || gap.startsWith('//', at) || gap[at] === '#') {
      at = skipLineComment(gap, at);
      if (at === gap.length) return true;
    } else at++;
  }
  return false;
}

/** The same in SQL, where only `--` begins one. */
function isInComment(head: string, start: number): boolean {
  let at = start;
  while (at < head.length) {
    const comment = head.startsWith('--', at);
    at = sqlStep(head, at);
    if (comment && at === head.length) return true;
  }
  return false;
}
