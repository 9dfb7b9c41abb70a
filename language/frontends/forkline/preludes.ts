/** Parses the lines before a query: `set option = value;` and `let name = (query);`. */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { CacheWish, Pushdown } from '../../../core/protocol/plan.ts';
import { STAGE_LIMITS, stageLimit } from '../../../core/protocol/stage-limits.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import { skipWord } from '../../source/scan.ts';
import { columnKey } from '../../types/column-key.ts';
import type { ParseContext } from '../frontend.ts';
import type { LetNode, QueryNode, WrittenName } from '../query-tree.ts';
import type { Cursor } from './cursor.ts';
import { parseName } from './names.ts';
import type { Token } from './token.ts';
import { skipTrivia } from './trivia.ts';

export interface Settings {
  pushdown: Pushdown | null;
  cache: CacheWish | null;
}

const OPTIONS = ['pushdown', 'cache'];
const PUSHDOWNS: readonly Pushdown[] = ['off', 'auto', 'require'];

/** The cursor stands at `set`. */
export function parseSet(cursor: Cursor, settings: Settings): void {
  cursor.next();
  const option = parseName(cursor, 'the name of an option');
  const name = option.name.toLowerCase();
  if (!OPTIONS.includes(name)) throw unknownOption(option);
  if ((name === 'cache' ? settings.cache : settings.pushdown) !== null)
    throw new QueryError('syntax', `\`${name}\` is set twice`, {
      span: option.span,
      hint: 'set it once',
    });
  cursor.expectSymbol('=', `after \`set ${name}\``);
  if (name === 'cache') settings.cache = parseCacheWish(cursor);
  else settings.pushdown = parsePushdown(cursor);
}

const CACHE_UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
/** The longest time that a query may ask for. */
const MAX_CACHE_MS = 31 * 86_400_000;

/** `off`, or the time for which the answer may be sent again. */
function parseCacheWish(cursor: Cursor): CacheWish {
  const token = cursor.peek();
  if (token.kind === 'word' && token.lower === 'off') {
    cursor.next();
    return { maxAgeMs: null };
  }
  const [, count, unit] = /^(\d+)([a-z]+)$/.exec(token.kind === 'duration' ? token.lower : '') ?? [];
  const maxAgeMs = Number(count) * (CACHE_UNIT_MS[unit ?? ''] ?? Number.NaN);
  if (!(maxAgeMs <= MAX_CACHE_MS))
    throw new QueryError(
      'syntax',
      `\`cache\` is off, or a time of at most 31 days such as 10m, not ${cursor.describe()}`,
      { span: cursor.here(), hint: 'write `set cache = 10m;`; its units are ms, s, m, h, d and w' },
    );
  cursor.next();
  return { maxAgeMs };
}

function parsePushdown(cursor: Cursor): Pushdown {
  const token = cursor.peek();
  const value = PUSHDOWNS.find((candidate) => candidate === token.text.toLowerCase());
  if (value === undefined || (token.kind !== 'word' && token.kind !== 'string')) throw unknownValue(cursor);
  cursor.next();
  return value;
}

function unknownOption({ name, span }: WrittenName): QueryError {
  const suggestions = suggest(name, OPTIONS);
  return new QueryError('syntax', `there is no option \`${name}\``, {
    span,
    hint: didYouMean(suggestions) ?? `the options are ${OPTIONS.join(', ')}`,
    suggestions,
  });
}

function unknownValue(cursor: Cursor): QueryError {
  const suggestions = suggest(cursor.peek().text, PUSHDOWNS);
  return new QueryError('syntax', `\`pushdown\` is off, auto or require, not ${cursor.describe()}`, {
    span: cursor.here(),
    hint: didYouMean(suggestions) ?? 'write `set pushdown = auto;`',
    suggestions,
  });
}

/** The cursor stands at `let`; `parseQuery` reads the query in brackets. */
export function parseLet(cursor: Cursor, before: readonly LetNode[], parseQuery: () => QueryNode): LetNode {
  const word = cursor.next();
  if (before.length === STAGE_LIMITS.lets)
    throw new QueryError('syntax', `a query has at most ${STAGE_LIMITS.lets} \`let\``, {
      span: { start: word.start, end: word.end },
      hint: 'leave out those that are not used',
      limit: stageLimit('lets'),
    });
  const { name, span } = parseName(cursor, 'a name');
  const same = before.find((candidate) => columnKey(candidate.name) === columnKey(name));
  if (same !== undefined)
    throw new QueryError('syntax', `\`${name}\` is defined twice`, { span, hint: 'choose another name' });
  cursor.expectSymbol('=', `after \`let ${name}\``);
  if (!cursor.isSymbol('('))
    cursor.fail(
      'a query in brackets is expected after `=`',
      `write \`let ${name} = (select ...);\`; to compute a column, \`| eval ${name} = ...\``,
    );
  return { name, nameSpan: span, query: parseQuery() };
}

/** A name that meant nothing where it stood, and that a `let` of the text defines there or later. */
export function namesLater(thrown: unknown, text: string): QueryError | null {
  if (!(thrown instanceof QueryError) || thrown.code !== 'unknown-source') return null;
  const { span } = thrown.details;
  const name = span === undefined ? '' : text.slice(span.start, span.end);
  if (span === undefined || !/^[\p{L}_][\p{L}\p{N}_]{0,62}$/u.test(name)) return null;
  const defined = new RegExp(`\\blet\\s+${name}\\s*=`, 'iu').exec(text);
  if (defined === null || defined.index + defined[0].length > text.length) return null;
  const own = defined.index < span.start;
  const message = own ? `\`${name}\` uses itself` : `\`${name}\` is defined after this`;
  const hint = 'a `let` sees only those before it';
  return new QueryError('unknown-source', message, { ...thrown.details, hint, suggestions: [] });
}

function isLetName(definition: LetNode, name: string, quoted: boolean): boolean {
  return quoted ? definition.name === name : columnKey(definition.name) === columnKey(name);
}

/** The index of the `let` that a source's name means; throws when there is none. */
export function findLet(lets: readonly LetNode[], token: Token): number {
  const { text, start, end } = token;
  const found = lets.findIndex((candidate) => isLetName(candidate, text, token.kind === 'quoted'));
  if (found !== -1) return found;
  const suggestions = suggest(
    text,
    lets.map(({ name }) => name),
  );
  throw new QueryError('unknown-source', `no \`let\` before this defines \`${text}\``, {
    span: { start, end },
    hint: didYouMean(suggestions) ?? `to read a table, write \`(select * from ${text})\``,
    suggestions,
  });
}

/** Says whether a source's name means a `let`. */
export function isLet(lets: readonly LetNode[], { text, kind }: Token): boolean {
  return lets.some((candidate) => isLetName(candidate, text, kind === 'quoted'));
}

/** The index of the `let` that is meant by the word at `at`: nothing but a pipe, a bracket or the end may follow it. */
export function letAt(text: string, at: number, lets: readonly LetNode[]): number | null {
  if (lets.length === 0) return null;
  const name = sourceNameAt(text, at);
  if (name === null) return null;
  const found = lets.findIndex((candidate) => isLetName(candidate, name.text, name.quoted));
  return found === -1 ? null : found;
}

/** Says whether the name of a model may stand at `at`, as a source; words that SQL begins with are SQL. */
export function isModelAt(text: string, at: number, { usual, mayBeModel }: ParseContext): boolean {
  if (mayBeModel === undefined) return false;
  const name = sourceNameAt(text, at);
  if (name === null) return false;
  const { reads, writes } = usual.words;
  const word = name.text.toLowerCase();
  return (name.quoted || !(reads.includes(word) || writes.includes(word))) && mayBeModel(name.text);
}

/** The name at `at` that may stand for a source: nothing but a pipe, a bracket or the end follows it. */
function sourceNameAt(text: string, at: number): { readonly text: string; readonly quoted: boolean } | null {
  const quoted = text[at] === '"' || text[at] === '`';
  const end = quoted ? text.indexOf(text[at]!, at + 1) + 1 : skipWord(text, at);
  const name = quoted ? text.slice(at + 1, end - 1) : text.slice(at, end);
  const after = text[skipTrivia(text, end)];
  if (end <= at || (after !== undefined && !'|);'.includes(after))) return null;
  return { text: name, quoted };
}
