/**
 * The statement under construction: one SELECT that stages add to, and the WITH entries that came before it.
 *
 * A stage that fits into the SELECT as it stands is folded into it; one that does not (a filter on a computed
 * column, anything after a GROUP BY or a LIMIT that would change its meaning) first *seals* it: the SELECT becomes a WITH
 * entry `sN`, and a new one begins that reads all of its columns (open-select.ts).
 *
 * Order. SQL forgets the order of a subquery, so the order that `sort` sets is kept here as keys, and written where
 * it counts: beside a LIMIT, inside aggregates that depend on it, and at the end of the statement. A key that a later
 * stage drops or overwrites travels on as a hidden column until then.
 */

import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { Typed } from '../types/typed.ts';
import type { EmitScope } from './emit-expression.ts';
import { type NamedValue, OpenSelect, type Renamed } from './open-select.ts';
import { atMost } from './own-values.ts';
import { freeName, hiddenName, isTable, placed, reading, type Select, type SelectColumn } from './select.ts';
import type { Author, Statement } from './statement.ts';
import { frameText, overText, ROW_NUMBER, type SortKey, type WindowFrame } from './window-frame.ts';

export type { NamedValue, Renamed } from './open-select.ts';

export class Relation extends OpenSelect {
  protected override make(select: Select): this {
    return new Relation(this.statement, select, this.author) as this; // the one class there is
  }

  /** The rows that come in under this name, in the order in which they were sent; `keys` say which that is. */
  static input(
    statement: Statement,
    name: string,
    columns: readonly Column[],
    keys: readonly SortKey[] = [],
  ): Relation {
    const select = reading(statement.dialect, { from: name, order: [], arrival: true }, columns);
    return new Relation(statement, select, null).sort(keys);
  }

  /** Returns the same rows for several readers: they are computed once. */
  shared(): Relation {
    return isTable(this.dialect, this.select) ? this : this.seal(this.dialect.traits.materialized);
  }

  /** Returns the same rows; SQL that is added from now on is known as the author's. */
  by(author: Author): Relation {
    return new Relation(this.statement, this.select, author);
  }

  filter(condition: Typed): Relation {
    const raises = this.raises(condition);
    const base = raises ? this.readyToRaise(condition) : this.ready([condition], true);
    const filter = { sql: base.emit(condition), raises: base.raises(condition) };
    return base.with({ filters: [...base.select.filters, filter] });
  }

  /** Keeps the rows for which a condition is true that fails where it must; no filter after it is tested before it. */
  check(condition: Typed): Relation {
    return this.filter(condition).fenced();
  }

  /** Sets a column: in its place when there is one of that name, else at the end. */
  assign(name: string, value: Typed): Relation {
    const raises = this.raises(value);
    // Beside a LIMIT it would be computed for the rows that the limit cuts, too.
    const base = this.ready([value], raises);
    const plain = value.kind === 'column';
    const column = { name, sql: base.emit(value), type: value.type, plain, raises };
    const constant = base.isConstant(value);
    return base.with({ columns: placed(base.select.columns, constant ? { ...column, constant } : column) });
  }

  /** Makes one row of each group. Values that depend on an order carry it in themselves; the result has no order. */
  aggregate(keys: readonly NamedValue[], values: readonly NamedValue[]): Relation {
    const all = [...keys, ...values];
    const base = this.orderedFor(values).ready(
      all.map((entry) => entry.value),
      true,
    );
    const columns = all.map(({ name, value }, index) =>
      index < keys.length ? base.groupKey(name, value) : base.column(name, value),
    );
    // One row alone stands in order.
    return base.with({ columns, groupBy: keys.length, order: [], arrival: keys.length === 0 });
  }

  sort(keys: readonly SortKey[]): Relation {
    const named = keys.map((key): Typed => columnOf(key.column));
    if (keys.length === 0) return this;
    const base = this.ready(named, true);
    return base.with({ order: base.orderKeys(keys), arrival: false });
  }

  /**
   * Like `assign`, for values that come from several rows; every row stays. Filters and limits before it count, those
   * after it do not.
   */
  window(values: readonly NamedValue[], frame: WindowFrame): Relation {
    const used = [...frame.partition, ...values.map((entry) => entry.value)];
    const base = this.placedFor(frame).ready(
      [...used, ...frame.keys.map((key) => columnOf(key.column))],
      true,
    );
    const keys = base.orderKeys(frame.keys);
    const before = base.select.order.filter(({ sql }) => keys.every((key) => key.sql !== sql));
    const order = [...keys, ...before];
    const partition = frame.partition.map((key) => base.emit(key));
    const over: EmitScope['over'] = (window, ordered) =>
      overText(partition, window === 'peers' ? keys : order, frameText(frame, window, ordered));
    const columns = values.reduce(
      (sofar, { name, value }) => placed(sofar, base.column(name, value, over)),
      base.select.columns,
    );
    // Sealed, so that no later filter takes rows away from the windows.
    return base.with({ columns, order }).seal();
  }

  /** The first rows of each group, in the order of `keys`, which they then have as a whole. */
  firstOfEach(count: Typed, partition: readonly Typed[], keys: readonly SortKey[]): Relation {
    const names = this.select.columns.map((column) => column.name);
    const place = this.freeName('place');
    const canNumber = !this.dialect.traits.numbersByOrder || keys.length > 0 || this.isOrdered;
    const numbered = (canNumber ? this : this.placed()).window([{ name: place, value: ROW_NUMBER }], {
      partition,
      keys,
      rows: { atMost: null },
    });
    return numbered.filter(atMost(place, count)).project(names.map((name) => ({ name, as: name })));
  }

  /**
   * Makes as many rows of each as its lists have elements; the columns become those elements. The lists of one row are
   * equally long. The order holds, and within what was one row it is that of the elements.
   */
  unnest(lists: readonly NamedValue[]): Relation {
    const sorted = this.select.order.length === 0 ? this : this.number(this.freeName('row'));
    const base = sorted.ready(
      lists.map((entry) => entry.value),
      true,
    );
    const position = base.freeName('position');
    const emitted = lists.map(({ name, value }) => ({ name, type: value.type, sql: base.emit(value) }));
    const columns = emitted.reduce(
      (sofar, { name, type, sql }) =>
        placed(sofar, { name, sql: `unnest(${sql})`, type: elementType(type), plain: false }),
      base.select.columns,
    );
    if (base.select.order.length === 0) return base.with({ columns }).seal();
    const places = {
      name: position,
      sql: base.placesOf(emitted[0]!.sql),
      type: ROW_NUMBER.type,
      plain: false,
    };
    // A row's number is no longer its own; together with the place in the list it is.
    const order = base.select.order.map((key) => ({ ...key, unique: false }));
    const opened = base.with({ columns: [...columns, places], order }).seal();
    return opened.with({ order: [...opened.select.order, opened.placeKey(position)] });
  }

  /**
   * Sends the rows through a statement of the stage's own. `text` is given the name of these rows, which it may read more
   * than once, and what writes a parameter or a value without columns; it gives `columns`, in the order of `keys`.
   */
  through(
    columns: readonly Column[],
    keys: readonly SortKey[],
    text: (
      rows: string,
      parameter: (name: string, kind: ParameterKind) => string,
      constant: (value: Typed) => string,
    ) => string,
  ): Relation {
    const sealed = this.seal(this.dialect.traits.materialized);
    const written = text(
      sealed.select.from,
      (name, kind) => this.parameter(name, kind),
      (value) => sealed.emit(value),
    );
    return this.entry(written, columns).sort(keys);
  }

  /** Writes a statement of the stage's own, as `through` does, that also reads the rows of others, each as often as it likes. */
  throughAll(
    others: readonly Relation[],
    columns: readonly Column[],
    keys: readonly SortKey[],
    text: (rows: string, others: readonly string[]) => string,
  ): Relation {
    const tables = others.map((other) => other.table());
    const { from } = this.seal(this.dialect.traits.materialized).select;
    const written = text(
      from,
      tables.map((table) => table.readAs()),
    );
    return this.entry(written, columns).sort(keys);
  }

  /**
   * Beside the rows of another: each of these with each of those for which `on` is true. The other's columns come last, as
   * `renamed`; `on` names all columns as they are afterwards. The order stays; what has no row here comes last.
   */
  join(kind: JoinKind, other: Relation, renamed: readonly Renamed[], on: Typed | null): Relation {
    const keepsAll = kind === 'right' || kind === 'full';
    const left = this.ordered(keepsAll).table();
    const right = other.besides(left);
    const columns = [...left.select.columns, ...right.renamed(renamed)];
    const joined = left.with({
      columns,
      order: left.select.order.map((key) => ({ ...key, unique: false })),
      arrival: false,
      filteredBelow: true,
    });
    const condition = on === null ? '' : ` ON ${joined.emit(on)}`;
    return joined.with({ join: `${JOINS[kind]} ${right.readAs()}${condition}` });
  }

  /** Keeps the rows for which `on` is true of a row of the other (or of none); `renamed`: the names of its columns in `on`. */
  whereExists(exists: boolean, other: Relation, renamed: readonly Renamed[], on: Typed): Relation {
    const left = this.ordered(false).table();
    const right = other.besides(left);
    const both = left.with({ columns: [...left.select.columns, ...right.renamed(renamed)] });
    const rows = `EXISTS (SELECT 1 FROM ${right.readAs()} WHERE ${both.emit(on)})`;
    return left.with({ filters: [{ sql: exists ? rows : `(NOT ${rows})`, raises: false }] });
  }

  /** Returns these rows and then those of the other, which has the same columns. */
  unionAll(other: Relation): Relation {
    const ordered = this.mustBeNumbered() || other.mustBeNumbered();
    const taken = [this, other].flatMap((side) => side.select.columns.map(({ name }) => name));
    const shared = this.select.columns.filter(({ name }) => other.has(name));
    const names = shared.map(({ name }) => name);
    const [side, place] = [freeName('side', taken), freeName('place', taken)];
    const texts = [this, other].map((relation, index) => {
      const table = (ordered ? relation.number(place) : relation).table();
      const items = [...names, ...(ordered ? [place] : [])].map((name) => table.columnNamed(name).sql);
      if (ordered) items.push(`${index} AS ${this.dialect.quoteName(side)}`);
      if (items.length === 0) items.push(`1 AS ${this.dialect.quoteName('row')}`);
      return `SELECT ${items.join(', ')} FROM ${table.readAs()}`;
    });
    const added = ordered ? [place, side].map((name) => ({ name, type: ROW_NUMBER.type })) : [];
    const keys = added.map(({ name }) => ({ column: name, descending: false, nullsFirst: false })).reverse();
    const united = this.entry(texts.join('\nUNION ALL\n'), [...shared, ...added]);
    return united.sort(keys).project(names.map((name) => ({ name, as: name })));
  }

  /** Returns the same rows; the statement fails with `error` (SQL that raises it) once there are more than `most`. */
  atMost(most: number, error: string): Relation {
    const name = this.freeName('number');
    const base = this.select.groupBy === null && this.select.limit === null ? this : this.seal();
    const { columns } = base.select;
    // The window has no order, so that rows are counted as they come.
    const number: SelectColumn = { name, sql: 'row_number() OVER ()', type: ROW_NUMBER.type, plain: false };
    const counted = base.with({ columns: [...columns, number] }).seal();
    const sql = `CASE WHEN ${counted.columnNamed(name).sql} > ${most} THEN ${error} ELSE true END`;
    return counted
      .with({ filters: [{ sql, raises: true }] })
      .project(columns.map((column) => ({ name: column.name, as: column.name })));
  }

  limit(count: Typed): Relation {
    const base = this.select.limit === null && this.select.groupBy === null ? this : this.seal();
    const isBare = count.kind === 'parameter' && this.dialect.traits.limitsByNumbers;
    const { limitType } = this.dialect.traits;
    const sql = isBare ? this.parameter(count.name, count.parameterKind) : base.emit(count);
    return base.with({ limit: limitType === null ? sql : `CAST(${sql} AS ${limitType})` });
  }

  /** The whole statement. `ordered`: its rows are wanted in their order. */
  finish(ordered = true): string {
    const entries = this.statement.entries;
    const select = this.text([], ordered);
    return entries.length === 0 ? select : `WITH ${entries.join(',\n')}\n${select}`;
  }

  /** Each column as `express` writes it: for the end of a statement. */
  leaving(express: (sql: string, column: SelectColumn) => string): Relation {
    const columns = this.select.columns.map((column) => ({
      ...column,
      sql: express(column.sql, column),
      plain: false,
    }));
    return this.with({ columns });
  }

  /** Returns the relation with its order as keys that are columns; some columns may have been added for that. */
  withOrderColumns(): { readonly relation: Relation; readonly keys: readonly SortKey[] } {
    const base = this.select.groupBy === null ? this : this.seal();
    const columns = [...base.select.columns];
    const keys = base.select.order.map(({ sql, type, descending, nullsFirst }): SortKey => {
      const visible = columns.find((column) => column.plain && column.sql === sql);
      const name = visible?.name ?? hiddenName({ ...base.select, columns }, 0);
      if (visible === undefined) columns.push({ name, sql, type, plain: false });
      return { column: name, descending, nullsFirst };
    });
    return { relation: base.with({ columns }), keys };
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

function columnOf(name: string): Typed {
  return { kind: 'column', name, type: { kind: 'null' }, span: { start: 0, end: 0 } };
}

function elementType(type: Typed['type']): Typed['type'] {
  return type.kind === 'list' ? type.of : type;
}
