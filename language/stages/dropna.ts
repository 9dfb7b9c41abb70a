/** `dropna columns`: drops the rows in which one of the columns is null. `*` in a name matches anything. */

import type { Column } from '../../core/protocol/types.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, ownCall } from '../select/own-values.ts';
import { BOOL } from '../types/rules.ts';
import { expandPatterns, type Pattern, parsePatterns } from './kit/column-patterns.ts';
import { EXACT } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly tested: readonly Column[];
}

/** The parsed arguments of the stage. */
export type Syntax = readonly Pattern[];

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'dropna',
  aliases: [],
  docs: {
    syntax: 'dropna column, ...',
    summary: 'Drops the rows in which one of the columns is null. `*` in a name matches anything.',
    notes: 'Empty text and NaN are not null.',
    examples: [
      { text: 'dropna delay, price', summary: 'the rows that have both' },
      { text: 'dropna *', summary: 'the rows without any null' },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd())
      cursor.fail('`dropna` needs a column', 'write `dropna delay`, or `dropna *` for all of them');
    const patterns = parsePatterns(cursor);
    if (cursor.isSymbol('='))
      cursor.refuse('`dropna` only names columns', 'to fill nulls write `fillna delay = 0`');
    return patterns;
  },
  resolve: (syntax, input) => ({ columns: input.columns, tested: expandPatterns(syntax, input) }),
  columnsUsed: ({ tested }, wanted) => new Set([...wanted, ...tested.map(({ name }) => name)]),
  emit: ({ tested }, relation) =>
    tested.reduce(
      (sofar, column) => sofar.filter(ownCall(BOOL, [columnValue(column)], 'is not null')),
      relation,
    ),
  exactIn: () => EXACT,
};
