/** `describe`: a row for each column that reaches it, with its name and type. Known before anything runs. */
import { type Column, typeName } from '../../core/protocol/types.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { constantTexts, countRows, keepColumns, wholeNumber } from '../select/own-values.ts';
import { STRING } from '../types/rules.ts';
import { exactLists } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly described: readonly Column[];
}

/** The parsed arguments of the stage. */
export type Syntax = null;

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'describe',
  aliases: [],
  docs: {
    syntax: 'describe',
    summary: 'A row for each column at this point: `column`, its name, and `type`.',
    notes: 'No row of the source is needed for it.',
    examples: [
      { text: 'stats avg(price) as mean by bin(date, 1mon) as month | describe', summary: 'what came out' },
    ],
  },
  parse(cursor) {
    if (!cursor.atStageEnd())
      cursor.refuse(
        '`describe` takes nothing: it tells the columns at this point',
        'choose them before: `fields a, b | describe`',
      );
    return null;
  },
  resolve: (_, input) => ({
    columns: [
      { name: 'column', type: STRING },
      { name: 'type', type: STRING },
    ],
    described: input.columns,
  }),
  columnsUsed: () => new Set(),
  emit({ columns, described }, relation) {
    return relation
      .limit(wholeNumber(0))
      .aggregate([], [{ name: 'rows', value: countRows() }])
      .unnest([
        { name: 'column', value: constantTexts(described.map(({ name }) => name)) },
        { name: 'type', value: constantTexts(described.map(({ type }) => typeName(type))) },
      ])
      .project(keepColumns(columns));
  },
  exactIn: (_, dialect) => exactLists([constantTexts([])], dialect),
};
