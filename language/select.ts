/** One SELECT of the statement under construction: what it is made of, and its text. */
import { quoteName } from './dialects/duckdb.ts';
import { type OrderKey, orderText } from './window-frame.ts';

export interface SelectColumn {
  readonly name: string;
  readonly sql: string;
  /** Just a column of `from`. */
  readonly plain: boolean;
}

export interface Select {
  readonly from: string;
  /** What `from` stands for, when that is read twice. */
  readonly table?: string;
  /** `LEFT JOIN s2 ON ...`: columns may be those of what is joined too. */
  readonly join?: string;
  readonly columns: readonly SelectColumn[];
  readonly filters: readonly string[];
  /** Number of leading columns that it groups by; null: it does not aggregate. */
  readonly groupBy: number | null;
  readonly order: readonly OrderKey[];
  readonly limit: string | null;
}

export function reading(from: string, names: readonly string[], order: readonly OrderKey[]): Select {
  const columns = names.map((name) => ({ name, sql: qualified(from, name), plain: true }));
  return { from, columns, filters: [], groupBy: null, order, limit: null };
}

/** Nothing but what `from` has. */
export function isTable({ from, columns, join, filters, groupBy, limit }: Select): boolean {
  if (join !== undefined) return false;
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
export function selectText(select: Select, hidden: readonly SelectColumn[], last: boolean): string {
  const { from, join, filters, groupBy, limit } = select;
  const items = [...select.columns, ...hidden].map(({ name, sql }) =>
    sql === qualified(from, name) ? sql : `${sql} AS ${quoteName(name)}`,
  );
  // A WITH entry of which nothing but the number of rows counts.
  if (items.length === 0) items.push('1 AS "row"');
  const parts = [`SELECT ${items.join(', ')}`, `FROM ${from}${join === undefined ? '' : `\n${join}`}`];
  if (filters.length > 0) parts.push(`WHERE ${filters.join(' AND ')}`);
  if (groupBy !== null && groupBy > 0)
    parts.push(`GROUP BY ${Array.from({ length: groupBy }, (_, index) => index + 1).join(', ')}`);
  if (last || limit !== null) parts.push(orderText(select.order).trimStart());
  if (limit !== null) parts.push(`LIMIT ${limit}`);
  return parts.filter((part) => part !== '').join('\n');
}
