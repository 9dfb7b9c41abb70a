/** Sets columns of a schema: a name that exists keeps its place, a new one comes last. */

import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import type { WrittenName } from '../../frontends/query-tree.ts';
import { findColumn, type Scope } from '../../resolve/scope.ts';
import { columnKey } from '../../types/column-key.ts';

export function assignColumn(columns: readonly Column[], column: Column): readonly Column[] {
  const at = columns.findIndex((existing) => existing.name === column.name);
  return at === -1 ? [...columns, column] : columns.with(at, column);
}

/** An existing column's own spelling, so that `eval Delay = ...` overwrites `delay`; a quoted name must fit exactly. */
export function targetName(target: WrittenName, scope: Scope): string {
  const existing = findColumn(scope, target)?.name;
  if (existing !== undefined) return existing;
  const clash = scope.columns.find((column) => columnKey(column.name) === columnKey(target.name));
  if (clash === undefined) return target.name;
  throw new QueryError(
    'duplicate-column',
    `\`${target.name}\` and the column \`${clash.name}\` differ only by case`,
    { span: target.span, hint: 'choose another name' },
  );
}
