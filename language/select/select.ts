/** One SELECT of the statement under construction: what it is made of, and its text. */
import type { Dialect } from '../dialects/dialect.ts';
import type { ExprType } from '../types/rules.ts';
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
  /** Every row has the same value, made of constants alone. */
  readonly constant?: boolean;
}

export interface Filter {
  readonly sql: string;
  /** Says that the filter may fail: it must only see the rows that the filters before it leave. */
  readonly raises: boolean;
}

export interface Select {
  /** The name of what it reads. */
  readonly from: string;
  /** The SQL behind FROM; null: the name itself, an entry of the WITH. */
  readonly fromText: string | null;
  /** The table that `from` stands for, when it is read twice. */
  readonly table?: string;
  /** `LEFT JOIN s2 ON ...`: columns may be those of what is joined too. */
  readonly join?: string;
  readonly columns: readonly SelectColumn[];
  readonly filters: readonly Filter[];
  /** Says that a SELECT below filters, and that a database may merge those filters with the ones here. */
  readonly filteredBelow: boolean;
  /** Number of leading columns that it groups by; null: it does not aggregate. */
  readonly groupBy: number | null;
  readonly order: readonly OrderKey[];
  /** The rows come in an order that no key says: the one in which a source sends them. */
  readonly arrival: boolean;
  readonly limit: string | null;
  /** SQL of a limit that limits nothing and keeps later filters outside of this SELECT; null: nothing keeps them outside. */
  readonly fence: string | null;
}

export interface Origin {
  readonly from: string;
  readonly fromText?: string | null;
  readonly order: readonly OrderKey[];
  readonly arrival: boolean;
  readonly filteredBelow?: boolean;
}

export function reading(
  dialect: Dialect,
  { from, fromText = null, order, arrival, filteredBelow = false }: Origin,
  columns: readonly Pick<SelectColumn, 'name' | 'type' | 'raises' | 'constant'>[],
): Select {
  const read = columns.map(
    ({ name, type, raises, constant }): SelectColumn => ({
      name,
      type,
      sql: qualified(dialect, from, name),
      plain: true,
      ...(raises === true && { raises }),
      ...(constant === true && { constant }),
    }),
  );
  const base = { from, fromText, columns: read, order, arrival, filteredBelow };
  return { ...base, filters: [], groupBy: null, limit: null, fence: null };
}

/** Says whether the SELECT does nothing but read `from`. */
export function isTable(dialect: Dialect, select: Select): boolean {
  const { from, fromText, columns, join, filters, groupBy, limit, fence } = select;
  if (fromText !== null || fence !== null || join !== undefined) return false;
  const same = columns.every(({ name, sql }) => sql === qualified(dialect, from, name));
  return same && filters.length === 0 && groupBy === null && limit === null;
}

export function qualified(dialect: Dialect, from: string, name: string): string {
  return `${from}.${dialect.quoteName(name)}`;
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

/** Returns so many names like `wanted` that none of `names` is, each another. */
export function freeNames(wanted: string, names: readonly string[], count: number): readonly string[] {
  const taken = [...names];
  return Array.from({ length: count }, () => {
    const name = freeName(wanted, taken);
    taken.push(name);
    return name;
  });
}

/** Puts the column in the place of the one of its name, else at the end. */
export function placed(columns: readonly SelectColumn[], column: SelectColumn): readonly SelectColumn[] {
  const at = columns.findIndex((existing) => existing.name === column.name);
  return at === -1 ? [...columns, column] : columns.with(at, column);
}

/** `hidden`: keys of the order that travel on. `last`: what its order is shows. */
export function selectText(
  dialect: Dialect,
  select: Select,
  hidden: readonly Pick<SelectColumn, 'name' | 'sql'>[],
  last: boolean,
): string {
  const { from, fromText, join, filters, groupBy, limit } = select;
  const items = [...select.columns, ...hidden].map(({ name, sql }) =>
    sql === qualified(dialect, from, name) ? sql : `${sql} AS ${dialect.quoteName(name)}`,
  );
  // A WITH entry of which nothing but the number of rows counts.
  if (items.length === 0) items.push(`1 AS ${dialect.quoteName('row')}`);
  const parts = [`SELECT ${items.join(', ')}`, `FROM ${fromText ?? from}`];
  if (join !== undefined) parts.push(join);
  if (filters.length > 0) parts.push(`WHERE ${filterText(filters)}`);
  if (groupBy !== null && groupBy > 0)
    parts.push(`GROUP BY ${Array.from({ length: groupBy }, (_, index) => index + 1).join(', ')}`);
  if (last || limit !== null) parts.push(orderText(select.order).trimStart());
  if (limit !== null) parts.push(`LIMIT ${limit}`);
  else if (select.fence !== null) parts.push(select.fence);
  return parts.filter((part) => part !== '').join('\n');
}

/** An engine tests the parts of an AND in an order of its own, but those of a CASE one after the other. */
function filterText(filters: readonly Filter[]): string {
  const last = filters.findLastIndex(({ raises }) => raises);
  const tail = filters.slice(Math.max(0, last + 1)).map(({ sql }) => sql);
  if (last <= 0) return filters.map(({ sql }) => sql).join(' AND ');
  const nested = filters
    .slice(0, last)
    .reduceRight((inner, { sql }) => `CASE WHEN ${sql} THEN ${inner} ELSE FALSE END`, filters[last]!.sql);
  return [nested, ...tail].join(' AND ');
}
