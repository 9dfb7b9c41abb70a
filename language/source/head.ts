/**
 * What a query may begin with. Only statements that read are let through; this is for good messages: the database
 * itself refuses writes wherever they stand.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../core/protocol/suggest.ts';
import { isWordStart, skipTrivia, skipWord } from './scan.ts';

export const READS: readonly string[] = ['select', 'with', 'values', 'table', 'show', 'explain'];
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

/** Checks the first word of the SQL that stands in `text` from `start` to `end`; `names`: what else could be meant. */
export function checkSourceHead(
  text: string,
  start: number,
  end: number,
  names: readonly string[] = [],
): SourceHead {
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
  throw notSql(text, word, span, end, names);
}

/** `from flights`, as other languages begin. */
function fromHint(text: string, word: string, end: number): string | null {
  const at = skipTrivia(text, end, false);
  const table = text.slice(at, skipWord(text, at));
  return word === 'from' && table !== '' ? `write \`select * from ${table}\`` : null;
}

function notSql(text: string, word: string, span: Span, end: number, names: readonly string[]): QueryError {
  const alone = word !== '' && skipTrivia(text, span.end, false) >= end;
  const suggestions = suggest(word, alone ? names : [...READS, ...names]);
  const instead = alone
    ? `to read a table, write \`select * from ${word}\``
    : `begin with \`select * from ...\`, then stages; it may also be ${READS.slice(1).join(', ')}`;
  const shown =
    word === '' ? `\`${String.fromCodePoint(text.codePointAt(span.start) ?? 32)}\`` : `\`${word}\``;
  return new QueryError(alone ? 'unknown-source' : 'syntax', `a query begins with SQL, not with ${shown}`, {
    span,
    hint: fromHint(text, word, span.end) ?? didYouMean(suggestions) ?? instead,
    suggestions,
  });
}
