/**
 * Checks the words that a query begins with. Only statements that read are let through; this is for good messages: the database
 * itself refuses writes wherever they stand.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../core/protocol/suggest.ts';
import type { Lexical } from '../dialects/lexical.ts';
import { isWordStart, skipSqlTrivia, skipWord } from './scan.ts';

export interface SourceHead {
  readonly word: string;
  readonly span: Span;
  /** Says whether the statement may stand in a FROM, so that stages may follow. */
  readonly wrappable: boolean;
}

/** Checks the first word of the SQL that stands in `text` from `start` to `end`; `names`: what else could be meant. */
export function checkSourceHead(
  text: string,
  start: number,
  end: number,
  lexical: Lexical,
  names: readonly string[] = [],
): SourceHead {
  const { reads, alone, writes } = lexical.words;
  let at = skipSqlTrivia(text, start, lexical);
  while (text[at] === '(' && at < end) at = skipSqlTrivia(text, at + 1, lexical);
  const span = { start: at, end: Math.max(at + 1, skipWord(text, at)) };
  const word = isWordStart(text.charCodeAt(at)) ? text.slice(at, span.end).toLowerCase() : '';
  if (reads.includes(word)) return { word, span, wrappable: !alone.includes(word) };
  if (writes.includes(word))
    throw new QueryError('read-only', `\`${word}\` is no query: this server only reads`, {
      span,
      hint: `a query begins with ${reads.join(', ')}`,
    });
  throw notSql({ text, word, span, end, lexical }, names);
}

interface StrayHead {
  readonly text: string;
  readonly word: string;
  readonly span: Span;
  readonly end: number;
  readonly lexical: Lexical;
}

/** `from flights`, as other languages begin. */
function fromHint({ text, word, span, lexical }: StrayHead): string | null {
  const at = skipSqlTrivia(text, span.end, lexical);
  const table = text.slice(at, skipWord(text, at));
  return word === 'from' && table !== '' ? `write \`select * from ${table}\`` : null;
}

/** Returns a hint for a query in the language of the ancestor, which began with `model name = flights`. */
function legacyHint({ text, word, span }: StrayHead): string | null {
  return word === 'model' && /^\s+(name|list)\b/i.test(text.slice(span.end, span.end + 100))
    ? 'for the legacy language send `"dialect": "legacy"` or begin with `set dialect = legacy;`; `forkline migrate-query` translates it'
    : null;
}

function notSql(stray: StrayHead, names: readonly string[]): QueryError {
  const { text, word, span, end, lexical } = stray;
  const { reads } = lexical.words;
  const alone = word !== '' && skipSqlTrivia(text, span.end, lexical) >= end;
  const suggestions = suggest(word, alone ? names : [...reads, ...names]);
  const instead = alone
    ? `to read a table, write \`select * from ${word}\``
    : `begin with \`select * from ...\`, then stages; it may also be ${reads.slice(1).join(', ')}`;
  const shown =
    word === '' ? `\`${String.fromCodePoint(text.codePointAt(span.start) ?? 32)}\`` : `\`${word}\``;
  return new QueryError(alone ? 'unknown-source' : 'syntax', `a query begins with SQL, not with ${shown}`, {
    span,
    hint: fromHint(stray) ?? legacyHint(stray) ?? didYouMean(suggestions) ?? instead,
    suggestions,
  });
}
