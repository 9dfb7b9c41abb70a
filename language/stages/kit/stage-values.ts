/**
 * The different values of a column as a query of its own: what `pivot` must know before it has columns. They are compared
 * as text, which is also what the new columns are called by.
 */
import type { StageNode } from '../../frontends/query-tree.ts';
import type { ResolvedQuery, ResolvedStage } from '../../resolve/graph.ts';
import { columnValue, ownCall, wholeNumber } from '../../select/own-values.ts';
import { STRING } from '../../types/rules.ts';
import { collectColumns, type Typed, valueType } from '../../types/typed.ts';
import { exactIf } from './exactness.ts';
import type { StageDefinition } from './stage.ts';

interface Resolved extends ResolvedStage {
  readonly value: Typed;
  readonly atMost: number;
}

const NAME = 'value';

/** A stage that no text can name: only the compiler makes it. */
export const VALUES: StageDefinition<null, Resolved> = {
  name: 'values',
  aliases: [],
  docs: { syntax: '', summary: '', examples: [] },
  parse: () => null,
  resolve: () => {
    throw new Error('the compiler makes this stage resolved');
  },
  columnsUsed({ value }) {
    const used = new Set<string>();
    collectColumns(value, used);
    return used;
  },
  emit({ value, atMost }, relation) {
    const found = { name: NAME, type: valueType(value.type) };
    return relation
      .aggregate([{ name: NAME, value }], [])
      .sort([{ column: NAME, descending: false, nullsFirst: false }])
      .limit(wholeNumber(atMost + 1))
      .assign(NAME, textOf(columnValue(found)));
  },
  exactIn: ({ value }, dialect) => exactIf([value, textOf(value)], dialect),
};

/** The values of `value` over the rows of `input`, in their order, one more than `atMost` at most. */
export function valuesOf(input: ResolvedQuery, value: Typed, atMost: number): ResolvedQuery {
  const node: StageNode = { index: 0, name: VALUES.name, syntax: null, sources: [], span: value.span };
  const columns = [{ name: NAME, type: STRING }];
  const resolved: Resolved = { columns, value, atMost };
  return { ...input, stages: [...input.stages, { node, resolved, sources: [] }], columns };
}

/** The text of a value that stages show. */
export function textOf(value: Typed): Typed {
  return ownCall(STRING, [value], 'own/shown');
}
