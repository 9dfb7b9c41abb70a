/**
 * The stages of one query: `| stage | stage ...`, from its first pipe to where it ends. Stages are counted over the whole
 * text, whatever query they belong to, so that the number of them is bounded and each has an index of its own.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import { findFunction } from '../../functions/registry.ts';
import { FOREIGN_ENDINGS, FOREIGN_STAGES } from '../../hints/foreign.ts';
import { shortSyntax } from '../../hints/short-syntax.ts';
import type { QueryNode, StageNode } from '../query-tree.ts';
import type { Cursor } from './cursor.ts';
import type { Token } from './token.ts';

const MAX_STAGES = 200;

/** The part of a stage that the parser uses. */
export interface StageSyntax {
  readonly name: string;
  /** Reads what follows the stage's name, up to the next pipe. */
  parse(cursor: Cursor): unknown;
}

/** The stages that a text may name. */
export interface StageSyntaxes {
  /** Finds a stage by its name or an alias, in lower case. */
  find(name: string): StageSyntax | null;
  readonly all: readonly StageSyntax[];
  /** The names of all stages with their aliases. */
  readonly names: readonly string[];
  /** The stages that whoever asks may use, by name; left out: all. */
  readonly permitted?: ReadonlySet<string>;
}

/** The state that the stages of one text share. */
export interface StageCount {
  readonly syntaxes: StageSyntaxes;
  stages: number;
  /** Sources that the stage being read has taken. */
  taken: QueryNode[];
}

/** The stages at the cursor, which stands at a pipe or where the query ends; what follows them is left. */
export function parseStages(cursor: Cursor, count: StageCount): readonly StageNode[] {
  const stages: StageNode[] = [];
  for (;;) {
    const pipe = cursor.acceptSymbol('|', '|>');
    if (pipe === null) return stages;
    const span = { start: pipe.start, end: pipe.end };
    if (count.stages === MAX_STAGES)
      throw new QueryError('too-many-stages', `a query has at most ${MAX_STAGES} stages`, {
        span,
        hint: 'put some of it into the SQL',
        limit: { name: 'stages', value: MAX_STAGES },
      });
    count.stages++;
    stages.push(parseStage(cursor, count, span, stages.length === 0));
  }
}

function parseStage(cursor: Cursor, count: StageCount, pipe: Span, first: boolean): StageNode {
  const index = count.stages;
  const name = cursor.peek();
  if (cursor.atStageEnd())
    throw new QueryError('syntax', 'a stage is missing after this pipe', {
      span: pipe,
      hint: 'write one, like `head 10`, or take the pipe away',
    });
  const found = name.kind === 'word' ? count.syntaxes.find(name.lower) : null;
  if (found === null) throw unknownStage(cursor, name, first, count.syntaxes);
  cursor.next();
  if (count.syntaxes.permitted?.has(found.name) === false)
    throw notPermitted(found.name, cursor.spanFrom(name.start), count.syntaxes.permitted);
  const outer = count.taken;
  count.taken = [];
  const stage = { index, name: found.name };
  try {
    const syntax = found.parse(cursor);
    if (!cursor.atStageEnd())
      cursor.fail(`\`${found.name}\` ends before this`, trailingHint(cursor, found.name, count.syntaxes));
    return { ...stage, syntax, sources: count.taken, span: cursor.spanFrom(name.start) };
  } catch (thrown) {
    // A stage within a source of this one has named itself already.
    const own = thrown instanceof QueryError && thrown.details.stage === undefined;
    throw own ? thrown.with({ stage }) : thrown;
  } finally {
    count.taken = outer;
  }
}

function notPermitted(name: string, span: Span, permitted: ReadonlySet<string>): QueryError {
  const others = [...permitted].map((stage) => `\`${stage}\``).join(', ');
  return new QueryError('forbidden', `your roles do not allow the stage \`${name}\``, {
    rule: `stages: ${name}`,
    span,
    hint: others === '' ? 'They allow no stages.' : `They allow ${others}.`,
  });
}

/** Stages that take a list of names. */
const LISTS: Readonly<Record<string, string>> = {
  fields: 'columns are separated by commas: `fields origin, delay`',
  sort: 'columns are separated by commas, without `by`: `sort -delay, origin`',
  stats: 'groups are named after `by`, aggregates separated by commas: `stats count(), avg(delay) by origin`',
  rename: 'names are separated by commas: `rename a as b, c as d`',
};

/** Words that join the parts of some stages and are no columns. */
const CONNECTING = new Set(['as', 'by', 'for', 'from', 'in', 'on', 'sort', 'to', 'where', 'with']);

/** Guesses what was meant: a word of another language, a stage without its pipe, a bracket too many. */
function trailingHint(cursor: Cursor, stage: string, syntaxes: StageSyntaxes): string | undefined {
  const token = cursor.peek();
  const foreign = token.kind === 'word' ? FOREIGN_ENDINGS.get(token.lower) : undefined;
  if (foreign !== undefined) return foreign;
  if (token.kind === 'word' && syntaxes.find(token.lower) !== null)
    return `a pipe goes before \`${token.text}\``;
  const name = token.kind === 'quoted' || (token.kind === 'word' && !CONNECTING.has(token.lower));
  const listed = token.kind === 'word' ? LISTS[stage] : undefined;
  const last = cursor.last();
  const mended = last === undefined ? null : afterLast(cursor, last, token);
  if (mended !== null) return mended;
  const option = cursor.peek(1).text === '=';
  if (listed === undefined && name && !option && cursor.afterName())
    return `if \`${token.text}\` is another column, a comma goes before it`;
  if (cursor.isSymbol(',') && stage === 'head') return FOREIGN_ENDINGS.get('offset');
  if (cursor.isSymbol(')')) return 'this bracket closes nothing';
  if (cursor.isSymbol(',') && stage === 'where') return 'join conditions with `and`';
  if (cursor.isSymbol(',') && (stage === 'head' || stage === 'tail'))
    return 'no stage skips rows; write `limit n offset m` in the SQL';
  if (cursor.isSymbol('-', '+') && stage === 'sort')
    return `the sign stands before the column: \`sort ${token.text}delay\``;
  return listed;
}

/** Returns the hint that the token before gives about a token that does not belong there. */
function afterLast(cursor: Cursor, last: Token, token: Token): string | null {
  const shown = cursor.text.slice(token.start, token.end).slice(0, 40);
  const definition = last.kind === 'word' ? findFunction(last.lower) : null;
  const value = ['word', 'quoted', 'string', 'number'].includes(token.kind);
  if (definition !== null && value && last.lower !== 'case')
    return `a function needs its brackets: \`${shortSyntax(definition.syntax)}\``;
  if (last.kind === 'word' && last.lower === 'interval' && token.kind === 'string')
    return 'durations are written without quotes: `90m`, `1d`, `2mon`';
  if (last.kind === 'string' && last.text.endsWith('\\'))
    return "a backslash is only itself; a quote inside a text is doubled: `'it''s'`";
  if (last.kind === 'number' && token.text === ',' && /^\d{3}$/.test(cursor.peek(1).text))
    return 'numbers have no separators between thousands: `1000`';
  if (last.text === ')' && (token.kind === 'word' || token.kind === 'quoted') && cursor.peek(1).text === '(')
    return `if \`${shown}\` is another value, a comma goes before it`;
  return null;
}

function unknownStage(cursor: Cursor, name: Token, first: boolean, syntaxes: StageSyntaxes): QueryError {
  const shown = cursor.text.slice(name.start, name.end);
  const span = { start: name.start, end: name.end };
  const bitwise = first ? `For bitwise or, write \`(a | ${shown.slice(0, 40)})\`` : null;
  if (name.kind !== 'word')
    return new QueryError('syntax', `a stage is expected after the pipe; found \`${shown.slice(0, 40)}\``, {
      span,
      hint: bitwise ?? 'write one, like `head 10`',
    });
  const foreign = FOREIGN_STAGES.get(name.lower);
  if (foreign !== undefined)
    return new QueryError('unknown-stage', `unknown stage \`${shown}\``, { span, hint: foreign });
  const suggestions = suggest(name.lower, syntaxes.names);
  const hints = [didYouMean(suggestions), bitwise].filter((hint) => hint !== null);
  const known = `the stages are ${syntaxes.all.map(({ name: one }) => one).join(', ')}`;
  const hint =
    hints.length === 0 || suggestions.length === 0 ? [...hints, known].join('; ') : hints.join(' ');
  return new QueryError('unknown-stage', `unknown stage \`${shown}\``, { span, hint, suggestions });
}
