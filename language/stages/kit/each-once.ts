/** Each row once, where it came first; null equals null. What `distinct` and `union distinct` do. */
import type { Column } from '../../../core/protocol/types.ts';
import { columnValue, keepColumns, ownAggregate } from '../../select/own-values.ts';
import type { Relation } from '../../select/relation.ts';
import { INT64 } from '../../types/rules.ts';

export function eachOnce(columns: readonly Column[], relation: Relation): Relation {
  const groups = columns.map((column) => ({ name: column.name, value: columnValue(column) }));
  if (!relation.isOrdered) return relation.aggregate(groups, []);
  const row = relation.freeName('row');
  const first = ownAggregate(INT64, [columnValue({ name: row, type: INT64 })], 'min');
  return relation
    .number(row)
    .aggregate(groups, [{ name: row, value: first }])
    .sort([{ column: row, descending: false, nullsFirst: false }])
    .project(keepColumns(columns));
}
