/** `distinct`: each row once, where it came first. Null equals null; the order of rows holds. */

import type { ResolvedStage } from '../resolve/graph.ts';
import { refuseJsonKey } from './kit/column-patterns.ts';
import { eachOnce } from './kit/each-once.ts';
import { exactKeys } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export type Syntax = null;

export const stage: StageDefinition<Syntax, ResolvedStage> = {
  name: 'distinct',
  aliases: [],
  docs: {
    syntax: 'distinct',
    summary: 'Keeps each row once, where it came first; null equals null.',
    examples: [{ text: 'fields origin, dest | distinct', summary: 'each route once' }],
  },
  parse(cursor) {
    if (cursor.atStageEnd()) return null;
    const { start } = cursor.peek();
    const name = cursor.peek().kind === 'word' ? cursor.text.slice(start, cursor.peek().end) : 'delay';
    return cursor.refuse(
      '`distinct` takes no columns: it compares whole rows',
      `for the values of columns write \`fields ${name} | distinct\`; for one whole row of each, \`dedup ${name}\``,
    );
  },
  resolve(_, input, span) {
    for (const column of input.columns) refuseJsonKey(column, span);
    return { columns: input.columns };
  },
  columnsUsed: ({ columns }) => new Set(columns.map(({ name }) => name)),
  emit: ({ columns }, relation) => eachOnce(columns, relation),
  exactIn: ({ columns }, dialect) => exactKeys(columns, dialect),
};
