/** A whole query: `[@connection] sql (| stage)*` as a tree. Needs nothing but the text. */
import { QueryError, type Span } from '../workers/errors.ts';
import { Cursor } from './cursor.ts';
import { FOREIGN_ENDINGS, FOREIGN_STAGES } from './foreign.ts';
import { isWordStart, skipTrivia, skipWord } from './scan.ts';
import { checkSourceHead, refusePrelude, type SourceHead } from './source-head.ts';
import { type ScannedSource, scanSource } from './source-lexer.ts';
import type { AnyStage } from './stage.ts';
import { lexStages } from './stage-lexer.ts';
import { findStage, PLANNED_STAGES, STAGE_NAMES } from './stage-registry.ts';
import { didYouMean, suggest } from './suggest.ts';
import type { Token } from './token.ts';

const MAX_STAGES = 200;

export interface StageNode {
  /** 1 is the first. */
  readonly index: number;
  readonly definition: AnyStage;
  readonly syntax: unknown;
  /** From its name to its last token. */
  readonly span: Span;
}

export interface QueryTree {
  readonly text: string;
  readonly connection: string | null;
  readonly source: ScannedSource;
  readonly head: SourceHead;
  readonly stages: readonly StageNode[];
  /** `:name` tokens in the stages. */
  readonly stageParameters: readonly Token[];
}

export function parseTree(text: string): QueryTree {
  const { connection, at } = parseConnection(text);
  refusePrelude(text, at);
  const source = scanSource(text, at);
  if (skipTrivia(text, source.sqlStart, false) >= source.sqlEnd) throw emptyQuery(text, source);
  const head = checkSourceHead(text, source.sqlStart, source.sqlEnd);
  if (source.pipe === null) return { text, connection, source, head, stages: [], stageParameters: [] };
  const tokens = lexStages(text, source.pipe.end);
  const cursor = new Cursor(text, tokens);
  const stages = parseStages(cursor, source.pipe);
  if (!head.wrappable)
    throw new QueryError('unsupported', `stages cannot follow \`${head.word}\``, {
      span: source.pipe,
      hint: 'send it without stages',
    });
  return {
    text,
    connection,
    source,
    head,
    stages,
    stageParameters: tokens.filter((token) => token.kind === 'parameter'),
  };
}

function emptyQuery(text: string, source: ScannedSource): QueryError {
  const span = source.pipe ?? { start: 0, end: Math.min(1, text.length) };
  const message = source.pipe === null ? 'the query is empty' : 'there is no SQL before the first stage';
  return new QueryError('empty-query', message, {
    span,
    hint: 'begin with SQL: `select * from flights | head 5`',
  });
}

/** `@name` before the SQL. */
function parseConnection(text: string): { readonly connection: string | null; readonly at: number } {
  const at = skipTrivia(text, 0, true);
  if (text[at] !== '@') return { connection: null, at };
  let end = skipWord(text, at + 1);
  while (text[end] === '-' && isWordStart(text.charCodeAt(end + 1))) end = skipWord(text, end + 1);
  if (end === at + 1)
    throw new QueryError('syntax', 'a name is missing after `@`', {
      span: { start: at, end: at + 1 },
      hint: 'write `@connection select ...`',
    });
  return { connection: text.slice(at + 1, end), at: skipTrivia(text, end, true) };
}

function parseStages(cursor: Cursor, firstPipe: Span): readonly StageNode[] {
  const stages: StageNode[] = [];
  let pipe: Span = firstPipe;
  for (;;) {
    if (stages.length === MAX_STAGES)
      throw new QueryError('too-many-stages', `a query has at most ${MAX_STAGES} stages`, {
        span: pipe,
        hint: 'put some of it into the SQL',
        limit: { name: 'stages', value: MAX_STAGES },
      });
    stages.push(parseStage(cursor, stages.length + 1, pipe));
    const next = cursor.acceptSymbol('|', '|>');
    if (next === null) break;
    pipe = { start: next.start, end: next.end };
  }
  endOfQuery(cursor);
  return stages;
}

function parseStage(cursor: Cursor, index: number, pipe: Span): StageNode {
  const name = cursor.peek();
  if (name.kind === 'end' || cursor.isSymbol('|', '|>', ';'))
    throw new QueryError('syntax', 'a stage is missing after this pipe', {
      span: pipe,
      hint: 'write one, like `head 10`, or take the pipe away',
    });
  const definition = name.kind === 'word' ? findStage(name.lower) : null;
  if (definition === null) throw unknownStage(cursor, name, index);
  cursor.next();
  const stage = { index, name: definition.name };
  try {
    const syntax = definition.parse(cursor);
    if (!cursor.atStageEnd())
      cursor.fail(`\`${definition.name}\` ends before this`, trailingHint(cursor, definition.name));
    return { index, definition, syntax, span: cursor.spanFrom(name.start) };
  } catch (thrown) {
    throw thrown instanceof QueryError ? thrown.with({ stage }) : thrown;
  }
}

/** Stages that take a list of names. */
const LISTS: Readonly<Record<string, string>> = {
  fields: 'columns are separated by commas: `fields origin, delay`',
  sort: 'columns are separated by commas, without `by`: `sort -delay, origin`',
  rename: 'names are separated by commas: `rename a as b, c as d`',
};

/** Words that join the parts of some stages and are no columns. */
const CONNECTING = new Set(['as', 'by', 'for', 'from', 'in', 'on', 'sort', 'to', 'where', 'with']);

/** What was probably meant: a word of another language, a stage without its pipe, a bracket too many. */
function trailingHint(cursor: Cursor, stage: string): string | undefined {
  const token = cursor.peek();
  const foreign = token.kind === 'word' ? FOREIGN_ENDINGS.get(token.lower) : undefined;
  if (foreign !== undefined) return foreign;
  if (token.kind === 'word' && findStage(token.lower) !== null) return `a pipe goes before \`${token.text}\``;
  const name = token.kind === 'quoted' || (token.kind === 'word' && !CONNECTING.has(token.lower));
  const listed = token.kind === 'word' ? LISTS[stage] : undefined;
  const option = cursor.peek(1).text === '=';
  if (listed === undefined && name && !option && cursor.afterName())
    return `if \`${token.text}\` is another column, a comma goes before it`;
  if (cursor.isSymbol(')')) return 'this bracket closes nothing';
  if (cursor.isSymbol(',') && stage === 'where') return 'join conditions with `and`';
  return listed;
}

function unknownStage(cursor: Cursor, name: Token, index: number): QueryError {
  const shown = cursor.text.slice(name.start, name.end);
  const span = { start: name.start, end: name.end };
  const bitwise = index === 1 ? `For bitwise or, write \`(a | ${shown.slice(0, 40)})\`` : null;
  if (name.kind !== 'word')
    return new QueryError('syntax', `a stage is expected after the pipe; found \`${shown.slice(0, 40)}\``, {
      span,
      hint: bitwise ?? 'write one, like `head 10`',
    });
  if (PLANNED_STAGES.has(name.lower))
    return new QueryError('unsupported', `the stage \`${name.lower}\` is not available yet`, {
      span,
      hint: 'do it in the SQL before the first pipe',
    });
  const foreign = FOREIGN_STAGES.get(name.lower);
  if (foreign !== undefined)
    return new QueryError('unknown-stage', `unknown stage \`${shown}\``, { span, hint: foreign });
  const suggestions = suggest(name.lower, STAGE_NAMES);
  const hints = [didYouMean(suggestions), bitwise].filter((hint) => hint !== null);
  const known = `the stages are ${STAGE_NAMES.join(', ')}`;
  const hint =
    hints.length === 0 || suggestions.length === 0 ? [...hints, known].join('; ') : hints.join(' ');
  return new QueryError('unknown-stage', `unknown stage \`${shown}\``, { span, hint, suggestions });
}

function endOfQuery(cursor: Cursor): void {
  cursor.acceptSymbol(';');
  if (cursor.peek().kind === 'end') return;
  const { start, end } = cursor.peek();
  throw new QueryError('multiple-statements', 'a query is one statement; another begins here', {
    span: { start, end },
    hint: 'send each as a query of its own',
  });
}
