/** Each row once, where it came first; null equals null. What `distinct` and `union distinct` do. */
import { columnValue, keepColumns, ownAggregate } from './own-values.ts';
import type { Relation } from './relation.ts';
import { INT64 } from './type-rules.ts';
import type { Column } from './types.ts';

export function eachOnce(columns: readonly Column[], relation: Relation): Relation {
  const row = relation.freeName('row');
  const first = ownAggregate(INT64, [columnValue({ name: row, type: INT64 })], ([a]) => `min(${a})`);
  return relation
    .number(row)
    .aggregate(
      columns.map((column) => ({ name: column.name, value: columnValue(column) })),
      [{ name: row, value: first }],
    )
    .sort([{ column: row, descending: false, nullsFirst: false }])
    .project(keepColumns(columns));
}
