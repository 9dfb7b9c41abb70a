/**
 * `eventstats aggregate [where condition] [as name], ... [by expression, ...]`: as `stats`, but every row stays, and the
 * value of its group stands on it. Columns may stand beside the aggregates: `delay - avg(delay)`. Keeps the order of rows.
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
import { exactWindow } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly keys: readonly NamedValue[];
  readonly values: readonly NamedValue[];
}

/** The parsed arguments of the stage. */
export type Syntax = AggregatesBy;

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'eventstats',
  aliases: [],
  docs: {
    syntax: 'eventstats aggregate [where condition] [as name], ... [by expression, ...]',
    summary:
      'Adds to every row the aggregates of its group; columns may stand beside them. Keeps all rows and their order.',
    notes:
      'The new columns come last; a name that exists already is an error. `first`, `last` and `list` follow the order of the rows.',
    examples: [
      { text: 'eventstats avg(delay) as mean, count() by origin', summary: 'two new columns on each row' },
      {
        text: 'eventstats delay - avg(delay) as above by origin',
        summary: 'how far from the mean of its group',
      },
    ],
  },
  parse: (cursor) =>
    parseAggregatesBy(cursor, 'eventstats', 'write `eventstats avg(delay) as mean by origin`'),
  resolve(syntax, input) {
    const keys = syntax.by.map((item) => resolveKey(item, input));
    const values = syntax.aggregates.map((item) => resolveAggregate(item, input, 'rows'));
    return { columns: columnsWith(input.columns, values, syntax.aggregates), keys, values };
  },
  columnsUsed({ keys, values }, wanted) {
    const names = new Set(values.map((value) => value.name));
    const before = [...wanted].filter((name) => !names.has(name));
    return new Set([...before, ...columnsOf([...keys, ...values])]);
  },
  emit: ({ keys, values }, relation) =>
    relation.window(values, { partition: keys.map((key) => key.value), keys: [], rows: 'all' }),
  exactIn: ({ keys, values }, dialect) => exactWindow(keys, values, dialect),
  computes: ({ keys, values }) => [...keys, ...values].map(({ value }) => value),
};
