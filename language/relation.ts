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

import type { Dialect } from './dialects/dialect.ts';
import { quoteName } from './dialects/duckdb.ts';
import { type EmitScope, emitExpression } from './emit-expression.ts';
import { mayRaise } from './may-raise.ts';
import { atMost } from './own-values.ts';
import type { ParameterKind } from './plan.ts';
import {
  freeName,
  hiddenName,
  isTable,
  type Origin,
  placed,
  qualified,
  reading,
  type Select,
  type SelectColumn,
  selectText,
} from './select.ts';
import { type Author, authored, type Statement } from './statement.ts';
import type { Typed } from './typed.ts';
import { collectColumns, hasOrderedAggregate } from './typed.ts';
import type { Column } from './types.ts';
import {
  frameText,
  type OrderKey,
  orderText,
  overText,
  ROW_NUMBER,
  type SortKey,
  type WindowFrame,
} from './window-frame.ts';

/** Neither engine moves a filter across these. DuckDB takes an OFFSET 0 alone away; a LIMIT keeps PostgreSQL from parallel plans. */
const FENCES = { duckdb: `LIMIT ${2n ** 62n} OFFSET 0`, postgres: 'OFFSET 0' } as const;

export class Relation {
  readonly #statement: Statement;
  readonly #select: Select;
  /** Who adds to it now. */
  readonly #author: Author | null;

  constructor(statement: Statement, select: Select, author: Author | null = null) {
    this.#statement = statement;
    this.#select = select;
    this.#author = author;
  }

  /** The rows that come in under this name, in the order in which they were sent; `keys` say which that is. */
  static input(
    statement: Statement,
    name: string,
    columns: readonly Column[],
    keys: readonly SortKey[] = [],
  ): Relation {
    const select = reading({ from: name, order: [], arrival: true }, columns);
    return new Relation(statement, select).sort(keys);
  }

  /** The same rows, for several to read: they are computed once. */
  shared(): Relation {
    return isTable(this.#select) ? this : this.#seal(' MATERIALIZED');
  }

  get dialect(): Dialect['name'] {
    return this.#statement.dialect.name;
  }

  /** The same, with what is added from now on known as the author's. */
  by(author: Author): Relation {
    return new Relation(this.#statement, this.#select, author);
  }

  get columns(): readonly SelectColumn[] {
    return this.#select.columns;
  }

  /** Do the rows stand in an order that a stage may rely on? */
  get isOrdered(): boolean {
    return this.#select.order.length > 0 || this.#select.arrival;
  }

  filter(condition: Typed): Relation {
    const raises = this.#raises(condition);
    const base = raises ? this.#readyToRaise(condition) : this.#ready([condition], true);
    const filter = { sql: base.#emit(condition), raises: base.#raises(condition) };
    return base.#with({ filters: [...base.#select.filters, filter] });
  }

  /** Sets a column: in its place when there is one of that name, else at the end. */
  assign(name: string, value: Typed): Relation {
    const raises = this.#raises(value);
    // Beside a LIMIT it would be computed for the rows that the limit cuts, too.
    const base = this.#ready([value], raises);
    const column = { name, sql: base.#emit(value), type: value.type, plain: value.kind === 'column', raises };
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
    const base = this.#orderedFor(values).#ready(
      all.map((entry) => entry.value),
      true,
    );
    const columns = all.map(({ name, value }, index) =>
      index < keys.length ? base.#groupKey(name, value) : base.#column(name, value),
    );
    // One row alone stands in order.
    return base.#with({ columns, groupBy: keys.length, order: [], arrival: keys.length === 0 });
  }

  sort(keys: readonly SortKey[]): Relation {
    const named = keys.map((key): Typed => columnOf(key.column));
    if (keys.length === 0) return this;
    const base = this.#ready(named, true);
    return base.#with({ order: base.#orderKeys(keys), arrival: false });
  }

  /**
   * Like `assign`, for values that come from several rows; every row stays. Filters and limits before it count, those
   * after it do not.
   */
  window(values: readonly NamedValue[], frame: WindowFrame): Relation {
    const used = [...frame.partition, ...values.map((entry) => entry.value)];
    const base = this.#placedFor(frame).#ready(
      [...used, ...frame.keys.map((key) => columnOf(key.column))],
      true,
    );
    const keys = base.#orderKeys(frame.keys);
    const before = base.#select.order.filter(({ sql }) => keys.every((key) => key.sql !== sql));
    const order = [...keys, ...before];
    const partition = frame.partition.map((key) => base.#emit(key));
    const over: EmitScope['over'] = (window, ordered) =>
      overText(partition, window === 'peers' ? keys : order, frameText(frame, window, ordered));
    const columns = values.reduce(
      (sofar, { name, value }) => placed(sofar, base.#column(name, value, over)),
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
    const place: SelectColumn = { name, sql, type: ROW_NUMBER.type, plain: false };
    const numbered = base.#with({ columns: [...columns, place], order: [], arrival: false }).#seal();
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
    const emitted = lists.map(({ name, value }) => ({ name, type: value.type, sql: base.#emit(value) }));
    const columns = emitted.reduce(
      (sofar, { name, type, sql }) =>
        placed(sofar, { name, sql: `unnest(${sql})`, type: elementType(type), plain: false }),
      base.#select.columns,
    );
    if (base.#select.order.length === 0) return base.#with({ columns }).#seal();
    const places = {
      name: position,
      sql: base.#subscripts(emitted[0]!.sql),
      type: ROW_NUMBER.type,
      plain: false,
    };
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
    columns: readonly Column[],
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
      arrival: false,
      filteredBelow: true,
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
    return left.#with({ filters: [{ sql: exists ? rows : `(NOT ${rows})`, raises: false }] });
  }

  /** These rows and then those of the other, which has the same columns. */
  unionAll(other: Relation): Relation {
    const ordered = this.#mustBeNumbered() || other.#mustBeNumbered();
    const taken = [this, other].flatMap((side) => side.#select.columns.map(({ name }) => name));
    const shared = this.#select.columns.filter(({ name }) => other.has(name));
    const names = shared.map(({ name }) => name);
    const [side, place] = [freeName('side', taken), freeName('place', taken)];
    const texts = [this, other].map((relation, index) => {
      const table = (ordered ? relation.number(place) : relation).#table();
      const items = [...names, ...(ordered ? [place] : [])].map((name) => table.#columnNamed(name).sql);
      if (ordered) items.push(`${index} AS ${quoteName(side)}`);
      if (items.length === 0) items.push('1 AS "row"');
      return `SELECT ${items.join(', ')} FROM ${table.#readAs()}`;
    });
    const added = ordered ? [place, side].map((name) => ({ name, type: ROW_NUMBER.type })) : [];
    const keys = added.map(({ name }) => ({ column: name, descending: false, nullsFirst: false })).reverse();
    const united = this.#entry(texts.join('\nUNION ALL\n'), [...shared, ...added]);
    return united.sort(keys).project(names.map((name) => ({ name, as: name })));
  }

  /** The same rows; the statement fails with `error` (SQL that raises it) once there are more than `most`. */
  atMost(most: number, error: string): Relation {
    const name = this.freeName('number');
    const base = this.#select.groupBy === null && this.#select.limit === null ? this : this.#seal();
    const { columns } = base.#select;
    // Without an order, so that rows are counted as they come.
    const number: SelectColumn = { name, sql: 'row_number() OVER ()', type: ROW_NUMBER.type, plain: false };
    const counted = base.#with({ columns: [...columns, number] }).#seal();
    const sql = `CASE WHEN ${counted.#columnNamed(name).sql} > ${most} THEN ${error} ELSE true END`;
    return counted
      .#with({ filters: [{ sql, raises: true }] })
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

  /** The whole statement. `ordered`: its rows are wanted in their order. */
  finish(ordered = true): string {
    const entries = this.#statement.entries;
    const select = this.#text([], ordered);
    return entries.length === 0 ? select : `WITH ${entries.join(',\n')}\n${select}`;
  }

  /** Each column as `express` writes it: for the end of a statement. */
  leaving(express: (sql: string, column: SelectColumn) => string): Relation {
    const columns = this.#select.columns.map((column) => ({
      ...column,
      sql: express(column.sql, column),
      plain: false,
    }));
    return this.#with({ columns });
  }

  /** Its order as keys that are columns, of which some may have been added for it. */
  withOrderColumns(): { readonly relation: Relation; readonly keys: readonly SortKey[] } {
    const base = this.#select.groupBy === null ? this : this.#seal();
    const columns = [...base.#select.columns];
    const keys = base.#select.order.map(({ sql, type, descending, nullsFirst }): SortKey => {
      const visible = columns.find((column) => column.plain && column.sql === sql);
      const name = visible?.name ?? hiddenName({ ...base.#select, columns }, 0);
      if (visible === undefined) columns.push({ name, sql, type, plain: false });
      return { column: name, descending, nullsFirst };
    });
    return { relation: base.#with({ columns }), keys };
  }

  /** This relation, or a sealed one, where the columns that `values` read are plain. */
  #ready(values: readonly Typed[], countsRows: boolean): Relation {
    return this.#isReady(values, countsRows) ? this : this.#seal();
  }

  #isReady(values: readonly Typed[], countsRows: boolean): boolean {
    const { columns, groupBy, limit } = this.#select;
    if (groupBy !== null || (countsRows && limit !== null)) return false;
    const used = new Set<string>();
    for (const value of values) collectColumns(value, used);
    return columns.every((column) => column.plain || !used.has(column.name));
  }

  /** In the database nothing reads rows in the order in which they come, unless it is told their places. */
  #orderedFor(values: readonly NamedValue[]): Relation {
    const { order, arrival } = this.#select;
    if (this.dialect === 'duckdb' || order.length > 0 || !arrival) return this;
    const ordered = values.some(({ value }) => hasOrderedAggregate(value));
    return ordered ? this.number(this.freeName('row')) : this;
  }

  /** Where rows have no order there is none to keep: no place is needed for values of whole groups. */
  #placedFor({ keys }: WindowFrame): Relation {
    const unordered = this.dialect === 'postgres' && !this.isOrdered && keys.length === 0;
    return unordered ? this : this.#placed();
  }

  /** With a last key of the order that no two rows share: where each stands. */
  #placed(): Relation {
    const { order, groupBy, limit } = this.#select;
    if (order.some((key) => key.unique === true)) return this;
    const base = groupBy !== null || limit !== null ? this.#seal() : this;
    const place: OrderKey = {
      sql: 'row_number() OVER ()',
      direction: ' ASC',
      descending: false,
      nullsFirst: false,
      type: ROW_NUMBER.type,
      unique: true,
    };
    return base.#with({ order: [...base.#select.order, place] }).#seal();
  }

  /** May computing it fail, here? */
  #raises(value: Typed): boolean {
    if (mayRaise(value)) return true;
    const used = new Set<string>();
    collectColumns(value, used);
    return this.#select.columns.some((column) => column.raises === true && used.has(column.name));
  }

  /**
   * For a filter that may fail and must not see a row that one before it drops. Where all filters stand in one SELECT of
   * the stage engine, their text keeps the order (select.ts); else they are kept apart.
   */
  #readyToRaise(condition: Typed): Relation {
    const { filters, filteredBelow } = this.#select;
    if (filters.length === 0 && !filteredBelow) return this.#ready([condition], true);
    const inOrder = this.dialect === 'duckdb' && !filteredBelow && this.#isReady([condition], true);
    return inOrder ? this : this.#fenced();
  }

  /** Sealed so that no filter of what follows is merged with what it has: with a limit that is none. */
  #fenced(): Relation {
    const fenced = this.#with({ fence: FENCES[this.dialect] }).#seal();
    const columns = fenced.#select.columns.map((column) => ({ ...column, raises: false }));
    return fenced.#with({ columns });
  }

  /** Would a database lose an order of its rows beside those of another? The stage engine keeps that of arrival. */
  #mustBeNumbered(): boolean {
    const { order, arrival } = this.#select;
    return order.length > 0 || (arrival && this.dialect === 'postgres');
  }

  /** With an order that can be written down; `anew`: a key that no row of another relation has. */
  #ordered(anew: boolean): Relation {
    if (!this.isOrdered || (this.#select.order.length > 0 && !anew)) return this;
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
    const { from, columns } = table.#select;
    if (from !== left.#select.from) return table;
    const select = reading({ from: `${from}_2`, order: [], arrival: false }, columns);
    return new Relation(this.#statement, { ...select, table: from }, this.#author);
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

  #entry(text: string, columns: readonly Pick<SelectColumn, 'name' | 'type'>[]): Relation {
    const name = this.#nextName();
    this.#statement.entries.push(`${name} AS (\n${text}\n)`);
    // The stage engine keeps the order of what it reads.
    const arrival = this.dialect === 'duckdb';
    const select = reading({ from: name, order: [], arrival, filteredBelow: true }, columns);
    return new Relation(this.#statement, select, this.#author);
  }

  #names(): readonly string[] {
    return this.#select.columns.map(({ name }) => name);
  }

  #placeKey(name: string): OrderKey {
    return { ...this.#orderKeys([{ column: name, descending: false, nullsFirst: false }])[0]!, unique: true };
  }

  #orderKeys(keys: readonly SortKey[]): readonly OrderKey[] {
    return keys.map((key) => {
      const { sql, type } = this.#columnNamed(key.column);
      // By code point; no collation of the database's may decide.
      const collation = this.dialect === 'postgres' && type.kind === 'string' ? ' COLLATE "C"' : '';
      const direction = `${collation} ${key.descending ? 'DESC' : 'ASC'} NULLS ${key.nullsFirst ? 'FIRST' : 'LAST'}`;
      return { sql, type, direction, descending: key.descending, nullsFirst: key.nullsFirst };
    });
  }

  #seal(materialized = ''): Relation {
    const select = this.#select;
    const name = this.#nextName();
    const hidden: Pick<SelectColumn, 'name' | 'sql'>[] = [];
    const order = select.order.map((key) => {
      const visible = select.columns.find((column) => column.plain && column.sql === key.sql);
      const carried = visible ?? { name: hiddenName(select, hidden.length), sql: key.sql };
      if (visible === undefined) hidden.push(carried);
      return { ...key, sql: qualified(name, carried.name) };
    });
    this.#statement.entries.push(`${name} AS${materialized} (\n${this.#text(hidden, false)}\n)`);
    const { filters, arrival, limit, fence } = select;
    const filteredBelow = limit === null && fence === null && (filters.length > 0 || select.filteredBelow);
    const origin: Origin = { from: name, order, arrival, filteredBelow };
    return new Relation(this.#statement, reading(origin, select.columns), this.#author);
  }

  /** The places of a list's elements, as rows. */
  #subscripts(list: string): string {
    return this.dialect === 'duckdb' ? `unnest(range(len(${list})))` : `generate_subscripts(${list}, 1)`;
  }

  #text(hidden: readonly Pick<SelectColumn, 'name' | 'sql'>[], last: boolean): string {
    this.#statement.read(this.#select.from);
    return selectText(this.#select, hidden, last);
  }

  #nextName(): string {
    return `${this.#statement.prefix}${this.#statement.entries.length + 1}`;
  }

  /** The stage engine groups -0 and 0 under 0; PostgreSQL under that which comes first. */
  #groupKey(name: string, value: Typed): SelectColumn {
    const column = this.#column(name, value);
    if (this.dialect === 'duckdb' || value.type.kind !== 'float64') return column;
    return { ...column, sql: `(${column.sql} + CAST('0' AS float8))` };
  }

  #column(name: string, value: Typed, over?: EmitScope['over']): SelectColumn {
    const raises = this.#raises(value);
    return { name, sql: this.#emit(value, over), type: value.type, plain: false, raises };
  }

  #with(change: Partial<Select>): Relation {
    return new Relation(this.#statement, { ...this.#select, ...change }, this.#author);
  }

  #columnNamed(name: string): SelectColumn {
    const column = this.#select.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Error(`column ${name} did not reach this stage`);
    return column;
  }

  #emit(value: Typed, over?: EmitScope['over']): string {
    const order = orderText(this.#select.order);
    const text = emitExpression(value, {
      dialect: this.#statement.dialect,
      column: (name) => this.#columnNamed(name).sql,
      compared: (name) => this.#columnNamed(name).stored ?? this.#columnNamed(name).sql,
      parameter: (name, kind) => this.#parameter(name, kind),
      order,
      ...(over === undefined ? {} : { over }),
    });
    return value.kind === 'call' ? authored(this.#statement, this.#author, text) : text;
  }

  #parameter(name: string, kind: ParameterKind): string {
    const { parameters, foreignParameters } = this.#statement;
    const at = parameters.findIndex((parameter) => parameter.name === name);
    return `$${foreignParameters + (at === -1 ? parameters.push({ name, kind }) : at + 1)}`;
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

function elementType(type: Typed['type']): Typed['type'] {
  return type.kind === 'list' ? type.of : type;
}
