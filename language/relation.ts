/**
 * The DuckDB statement under construction: one SELECT that stages add to, and the WITH entries that came before it.
 *
 * A stage that fits into the SELECT as it stands is folded into it; one that does not (a filter on a computed
 * column, anything after a GROUP BY or a LIMIT that would change its meaning) first *seals* it: the SELECT becomes a WITH
 * entry `sN`, and a new one begins that reads all of its columns.
 *
 * Order. SQL forgets the order of a subquery, so the order that `sort` sets is kept here as keys, and written where
 * it counts: beside a LIMIT, inside aggregates that depend on it, and at the end of the statement. A key that a later
 * stage drops or overwrites travels on as a hidden column until then.
 *
 * Invariants: `sql` of every column, filter and key refers only to columns of `from`, always qualified, so that no
 * alias of the same SELECT can be meant; a column is `plain` when its sql is just such a column. Columns that the
 * source did not send, because no stage uses them, are missing here and may be left out by projections.
 */

import { quoteName } from './dialects/duckdb.ts';
import { emitExpression } from './emit-expression.ts';
import type { ParameterKind } from './plan.ts';
import type { Typed } from './typed.ts';
import { collectColumns } from './typed.ts';

interface SelectColumn {
  readonly name: string;
  readonly sql: string;
  readonly plain: boolean;
}

interface OrderKey {
  /** A plain column of `from`. */
  readonly sql: string;
  /** ` DESC NULLS LAST` */
  readonly direction: string;
}

interface Select {
  readonly from: string;
  readonly columns: readonly SelectColumn[];
  readonly filters: readonly string[];
  /** Number of leading columns that it groups by; null: it does not aggregate. */
  readonly groupBy: number | null;
  readonly order: readonly OrderKey[];
  readonly limit: string | null;
}

/** What all SELECTs of one statement share. */
export interface Statement {
  readonly entries: string[];
  readonly parameters: { name: string; kind: ParameterKind }[];
}

export interface SortKey {
  readonly column: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export class Relation {
  readonly #statement: Statement;
  readonly #select: Select;

  constructor(statement: Statement, select: Select) {
    this.#statement = statement;
    this.#select = select;
  }

  static input(columns: readonly string[]): Relation {
    return new Relation({ entries: [], parameters: [] }, reading('input', columns, []));
  }

  get parameters(): Statement['parameters'] {
    return this.#statement.parameters;
  }

  filter(condition: Typed): Relation {
    const base = this.#ready([condition], true);
    return base.#with({ filters: [...base.#select.filters, base.#emit(condition)] });
  }

  /** Sets a column: in its place when there is one of that name, else at the end. */
  assign(name: string, value: Typed): Relation {
    const base = this.#ready([value], false);
    const column = { name, sql: base.#emit(value), plain: value.kind === 'column' };
    return base.#with({ columns: placed(base.#select.columns, column) });
  }

  /** Keeps these columns, in this order, under new names where `as` differs. */
  project(kept: readonly { readonly name: string; readonly as: string }[]): Relation {
    const base = this.#select.groupBy === null ? this : this.#seal();
    const byName = new Map(base.#select.columns.map((column) => [column.name, column]));
    const columns = kept.flatMap(({ name, as }) => {
      const column = byName.get(name);
      return column === undefined ? [] : [{ ...column, name: as }];
    });
    return base.#with({ columns });
  }

  /** One row a group. What depended on an order has it in itself; the result has none. */
  aggregate(keys: readonly NamedValue[], values: readonly NamedValue[]): Relation {
    const all = [...keys, ...values];
    const base = this.#ready(
      all.map((entry) => entry.value),
      true,
    );
    const columns = all.map(({ name, value }) => ({ name, sql: base.#emit(value), plain: false }));
    return base.#with({ columns, groupBy: keys.length, order: [] });
  }

  /** Like `assign`, for values that look at other rows: filters and limits before it count, those after it do not. */
  window(values: readonly NamedValue[]): Relation {
    const base = this.#ready(
      values.map((entry) => entry.value),
      true,
    );
    const columns = values.reduce(
      (sofar, { name, value }) => placed(sofar, { name, sql: base.#emit(value), plain: false }),
      base.#select.columns,
    );
    return base.#with({ columns }).#seal();
  }

  /** Writes the order of the rows down: a new last column has their numbers from 1, and is what orders them from now on. */
  number(name: string): Relation {
    const { groupBy, limit } = this.#select;
    const base = groupBy === null && limit === null ? this : this.#seal();
    const { columns, order } = base.#select;
    const sql = `row_number() OVER (${orderText(order).trimStart()})`;
    const numbered = base.#with({ columns: [...columns, { name, sql, plain: false }], order: [] }).#seal();
    return numbered.sort([{ column: name, descending: false, nullsFirst: false }]);
  }

  /**
   * As many rows for each as its lists have elements; the columns become those elements. The lists of one row are
   * equally long. The order holds, and within what was one row it is that of the elements.
   */
  unnest(lists: readonly NamedValue[]): Relation {
    const sorted = this.#select.order.length === 0 ? this : this.number(this.freeName('row'));
    const base = sorted.#ready(
      lists.map((entry) => entry.value),
      true,
    );
    const position = base.freeName('position');
    const emitted = lists.map(({ name, value }) => ({ name, sql: base.#emit(value) }));
    const columns = emitted.reduce(
      (sofar, { name, sql }) => placed(sofar, { name, sql: `unnest(${sql})`, plain: false }),
      base.#select.columns,
    );
    if (base.#select.order.length === 0) return base.#with({ columns }).#seal();
    const places = { name: position, sql: `unnest(range(len(${emitted[0]!.sql})))`, plain: false };
    const opened = base.#with({ columns: [...columns, places] }).#seal();
    const last = { sql: opened.#columnSql(position), direction: ' ASC NULLS LAST' };
    return opened.#with({ order: [...opened.#select.order, last] });
  }

  /** A name that no column has, whatever its case. */
  freeName(wanted: string): string {
    return unusedName(this.#select, wanted);
  }

  sort(keys: readonly SortKey[]): Relation {
    const named = keys.map((key): Typed => columnOf(key.column));
    const base = this.#ready(named, true);
    const order = keys.map((key) => ({
      sql: base.#columnSql(key.column),
      direction: ` ${key.descending ? 'DESC' : 'ASC'} NULLS ${key.nullsFirst ? 'FIRST' : 'LAST'}`,
    }));
    return base.#with({ order });
  }

  limit(count: Typed): Relation {
    const base = this.#select.limit === null && this.#select.groupBy === null ? this : this.#seal();
    return base.#with({ limit: base.#emit(count) });
  }

  /** The whole statement. */
  finish(): string {
    const entries = this.#statement.entries;
    const select = selectText(this.#select, [], true);
    return entries.length === 0 ? select : `WITH ${entries.join(',\n')}\n${select}`;
  }

  /** This relation, or a sealed one, where the columns that `values` read are plain. */
  #ready(values: readonly Typed[], countsRows: boolean): Relation {
    const { columns, groupBy, limit } = this.#select;
    if (groupBy !== null || (countsRows && limit !== null)) return this.#seal();
    const used = new Set<string>();
    for (const value of values) collectColumns(value, used);
    if (used.size === 0) return this;
    const plain = columns.every((column) => column.plain || !used.has(column.name));
    return plain ? this : this.#seal();
  }

  #seal(): Relation {
    const select = this.#select;
    const name = `s${this.#statement.entries.length + 1}`;
    const hidden: SelectColumn[] = [];
    const order = select.order.map((key) => {
      const visible = select.columns.find((column) => column.plain && column.sql === key.sql);
      const carried = visible ?? { name: hiddenName(select, hidden.length), sql: key.sql, plain: true };
      if (visible === undefined) hidden.push(carried);
      return { sql: qualified(name, carried.name), direction: key.direction };
    });
    this.#statement.entries.push(`${name} AS (\n${selectText(select, hidden, false)}\n)`);
    return new Relation(
      this.#statement,
      reading(
        name,
        select.columns.map((column) => column.name),
        order,
      ),
    );
  }

  #with(change: Partial<Select>): Relation {
    return new Relation(this.#statement, { ...this.#select, ...change });
  }

  #columnSql(name: string): string {
    const column = this.#select.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Error(`column ${name} did not reach this stage`);
    return column.sql;
  }

  #emit(value: Typed): string {
    const order = orderText(this.#select.order);
    return emitExpression(value, {
      column: (name) => this.#columnSql(name),
      parameter: (name, kind) => this.#parameter(name, kind),
      order,
    });
  }

  #parameter(name: string, kind: ParameterKind): string {
    const { parameters } = this.#statement;
    const at = parameters.findIndex((parameter) => parameter.name === name);
    return `$${at === -1 ? parameters.push({ name, kind }) : at + 1}`;
  }
}

export interface NamedValue {
  readonly name: string;
  readonly value: Typed;
}

function columnOf(name: string): Typed {
  return { kind: 'column', name, type: { kind: 'null' }, span: { start: 0, end: 0 } };
}

function reading(from: string, names: readonly string[], order: readonly OrderKey[]): Select {
  const columns = names.map((name) => ({ name, sql: qualified(from, name), plain: true }));
  return { from, columns, filters: [], groupBy: null, order, limit: null };
}

function qualified(from: string, name: string): string {
  return `${from}.${quoteName(name)}`;
}

function hiddenName(select: Select, index: number): string {
  return unusedName(select, `order_${index + 1}`);
}

function unusedName(select: Select, wanted: string): string {
  const taken = new Set(select.columns.map((column) => column.name.toLowerCase()));
  let name = wanted;
  while (taken.has(name)) name = `_${name}`;
  return name;
}

/** In the place of the one of its name, else at the end. */
function placed(columns: readonly SelectColumn[], column: SelectColumn): readonly SelectColumn[] {
  const at = columns.findIndex((existing) => existing.name === column.name);
  return at === -1 ? [...columns, column] : columns.with(at, column);
}

function orderText(order: readonly OrderKey[]): string {
  return order.length === 0 ? '' : ` ORDER BY ${order.map((key) => key.sql + key.direction).join(', ')}`;
}

function selectText(select: Select, hidden: readonly SelectColumn[], last: boolean): string {
  const { from, filters, groupBy, limit } = select;
  const items = [...select.columns, ...hidden].map(({ name, sql }) =>
    sql === qualified(from, name) ? sql : `${sql} AS ${quoteName(name)}`,
  );
  // A WITH entry of which nothing but the number of rows counts.
  if (items.length === 0) items.push('1 AS "row"');
  const parts = [`SELECT ${items.join(', ')}`, `FROM ${from}`];
  if (filters.length > 0) parts.push(`WHERE ${filters.join(' AND ')}`);
  if (groupBy !== null && groupBy > 0)
    parts.push(`GROUP BY ${Array.from({ length: groupBy }, (_, index) => index + 1).join(', ')}`);
  if (last || limit !== null) parts.push(orderText(select.order).trimStart());
  if (limit !== null) parts.push(`LIMIT ${limit}`);
  return parts.filter((part) => part !== '').join('\n');
}
