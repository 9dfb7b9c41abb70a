/** `distinct`: each row once, where it came first. Null equals null; the order of rows holds. */

import { refuseJsonKey } from '../column-patterns.ts';
import { exactKeys } from '../exactness.ts';
import { columnValue, everywhere, keepColumns, ownAggregate } from '../own-values.ts';
import type { ResolvedStage, StageDefinition } from '../stage.ts';
import { INT64 } from '../type-rules.ts';

export const stage: StageDefinition<null, ResolvedStage> = {
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
  emit({ columns }, relation) {
    const groups = columns.map((column) => ({ name: column.name, value: columnValue(column) }));
    if (!relation.isOrdered) return relation.aggregate(groups, []);
    const row = relation.freeName('row');
    const first = ownAggregate(
      INT64,
      [columnValue({ name: row, type: INT64 })],
      everywhere(([a]) => `min(${a})`),
    );
    return relation
      .number(row)
      .aggregate(groups, [{ name: row, value: first }])
      .sort([{ column: row, descending: false, nullsFirst: false }])
      .project(keepColumns(columns));
  },
  exactInPostgres: ({ columns }) => exactKeys(columns),
};
