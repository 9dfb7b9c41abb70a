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
import { type EmitScope, emitExpression } from './emit-expression.ts';
import { atMost } from './own-values.ts';
import type { ParameterKind } from './plan.ts';
import {
  freeName,
  hiddenName,
  isTable,
  placed,
  qualified,
  reading,
  type Select,
  type SelectColumn,
  selectText,
} from './select.ts';
import type { Typed } from './typed.ts';
import { collectColumns } from './typed.ts';
import {
  frameText,
  type OrderKey,
  orderText,
  overText,
  ROW_NUMBER,
  type SortKey,
  type WindowFrame,
} from './window-frame.ts';

/** What all SELECTs of one statement share: every relation of it numbers its entries and parameters here. */
export class Statement {
  readonly entries: string[] = [];
  readonly parameters: { name: string; kind: ParameterKind }[] = [];
  readonly #reads = new Map<string, number>();

  /** How often its text reads a relation. */
  readsOf(name: string): number {
    return this.#reads.get(name) ?? 0;
  }

  read(name: string): string {
    this.#reads.set(name, this.readsOf(name) + 1);
    return name;
  }
}

export class Relation {
  readonly #statement: Statement;
  readonly #select: Select;

  constructor(statement: Statement, select: Select) {
    this.#statement = statement;
    this.#select = select;
  }

  /** The rows that come in under this name. */
  static input(statement: Statement, name: string, columns: readonly string[]): Relation {
    return new Relation(statement, reading(name, columns, []));
  }

  /** The same rows, for several to read: they are computed once. */
  shared(): Relation {
    return isTable(this.#select) ? this : this.#seal(' MATERIALIZED');
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
  project(kept: readonly Renamed[]): Relation {
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

  sort(keys: readonly SortKey[]): Relation {
    const named = keys.map((key): Typed => columnOf(key.column));
    const base = this.#ready(named, true);
    return base.#with({ order: base.#orderKeys(keys) });
  }

  /**
   * Like `assign`, for values that come from several rows; every row stays. Filters and limits before it count, those
   * after it do not.
   */
  window(values: readonly NamedValue[], frame: WindowFrame): Relation {
    const used = [...frame.partition, ...values.map((entry) => entry.value)];
    const base = this.#placed().#ready([...used, ...frame.keys.map((key) => columnOf(key.column))], true);
    const keys = base.#orderKeys(frame.keys);
    const before = base.#select.order.filter(({ sql }) => keys.every((key) => key.sql !== sql));
    const order = [...keys, ...before];
    const partition = frame.partition.map((key) => base.#emit(key));
    const over: EmitScope['over'] = (window, ordered) =>
      overText(partition, window === 'peers' ? keys : order, frameText(frame, window, ordered));
    const columns = values.reduce(
      (sofar, { name, value }) => placed(sofar, { name, sql: base.#emit(value, over), plain: false }),
      base.#select.columns,
    );
    // Sealed, so that no later filter takes rows away from the windows.
    return base.#with({ columns, order }).#seal();
  }

  /** The first rows of each group, in the order of `keys`, which they then have as a whole. */
  firstOfEach(count: Typed, partition: readonly Typed[], keys: readonly SortKey[]): Relation {
    const names = this.#select.columns.map((column) => column.name);
    const place = this.freeName('place');
    const numbered = this.window([{ name: place, value: ROW_NUMBER }], {
      partition,
      keys,
      rows: { atMost: null },
    });
    return numbered.filter(atMost(place, count)).project(names.map((name) => ({ name, as: name })));
  }

  /** Writes the order of the rows down: a new last column has their numbers from 1, and is what orders them from now on. */
  number(name: string): Relation {
    const { groupBy, limit } = this.#select;
    const base = groupBy === null && limit === null ? this : this.#seal();
    const { columns, order } = base.#select;
    const sql = `row_number()${overText([], order, '')}`;
    const numbered = base.#with({ columns: [...columns, { name, sql, plain: false }], order: [] }).#seal();
    return numbered.#with({ order: [numbered.#placeKey(name)] });
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
    // A row's number is no longer its own; together with the place in the list it is.
    const order = base.#select.order.map((key) => ({ ...key, unique: false }));
    const opened = base.#with({ columns: [...columns, places], order }).#seal();
    return opened.#with({ order: [...opened.#select.order, opened.#placeKey(position)] });
  }

  /**
   * Through a statement of the stage's own. `text` is given the name of these rows, which it may read more than once;
   * it gives `columns`, in the order of `keys`.
   */
  through(
    columns: readonly string[],
    keys: readonly SortKey[],
    text: (rows: string, parameter: (name: string, kind: ParameterKind) => string) => string,
  ): Relation {
    const { from } = this.#seal(' MATERIALIZED').#select;
    const written = text(from, (name, kind) => this.#parameter(name, kind));
    return this.#entry(written, columns).sort(keys);
  }

  /**
   * Beside the rows of another: each of these with each of those for which `on` is true. The other's columns come last, as
   * `renamed`; `on` names all columns as they are afterwards. The order stays; what has no row here comes last.
   */
  join(kind: JoinKind, other: Relation, renamed: readonly Renamed[], on: Typed | null): Relation {
    const keepsAll = kind === 'right' || kind === 'full';
    const left = this.#ordered(keepsAll).#table();
    const right = other.#besides(left);
    const columns = [...left.#select.columns, ...right.#renamed(renamed)];
    const joined = left.#with({
      columns,
      order: left.#select.order.map((key) => ({ ...key, unique: false })),
    });
    const condition = on === null ? '' : ` ON ${joined.#emit(on)}`;
    return joined.#with({ join: `${JOINS[kind]} ${right.#readAs()}${condition}` });
  }

  /** Those rows for which the other has one (or has none) for which `on` is true; `renamed` is how `on` names its columns. */
  whereExists(exists: boolean, other: Relation, renamed: readonly Renamed[], on: Typed): Relation {
    const left = this.#ordered(false).#table();
    const right = other.#besides(left);
    const both = left.#with({ columns: [...left.#select.columns, ...right.#renamed(renamed)] });
    const rows = `EXISTS (SELECT 1 FROM ${right.#readAs()} WHERE ${both.#emit(on)})`;
    return left.#with({ filters: [exists ? rows : `(NOT ${rows})`] });
  }

  /** These rows and then those of the other, which has the same columns. */
  unionAll(other: Relation): Relation {
    const ordered = this.#select.order.length > 0 || other.#select.order.length > 0;
    const taken = [this, other].flatMap((side) => side.#select.columns.map(({ name }) => name));
    const names = this.#names().filter((name) => other.#names().includes(name));
    const [side, place] = [freeName('side', taken), freeName('place', taken)];
    const texts = [this, other].map((relation, index) => {
      const table = (ordered ? relation.number(place) : relation).#table();
      const items = [...names, ...(ordered ? [place] : [])].map((name) => table.#columnSql(name));
      if (ordered) items.push(`${index} AS ${quoteName(side)}`);
      if (items.length === 0) items.push('1 AS "row"');
      return `SELECT ${items.join(', ')} FROM ${table.#readAs()}`;
    });
    const added = ordered ? [place, side] : [];
    const keys = added.map((column) => ({ column, descending: false, nullsFirst: false })).reverse();
    const united = this.#entry(texts.join('\nUNION ALL\n'), [...names, ...added]);
    return united.sort(keys).project(names.map((name) => ({ name, as: name })));
  }

  /** The same rows; the statement fails with `error` (SQL that raises it) once there are more than `most`. */
  atMost(most: number, error: string): Relation {
    const name = this.freeName('number');
    const base = this.#select.groupBy === null && this.#select.limit === null ? this : this.#seal();
    const { columns } = base.#select;
    // Without an order, so that rows are counted as they come.
    const counted = base
      .#with({ columns: [...columns, { name, sql: 'row_number() OVER ()', plain: false }] })
      .#seal();
    const filter = `CASE WHEN ${counted.#columnSql(name)} > ${most} THEN ${error} ELSE true END`;
    return counted
      .#with({ filters: [filter] })
      .project(columns.map((column) => ({ name: column.name, as: column.name })));
  }

  limit(count: Typed): Relation {
    const base = this.#select.limit === null && this.#select.groupBy === null ? this : this.#seal();
    return base.#with({ limit: base.#emit(count) });
  }

  /** Is it there? A column that nobody uses may have stayed in the database. */
  has(name: string): boolean {
    return this.#names().includes(name);
  }

  /** A name that no column has, whatever its case. */
  freeName(wanted: string): string {
    return freeName(wanted, this.#names());
  }

  /** The whole statement. */
  finish(): string {
    const entries = this.#statement.entries;
    const select = this.#text([], true);
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

  /** With a last key of the order that no two rows share: where each stands. */
  #placed(): Relation {
    const { order, groupBy, limit } = this.#select;
    if (order.some((key) => key.unique === true)) return this;
    const base = groupBy !== null || limit !== null ? this.#seal() : this;
    const place = { sql: 'row_number() OVER ()', direction: ' ASC', unique: true };
    return base.#with({ order: [...base.#select.order, place] }).#seal();
  }

  /** With an order that can be written down; `anew`: a key that no row of another relation has. */
  #ordered(anew: boolean): Relation {
    if (this.#select.order.length > 0 && !anew) return this;
    const names = this.#names();
    return this.number(this.freeName('place')).project(names.map((name) => ({ name, as: name })));
  }

  /** Of which nothing but its columns matters to who reads it: a plain name in a FROM, with its order in columns. */
  #table(): Relation {
    return isTable(this.#select) ? this : this.#seal();
  }

  /** A table that can stand in one FROM with `left`. */
  #besides(left: Relation): Relation {
    const table = this.#table();
    const { from } = table.#select;
    if (from !== left.#select.from) return table;
    return new Relation(this.#statement, { ...reading(`${from}_2`, table.#names(), []), table: from });
  }

  #readAs(): string {
    const { from, table } = this.#select;
    this.#statement.read(table ?? from);
    return table === undefined ? from : `${table} AS ${from}`;
  }

  #renamed(renamed: readonly Renamed[]): readonly SelectColumn[] {
    return renamed.flatMap(({ name, as }) => {
      const column = this.#select.columns.find((candidate) => candidate.name === name);
      return column === undefined ? [] : [{ ...column, name: as }];
    });
  }

  #entry(text: string, columns: readonly string[]): Relation {
    const { entries } = this.#statement;
    const name = `s${entries.length + 1}`;
    entries.push(`${name} AS (\n${text}\n)`);
    return new Relation(this.#statement, reading(name, columns, []));
  }

  #placeKey(name: string): OrderKey {
    return { ...this.#orderKeys([{ column: name, descending: false, nullsFirst: false }])[0]!, unique: true };
  }

  #orderKeys(keys: readonly SortKey[]): readonly OrderKey[] {
    return keys.map((key) => ({
      sql: this.#columnSql(key.column),
      direction: ` ${key.descending ? 'DESC' : 'ASC'} NULLS ${key.nullsFirst ? 'FIRST' : 'LAST'}`,
    }));
  }

  #seal(materialized = ''): Relation {
    const select = this.#select;
    const name = `s${this.#statement.entries.length + 1}`;
    const hidden: SelectColumn[] = [];
    const order = select.order.map((key) => {
      const visible = select.columns.find((column) => column.plain && column.sql === key.sql);
      const carried = visible ?? { name: hiddenName(select, hidden.length), sql: key.sql, plain: true };
      if (visible === undefined) hidden.push(carried);
      return { ...key, sql: qualified(name, carried.name) };
    });
    this.#statement.entries.push(`${name} AS${materialized} (\n${this.#text(hidden, false)}\n)`);
    return new Relation(
      this.#statement,
      reading(
        name,
        select.columns.map((column) => column.name),
        order,
      ),
    );
  }

  #text(hidden: readonly SelectColumn[], last: boolean): string {
    this.#statement.read(this.#select.from);
    return selectText(this.#select, hidden, last);
  }

  #with(change: Partial<Select>): Relation {
    return new Relation(this.#statement, { ...this.#select, ...change });
  }

  #names(): readonly string[] {
    return this.#select.columns.map(({ name }) => name);
  }

  #columnSql(name: string): string {
    const column = this.#select.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Error(`column ${name} did not reach this stage`);
    return column.sql;
  }

  #emit(value: Typed, over?: EmitScope['over']): string {
    const order = orderText(this.#select.order);
    return emitExpression(value, {
      column: (name) => this.#columnSql(name),
      parameter: (name, kind) => this.#parameter(name, kind),
      order,
      ...(over === undefined ? {} : { over }),
    });
  }

  #parameter(name: string, kind: ParameterKind): string {
    const { parameters } = this.#statement;
    const at = parameters.findIndex((parameter) => parameter.name === name);
    return `$${at === -1 ? parameters.push({ name, kind }) : at + 1}`;
  }
}

export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'cross';

const JOINS: Readonly<Record<JoinKind, string>> = {
  inner: 'JOIN',
  left: 'LEFT JOIN',
  right: 'RIGHT JOIN',
  full: 'FULL JOIN',
  cross: 'CROSS JOIN',
};

/** A column under another name. */
export interface Renamed {
  readonly name: string;
  readonly as: string;
}

export interface NamedValue {
  readonly name: string;
  readonly value: Typed;
}

function columnOf(name: string): Typed {
  return { kind: 'column', name, type: { kind: 'null' }, span: { start: 0, end: 0 } };
}
