/** `fields [-] columns`: keeps columns in the order given, or (with `-`) all but those. `*` in a name matches anything. */
import { QueryError, type Span } from '../../workers/errors.ts';
import type { Cursor } from '../cursor.ts';
import { parseName } from '../names.ts';
import { available, columnKey, getColumn, type Scope, type WrittenName } from '../scope.ts';
import { NOT_PLACED_YET, type ResolvedStage, type StageDefinition } from '../stage.ts';
import { didYouMean, suggest } from '../suggest.ts';
import type { Column } from '../types.ts';

interface Syntax {
  readonly drop: boolean;
  readonly patterns: readonly Pattern[];
}

/** A name, or a glob: its parts between the stars. */
interface Pattern extends WrittenName {
  readonly glob: readonly string[] | null;
}

function parsePattern(cursor: Cursor): Pattern {
  const start = cursor.peek().start;
  if (cursor.peek().kind === 'quoted') return { ...parseName(cursor, 'a column'), glob: null };
  let text = '';
  let end = start;
  for (;;) {
    const token = cursor.peek();
    const part =
      ['word', 'number', 'duration'].includes(token.kind) || (token.kind === 'symbol' && token.text === '*');
    if (!part || (text !== '' && token.start !== end)) break;
    cursor.next();
    text += cursor.text.slice(token.start, token.end);
    end = token.end;
  }
  if (text === '') cursor.fail('the name of a column is expected');
  refuseExpression(cursor, text);
  return {
    name: text,
    quoted: false,
    span: { start, end },
    glob: text.includes('*') ? text.split('*') : null,
  };
}

function refuseExpression(cursor: Cursor, text: string): void {
  if (cursor.isWord('as'))
    cursor.refuse('`fields` only chooses columns', `to rename it, add \`| rename ${text} as ...\``);
  if (cursor.isSymbol('(', '+', '-', '/', '=', '||', '::'))
    cursor.refuse('`fields` only chooses columns', 'to compute one, write `eval name = ...` before');
}

/** Does `text` match the parts that stood between stars? Greedy from the left, which is right for stars alone. */
function matches(text: string, parts: readonly string[]): boolean {
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

function expand(pattern: Pattern, scope: Scope): readonly Column[] {
  if (pattern.glob === null) return [getColumn(scope, pattern)];
  const parts = pattern.glob.map(columnKey);
  const found = scope.columns.filter((column) => matches(columnKey(column.name), parts));
  if (found.length > 0) return found;
  const names = scope.columns.map((column) => column.name);
  const suggestions = suggest(pattern.name.replaceAll('*', ''), names);
  const hint = didYouMean(suggestions) ?? available(names);
  throw new QueryError('unknown-column', `no column matches \`${pattern.name}\``, {
    span: pattern.span,
    hint,
    suggestions,
  });
}

function keep(patterns: readonly Pattern[], scope: Scope): readonly Column[] {
  const kept: Column[] = [];
  for (const pattern of patterns)
    for (const column of expand(pattern, scope)) {
      if (!kept.includes(column)) kept.push(column);
      else if (pattern.glob === null)
        throw new QueryError('duplicate-column', `\`${column.name}\` is named twice`, {
          span: pattern.span,
          hint: `name it once; for a copy write \`eval other = ${column.name}\``,
        });
    }
  return kept;
}

function drop(patterns: readonly Pattern[], scope: Scope, span: Span): readonly Column[] {
  const dropped = new Set(patterns.flatMap((pattern) => expand(pattern, scope)));
  const kept = scope.columns.filter((column) => !dropped.has(column));
  if (kept.length > 0) return kept;
  throw new QueryError('wrong-arguments', 'no column would be left', { span, hint: 'keep at least one' });
}

export const stage: StageDefinition<Syntax, ResolvedStage> = {
  name: 'fields',
  aliases: ['select', 'keep', 'table', 'project'],
  docs: {
    syntax: 'fields [-] column, ...',
    summary: 'Keeps columns in the order given; with `-` all but those. `*` in a name matches anything.',
    examples: [
      { text: 'fields delay, origin', summary: 'two columns, in this order' },
      { text: 'fields - d*', summary: 'all but those that begin with d' },
    ],
  },
  parse(cursor) {
    const drops = cursor.acceptSymbol('-') !== null;
    cursor.acceptSymbol('+');
    const patterns: Pattern[] = [];
    do patterns.push(parsePattern(cursor));
    while (cursor.acceptSymbol(',') !== null);
    return { drop: drops, patterns };
  },
  resolve: (syntax, input, span) => ({
    columns: syntax.drop ? drop(syntax.patterns, input, span) : keep(syntax.patterns, input),
  }),
  columnsUsed: (_, wanted) => wanted,
  emit: ({ columns }, relation) => relation.project(columns.map(({ name }) => ({ name, as: name }))),
  exactInPostgres: () => NOT_PLACED_YET,
};
