/** `fields [-] columns`: keeps columns in the order given, or (with `-`) all but those. `*` in a name matches anything. */

import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import type { Scope } from '../resolve/scope.ts';
import { expandPattern, expandPatterns, type Pattern, parsePattern } from './kit/column-patterns.ts';
import { EXACT } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly drop: boolean;
  readonly patterns: readonly Pattern[];
}

function parseColumn(cursor: Cursor): Pattern {
  const pattern = parsePattern(cursor);
  if (!pattern.quoted) refuseExpression(cursor, pattern.name);
  return pattern;
}

function refuseExpression(cursor: Cursor, text: string): void {
  if (cursor.isWord('as'))
    cursor.refuse('`fields` only chooses columns', `to rename it, add \`| rename ${text} as ...\``);
  if (cursor.isSymbol('(', '+', '-', '/', '=', '||', '::'))
    cursor.refuse('`fields` only chooses columns', 'to compute one, write `eval name = ...` before');
}

function drop(patterns: readonly Pattern[], scope: Scope, span: Span): readonly Column[] {
  const dropped = new Set(patterns.flatMap((pattern) => expandPattern(pattern, scope)));
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
    do patterns.push(parseColumn(cursor));
    while (cursor.acceptSymbol(',') !== null);
    return { drop: drops, patterns };
  },
  resolve: (syntax, input, span) => ({
    columns: syntax.drop
      ? drop(syntax.patterns, input, span)
      : expandPatterns(
          syntax.patterns,
          input,
          (name) => `name it once; for a copy write \`eval other = ${name}\``,
        ),
  }),
  columnsUsed: (_, wanted) => wanted,
  emit: ({ columns }, relation) => relation.project(columns.map(({ name }) => ({ name, as: name }))),
  exactIn: () => EXACT,
  rowByRow: true,
};
