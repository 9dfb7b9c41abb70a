/** One SELECT of the statement under construction: what it is made of, and its text. */
import { quoteName } from './dialects/duckdb.ts';
import type { ExprType } from './type-rules.ts';
import { type OrderKey, orderText } from './window-frame.ts';

export interface SelectColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: ExprType;
  /** Cheap, and it may be repeated: just a column of `from`, or one of the source's in its canonical type. */
  readonly plain: boolean;
  /** The column as the database stores it, which compares with values of `type` as `sql` does. */
  readonly stored?: string;
  /** Computing it may fail: it must not see rows that were taken away. */
  readonly raises?: boolean;
}

export interface Select {
  /** The name of what it reads. */
  readonly from: string;
  /** What stands behind FROM; null: the name itself, an entry of the WITH. */
  readonly fromText: string | null;
  readonly columns: readonly SelectColumn[];
  readonly filters: readonly string[];
  /** Number of leading columns that it groups by; null: it does not aggregate. */
  readonly groupBy: number | null;
  readonly order: readonly OrderKey[];
  /** The rows come in an order that no key says: the one in which a source sends them. */
  readonly arrival: boolean;
  readonly limit: string | null;
  /** Filters on it stay outside of it. */
  readonly fenced: boolean;
}

export interface Origin {
  readonly from: string;
  readonly fromText?: string | null;
  readonly order: readonly OrderKey[];
  readonly arrival: boolean;
}

export function reading(
  { from, fromText = null, order, arrival }: Origin,
  columns: readonly { readonly name: string; readonly type: ExprType; readonly raises?: boolean }[],
): Select {
  const read = columns.map(
    ({ name, type, raises }): SelectColumn => ({
      name,
      type,
      sql: qualified(from, name),
      plain: true,
      ...(raises === true && { raises }),
    }),
  );
  const base = { from, fromText, columns: read, order, arrival };
  return { ...base, filters: [], groupBy: null, limit: null, fenced: false };
}

/** Nothing but what `from` has. */
export function isTable({ from, fromText, columns, filters, groupBy, limit, fenced }: Select): boolean {
  if (fromText !== null || fenced) return false;
  const same = columns.every(({ name, sql }) => sql === qualified(from, name));
  return same && filters.length === 0 && groupBy === null && limit === null;
}

export function qualified(from: string, name: string): string {
  return `${from}.${quoteName(name)}`;
}

/** A name for a key of the order that no visible column has. */
export function hiddenName(select: Select, index: number): string {
  return freeName(
    `order_${index + 1}`,
    select.columns.map((column) => column.name),
  );
}

/** `wanted`, or something like it, that none of `names` is, whatever its case. */
export function freeName(wanted: string, names: readonly string[]): string {
  const taken = new Set(names.map((name) => name.toLowerCase()));
  let name = wanted;
  while (taken.has(name.toLowerCase())) name = `_${name}`;
  return name;
}

/** In the place of the one of its name, else at the end. */
export function placed(columns: readonly SelectColumn[], column: SelectColumn): readonly SelectColumn[] {
  const at = columns.findIndex((existing) => existing.name === column.name);
  return at === -1 ? [...columns, column] : columns.with(at, column);
}

/** `hidden`: keys of the order that travel on. `last`: what its order is shows. */
export function selectText(
  select: Select,
  hidden: readonly Pick<SelectColumn, 'name' | 'sql'>[],
  last: boolean,
): string {
  const { from, fromText, filters, groupBy, limit } = select;
  const items = [...select.columns, ...hidden].map(({ name, sql }) =>
    sql === qualified(from, name) ? sql : `${sql} AS ${quoteName(name)}`,
  );
  // A WITH entry of which nothing but the number of rows counts.
  if (items.length === 0) items.push('1 AS "row"');
  const parts = [`SELECT ${items.join(', ')}`, `FROM ${fromText ?? from}`];
  if (filters.length > 0) parts.push(`WHERE ${filters.join(' AND ')}`);
  if (groupBy !== null && groupBy > 0)
    parts.push(`GROUP BY ${Array.from({ length: groupBy }, (_, index) => index + 1).join(', ')}`);
  if (last || limit !== null) parts.push(orderText(select.order).trimStart());
  if (limit !== null) parts.push(`LIMIT ${limit}`);
  else if (select.fenced) parts.push('OFFSET 0');
  return parts.filter((part) => part !== '').join('\n');
}
