/** Orders, and the rows that a window function sees: how they are said, and their SQL. */
import { type ExprType, INT64 } from '../types/rules.ts';
import type { Typed, WindowKind } from '../types/typed.ts';
import { ownAggregate } from './own-values.ts';

export interface SortKey {
  readonly column: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface OrderKey {
  /** A plain column of `from`. */
  readonly sql: string;
  /** ` DESC NULLS LAST`, after the collation */
  readonly direction: string;
  /** The direction of a key of its own, `sql IS NULL`, that says where nulls come; absent: `direction` does. */
  readonly nulls?: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly type: ExprType;
  /** Says that no two rows are equal in this key and those before it: no later key can matter. */
  readonly unique?: boolean;
}

/** Over which rows `Relation.window` computes. */
export interface WindowFrame {
  readonly partition: readonly Typed[];
  /** Order within a group, before the order that the rows have; they leave in it. */
  readonly keys: readonly SortKey[];
  /** `all` rows of the group; or those up to the row itself, at most so many. */
  readonly rows: 'all' | { readonly atMost: number | null };
}

export function overText(
  partition: readonly string[],
  order: readonly OrderKey[],
  frame: string | null,
): string {
  const parts = partition.length === 0 ? [] : [`PARTITION BY ${partition.join(', ')}`];
  if (frame !== null) parts.push(orderText(order).trimStart(), frame);
  return ` OVER (${parts.filter((part) => part !== '').join(' ')})`;
}

/** Returns SQL of the frame; null: the value is one for all rows of the group, whatever their order. */
export function frameText(
  { rows }: WindowFrame,
  window: WindowKind | undefined,
  ordered: boolean,
): string | null {
  if (window === 'peers' || window === 'place') return '';
  if (window === 'group' || (rows === 'all' && ordered))
    return 'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING';
  if (rows === 'all') return null;
  const from = rows.atMost === null ? 'UNBOUNDED' : String(rows.atMost - 1);
  return `ROWS BETWEEN ${from} PRECEDING AND CURRENT ROW`;
}

export function orderText(order: readonly OrderKey[]): string {
  return order.length === 0 ? '' : ` ORDER BY ${order.map(keyText).join(', ')}`;
}

function keyText({ sql, direction, nulls }: OrderKey): string {
  return nulls === undefined ? sql + direction : `(${sql} IS NULL)${nulls}, ${sql}${direction}`;
}

export const ROW_NUMBER: Typed = ownAggregate(INT64, [], 'own/row number', [], {
  ordered: true,
  window: 'place',
});
