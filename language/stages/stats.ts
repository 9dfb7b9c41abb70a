/**
 * `stats aggregate [where condition] [as name], ... [by expression [as name], ...]`: one row a group, first the
 * `by` columns, then the aggregates. Null is a group like any other. Without `by` there is exactly one row.
 */

import type { ResolvedStage } from '../resolve/graph.ts';
import type { NamedValue } from '../select/relation.ts';
import {
  type AggregatesBy,
  columnsOf,
  columnsWith,
  parseAggregatesBy,
  resolveAggregate,
  resolveKey,
} from './kit/aggregate-items.ts';
import { exactGroups } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly keys: readonly NamedValue[];
  readonly values: readonly NamedValue[];
}

/** The parsed arguments of the stage. */
export type Syntax = AggregatesBy;

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'stats',
  aliases: ['summarize', 'aggregate'],
  docs: {
    syntax: 'stats aggregate [where condition] [as name], ... [by expression [as name], ...]',
    summary: 'One row for each group, with aggregates over its rows. Ends the order of rows.',
    examples: [
      { text: 'stats count() as flights, avg(delay) as mean by origin', summary: 'a row for each origin' },
      {
        text: 'stats count() where delay > 60 as late, p95(delay) by bin(date, 1mon) as month',
        summary: 'only some of the rows; grouped by month',
      },
    ],
  },
  parse: (cursor) => parseAggregatesBy(cursor, 'stats', 'write `stats count()`'),
  resolve(syntax, input) {
    const keys = syntax.by.map((item) => resolveKey(item, input));
    const values = syntax.aggregates.map((item) => resolveAggregate(item, input));
    const columns = columnsWith([], [...keys, ...values], [...syntax.by, ...syntax.aggregates]);
    return { columns, keys, values };
  },
  columnsUsed: ({ keys, values }) => columnsOf([...keys, ...values]),
  emit: ({ keys, values }, relation) => relation.aggregate(keys, values),
  exactIn: ({ keys, values }, dialect) => exactGroups(keys, values, dialect),
  computes: ({ keys, values }) => [...keys, ...values].map(({ value }) => value),
};
