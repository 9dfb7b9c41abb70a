/**
 * The SELECT under construction, in the dialect of its statement, and how it becomes a WITH entry: what relation.ts builds
 * the stages' operations from.
 *
 * Invariants: `sql` of every column, filter and key refers only to columns of `from`, always qualified, so that no
 * alias of the same SELECT can be meant; a column is `plain` when its sql is just such a column. Columns that the
 * source did not send, because no stage uses them, are missing here and may be left out by projections. Nothing here
 * changes: each step gives a new one.
 */
import type { Typed } from '../types/typed.ts';
import { collectColumns, hasOrderedAggregate } from '../types/typed.ts';
import {
  hiddenName,
  isTable,
  type Origin,
  qualified,
  reading,
  type SelectColumn,
  selectText,
} from './select.ts';
import { SelectValues } from './select-values.ts';
import { type OrderKey, overText, ROW_NUMBER, type WindowFrame } from './window-frame.ts';

/** A column under another name. */
export interface Renamed {
  readonly name: string;
  readonly as: string;
}

export interface NamedValue {
  readonly name: string;
  readonly value: Typed;
}

export abstract class OpenSelect extends SelectValues {
  /** Keeps these columns, in this order, under new names where `as` differs. */
  project(kept: readonly Renamed[]): this {
    const base = this.select.groupBy === null ? this : this.seal();
    const byName = new Map(base.select.columns.map((column) => [column.name, column]));
    const columns = kept.flatMap(({ name, as }) => {
      const column = byName.get(name);
      return column === undefined ? [] : [{ ...column, name: as }];
    });
    return base.with({ columns });
  }

  /** Writes the order of the rows down: a new last column has their numbers from 1, and is what orders them from now on. */
  number(name: string): this {
    const { groupBy, limit } = this.select;
    const base = groupBy === null && limit === null ? this : this.seal();
    const { columns, order } = base.select;
    const { arrivalNumber } = this.dialect.traits;
    const sql = order.length === 0 ? arrivalNumber : `row_number()${overText([], order, '')}`;
    const place: SelectColumn = { name, sql, type: ROW_NUMBER.type, plain: false };
    const numbered = base.with({ columns: [...columns, place], order: [], arrival: false }).seal();
    return numbered.with({ order: [numbered.placeKey(name)] });
  }

  /** Returns this relation, or a sealed one, in which the columns that `values` read are plain. */
  protected ready(values: readonly Typed[], countsRows: boolean): this {
    if (this.raisesTooEarly(values)) return this.fenced();
    return this.isReady(values, countsRows) ? this : this.seal();
  }

  protected isReady(values: readonly Typed[], countsRows: boolean): boolean {
    const { columns, groupBy, limit } = this.select;
    if (groupBy !== null || (countsRows && limit !== null)) return false;
    const used = new Set<string>();
    for (const value of values) collectColumns(value, used);
    return columns.every((column) => column.plain || !used.has(column.name));
  }

  /** Numbers the rows for values that depend on their order: a database keeps no order of arrival without such places. */
  protected orderedFor(values: readonly NamedValue[]): this {
    const { order, arrival } = this.select;
    if (this.dialect.traits.keepsArrivalOrder || order.length > 0 || !arrival) return this;
    const ordered = values.some(({ value }) => hasOrderedAggregate(value));
    return ordered ? this.number(this.freeName('row')) : this;
  }

  /** Returns `placed()`, except where rows have no order to keep: values of whole groups need no places then. */
  protected placedFor({ keys }: WindowFrame): this {
    const unordered = !this.isOrdered && keys.length === 0;
    return unordered && !this.dialect.traits.keepsArrivalOrder ? this : this.placed();
  }

  /** Adds a last key to the order that no two rows share: the row's place. */
  protected placed(): this {
    const { order, groupBy, limit } = this.select;
    if (order.some((key) => key.unique === true)) return this;
    const base = groupBy !== null || limit !== null ? this.seal() : this;
    const place: OrderKey = {
      sql: this.dialect.traits.arrivalNumber,
      direction: ' ASC',
      descending: false,
      nullsFirst: false,
      type: ROW_NUMBER.type,
      unique: true,
    };
    return base.with({ order: [...base.select.order, place] }).seal();
  }

  /**
   * Prepares for a filter that may fail and must not see a row that one before it drops. Where all filters stand in one SELECT of
   * the stage engine, their text keeps the order (select.ts); else they are kept apart.
   */
  protected readyToRaise(condition: Typed): this {
    const { filters, filteredBelow } = this.select;
    if (filters.length === 0 && !filteredBelow) return this.ready([condition], true);
    const inOrder = this.dialect.traits.testsFiltersInOrder && !filteredBelow;
    return inOrder && this.isReady([condition], true) ? this : this.fenced();
  }

  /** Sealed so that no filter of what follows is merged with what it has: with a limit that is none. */
  fenced(): this {
    const fenced = this.with({ fence: this.dialect.traits.fence }).seal();
    const columns = fenced.select.columns.map((column) => ({ ...column, raises: false, constant: false }));
    return fenced.with({ columns });
  }

  /** Says whether the rows lose their order beside those of another relation. The stage engine keeps the order of arrival. */
  protected mustBeNumbered(): boolean {
    const { order, arrival } = this.select;
    return order.length > 0 || (arrival && !this.dialect.traits.keepsArrivalOrder);
  }

  /** Returns this relation with an order that can be written down; `anew`: by a key that no row of another relation has. */
  protected ordered(anew: boolean): this {
    if (!this.isOrdered || (this.select.order.length > 0 && !anew)) return this;
    const names = this.names();
    return this.number(this.freeName('place')).project(names.map((name) => ({ name, as: name })));
  }

  /**
   * Returns this relation as a table: a plain name in a FROM, with its order in columns, so that a reader needs only its
   * columns.
   */
  protected table(): this {
    return isTable(this.dialect, this.select) ? this : this.seal();
  }

  /** A table that can stand in one FROM with `left`. */
  protected besides(left: OpenSelect): this {
    const table = this.table();
    const { from, columns } = table.select;
    if (from !== left.select.from) return table;
    const select = reading(this.dialect, { from: `${from}_2`, order: [], arrival: false }, columns);
    return this.make({ ...select, table: from });
  }

  protected readAs(): string {
    const { from, table } = this.select;
    this.statement.read(table ?? from);
    return table === undefined ? from : `${table} AS ${from}`;
  }

  protected renamed(renamed: readonly Renamed[]): readonly SelectColumn[] {
    return renamed.flatMap(({ name, as }) => {
      const column = this.select.columns.find((candidate) => candidate.name === name);
      return column === undefined ? [] : [{ ...column, name: as }];
    });
  }

  protected entry(text: string, columns: readonly Pick<SelectColumn, 'name' | 'type'>[]): this {
    const name = this.nextName();
    this.statement.entries.push(`${name} AS (\n${text}\n)`);
    const arrival = this.dialect.traits.keepsArrivalOrder;
    const origin: Origin = { from: name, order: [], arrival, filteredBelow: true };
    return this.make(reading(this.dialect, origin, columns));
  }

  protected seal(materialized = ''): this {
    const select = this.select;
    const name = this.nextName();
    const hidden: Pick<SelectColumn, 'name' | 'sql'>[] = [];
    const order = select.order.map((key) => {
      const visible = select.columns.find((column) => column.plain && column.sql === key.sql);
      const carried = visible ?? { name: hiddenName(select, hidden.length), sql: key.sql };
      if (visible === undefined) hidden.push(carried);
      return { ...key, sql: qualified(this.dialect, name, carried.name) };
    });
    this.statement.entries.push(`${name} AS${materialized} (\n${this.text(hidden, false)}\n)`);
    const { filters, arrival, limit, fence } = select;
    const filteredBelow = limit === null && fence === null && (filters.length > 0 || select.filteredBelow);
    const origin: Origin = { from: name, order, arrival, filteredBelow };
    return this.make(reading(this.dialect, origin, select.columns));
  }

  /** The places of a list's elements, as rows. */
  protected placesOf(list: string): string {
    return this.lists.places(list);
  }

  protected text(hidden: readonly Pick<SelectColumn, 'name' | 'sql'>[], last: boolean): string {
    this.statement.read(this.select.from);
    return selectText(this.dialect, this.select, hidden, last);
  }

  protected nextName(): string {
    return `${this.statement.prefix}${this.statement.entries.length + 1}`;
  }
}
