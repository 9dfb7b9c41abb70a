/**
 * What a query may begin with. Only statements that read are let through; this is for good messages: the database
 * itself refuses writes wherever they stand.
 */
import { QueryError, type Span } from '../workers/errors.ts';
import { isWordStart, skipTrivia, skipWord } from './scan.ts';
import { didYouMean, suggest } from './suggest.ts';

const READS = ['select', 'with', 'values', 'table', 'show', 'explain'];
/** These cannot stand in a FROM, so no stage can follow them. */
const ALONE = new Set(['show', 'explain']);

const WRITES = new Set(
  (
    'insert update delete merge truncate create drop alter grant revoke copy call do execute prepare deallocate ' +
    'begin start commit rollback abort savepoint release end lock vacuum analyze reindex cluster refresh comment ' +
    'security import listen notify unlisten load reassign discard reset declare fetch move close checkpoint replace'
  ).split(' '),
);

export interface SourceHead {
  readonly word: string;
  readonly span: Span;
  /** May stages follow, may it stand in a FROM? */
  readonly wrappable: boolean;
}

/** Checks the first word of the SQL that stands in `text` from `start` to `end`. */
export function checkSourceHead(text: string, start: number, end: number): SourceHead {
  let at = skipTrivia(text, start, false);
  while (text[at] === '(' && at < end) at = skipTrivia(text, at + 1, false);
  const span = { start: at, end: Math.max(at + 1, skipWord(text, at)) };
  const word = isWordStart(text.charCodeAt(at)) ? text.slice(at, span.end).toLowerCase() : '';
  if (READS.includes(word)) return { word, span, wrappable: !ALONE.has(word) };
  if (WRITES.has(word))
    throw new QueryError('read-only', `\`${word}\` is no query: this server only reads`, {
      span,
      hint: `a query begins with ${READS.join(', ')}`,
    });
  throw notSql(text, word, span, end);
}

function notSql(text: string, word: string, span: Span, end: number): QueryError {
  const suggestions = suggest(word, READS);
  const alone = word !== '' && skipTrivia(text, span.end, false) >= end;
  const instead = alone
    ? `to read a table, write \`select * from ${word}\``
    : `it begins with ${READS.join(', ')}`;
  const shown =
    word === '' ? `\`${String.fromCodePoint(text.codePointAt(span.start) ?? 32)}\`` : `\`${word}\``;
  return new QueryError('syntax', `a query begins with SQL, not with ${shown}`, {
    span,
    hint: (alone ? null : didYouMean(suggestions)) ?? instead,
    suggestions,
  });
}

/** `set option = value;` and `let name = (query);` are part of the language to come. */
export function refusePrelude(text: string, at: number): void {
  const span = { start: at, end: skipWord(text, at) };
  const word = text.slice(span.start, span.end).toLowerCase();
  if (word !== 'set' && word !== 'let') return;
  throw new QueryError('unsupported', `\`${word}\` is not available yet`, {
    span,
    hint:
      word === 'let'
        ? 'use `with name as (...)` in the SQL'
        : 'leave it out; every stage runs in a worker for now',
  });
}
