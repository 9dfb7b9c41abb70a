/**
 * The leaves that the formatter moves around: the tokens of the stages and the comments between them, in their order. A leaf's
 * text is what will be printed: that of the query, except for keywords, which are lower case. Invariant: nothing that
 * makes a name is changed, so that the formatted query has the same columns; a value without `as` is called by its
 * own text (language/frontends/forkline/names.ts), so inside of such values keywords stay as they are written.
 */
import type { Lexical } from '../dialects/lexical.ts';
import type { Token } from '../frontends/forkline/token.ts';
import { isSpace, skipBlockComment, skipLineComment } from '../source/scan.ts';
import { findStage } from '../stages/kit/registry.ts';
import { endsInLineComment, sqlText } from './format-sql.ts';

export interface Leaf {
  readonly kind: 'leaf';
  readonly text: string;
  /** The token of the leaf; null: it is a comment. */
  readonly token: Token | null;
  /** A comment that begins its line, and must go on doing so. */
  readonly ownLine: boolean;
  /** A comment that goes to the end of its line. */
  readonly endsLine: boolean;
  /** Says that the leaf touched the token before. */
  readonly glued: boolean;
  /** A whole query in brackets stands here; it has no text of its own. */
  readonly query?: QueryLeaves;
}

export interface StageLeaves {
  readonly pipe: Leaf;
  readonly leaves: readonly Leaf[];
  /** Comments on lines of their own before the pipe. */
  readonly before: readonly Leaf[];
}

export interface QueryLeaves {
  /** The leaves before the first pipe: `set`, `let`, the source. */
  readonly head: readonly Leaf[];
  readonly stages: readonly StageLeaves[];
  /** Comments on lines of their own behind it all. */
  readonly after: readonly Leaf[];
}

const KEYWORDS = new Set(
  (
    'and or not is in between like ilike case when then else end as by asc desc null true false where ' +
    'otherwise nulls on for from sort splitrow splitcol format sep message output distinct'
  ).split(' '),
);

export function isKeyword(leaf: Leaf | undefined): boolean {
  return leaf?.token?.kind === 'word' && KEYWORDS.has(leaf.token.lower);
}

/** Stages that call values without `as` by their text. */
const NAMED_BY_TEXT = new Set(['stats', 'eventstats', 'streamstats', 'timechart', 'pivot', 'assert']);
/** Words that in those stand between values, not in them. */
const BETWEEN_VALUES = new Set('as by where sort splitrow splitcol for nulls asc desc message'.split(' '));

/** Tokens and comments from `start` to `end`; `tokens` are those of that stretch. */
export function leavesOf(
  text: string,
  tokens: readonly Token[],
  start: number,
  end: number,
  lexical: Lexical,
): Leaf[] {
  const leaves: Leaf[] = [];
  let at = start;
  for (const token of tokens) {
    leaves.push(...commentsIn(text, at, token.start));
    const glued = at === token.start;
    const sql = token.kind === 'sql';
    const shown = sql ? sqlText(text, token.start, token.end, lexical) : text.slice(token.start, token.end);
    const endsLine = sql && endsInLineComment(shown, lexical);
    leaves.push({ kind: 'leaf', text: shown, token, ownLine: false, endsLine, glued });
    at = token.end;
  }
  leaves.push(...commentsIn(text, at, end));
  return leaves;
}

/** Returns the comments between two tokens; the rest of that text is white space. */
function commentsIn(text: string, start: number, end: number): Leaf[] {
  const comments: Leaf[] = [];
  let ownLine = start === 0;
  let at = start;
  while (at < end) {
    if (isSpace(text.charCodeAt(at))) {
      if (text[at] === '\n') ownLine = true;
      at++;
      continue;
    }
    const block = text.startsWith('/*', at);
    const stop = block ? skipBlockComment(text, at) : skipLineComment(text, at);
    const shown = text.slice(at, stop).trimEnd();
    comments.push({ kind: 'leaf', text: shown, token: null, ownLine, endsLine: !block, glued: false });
    ownLine = false;
    at = stop;
  }
  return comments;
}

/** The leaves of one stage, without its pipe, with their keywords in lower case. */
export function withKeywords(leaves: readonly Leaf[]): readonly Leaf[] {
  const first = leaves.findIndex((leaf) => leaf.token !== null);
  const stage = leaves[first]?.token?.lower ?? '';
  const byText = NAMED_BY_TEXT.has(findStage(stage)?.name ?? '');
  let depth = 0;
  return leaves.map((leaf, index) => {
    if (leaf.text === '(' || leaf.text === '[') depth++;
    if (leaf.text === ')' || leaf.text === ']') depth--;
    if (index === first) return lowered(leaf);
    if (!isKeyword(leaf) || isName(leaves, index)) return leaf;
    const between = depth === 0 && BETWEEN_VALUES.has(leaf.token!.lower);
    return byText && !between ? leaf : lowered(leaf);
  });
}

/** Lowers keywords before the first pipe: `set`, `let` and `explain` are words of ours, all else is names and SQL. */
export function withHeadKeywords(leaves: readonly Leaf[]): readonly Leaf[] {
  return leaves.map((leaf, index) => {
    const before = significant(leaves, index, -1);
    const first = before === undefined || before.text === ';' || before.token?.lower === 'explain';
    const ours = first && ['set', 'let', 'explain'].includes(leaf.token?.lower ?? '');
    return ours ? lowered(leaf) : leaf;
  });
}

function lowered(leaf: Leaf): Leaf {
  return leaf.token?.kind === 'word' ? { ...leaf, text: leaf.token.lower } : leaf;
}

/** Says whether the leaf is a name: names stand after `as` (and in its brackets) and before `=`, whatever they look like. */
function isName(leaves: readonly Leaf[], index: number): boolean {
  if (significant(leaves, index, 1)?.text === '=') return true;
  let before = neighbour(leaves, index, -1);
  if (leaves[before]?.text === '(') before = neighbour(leaves, before, -1);
  return leaves[before]?.token?.lower === 'as';
}

/** The next leaf in that direction that is no comment. */
export function significant(leaves: readonly Leaf[], index: number, step: 1 | -1): Leaf | undefined {
  return leaves[neighbour(leaves, index, step)];
}

function neighbour(leaves: readonly Leaf[], index: number, step: 1 | -1): number {
  let at = index + step;
  while (leaves[at]?.token === null) at += step;
  return at;
}
