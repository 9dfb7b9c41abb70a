/**
 * The values of the SELECT under construction: how expressions over its columns are written, in the dialect of its statement.
 * What it is made of changes in open-select.ts and relation.ts.
 */
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { Dialect, ListSql } from '../dialects/dialect.ts';
import { isConstant, mayRaise, raisesOfConstants } from '../types/may-raise.ts';
import { FLOAT64 } from '../types/rules.ts';
import { collectColumns, type Typed } from '../types/typed.ts';
import { type EmitScope, emitExpression } from './emit-expression.ts';
import { freeName, type Select, type SelectColumn } from './select.ts';
import { type Author, authored, type Statement } from './statement.ts';
import { type OrderKey, orderText, type SortKey } from './window-frame.ts';

export abstract class SelectValues {
  protected readonly statement: Statement;
  protected readonly select: Select;
  /** The author of the SQL that is added now. */
  protected readonly author: Author | null;

  constructor(statement: Statement, select: Select, author: Author | null = null) {
    this.statement = statement;
    this.select = select;
    this.author = author;
  }

  /** Another one, of the same statement and author. */
  protected abstract make(select: Select): this;

  get dialect(): Dialect {
    return this.statement.dialect;
  }

  /** SQL of lists. Placement has asked before: stages with lists are exact only where there are some. */
  get lists(): ListSql {
    const { lists, title } = this.dialect;
    if (lists === null) throw new Error(`${title} has no lists`);
    return lists;
  }

  get columns(): readonly SelectColumn[] {
    return this.select.columns;
  }

  /** Says whether the rows stand in an order that a stage may rely on. */
  get isOrdered(): boolean {
    return this.select.order.length > 0 || this.select.arrival;
  }

  /** Says whether the column is there: one that nobody uses may have stayed in the database. */
  has(name: string): boolean {
    return this.names().includes(name);
  }

  /** A name that no column has, whatever its case. */
  freeName(wanted: string): string {
    return freeName(wanted, this.names());
  }

  /** Says whether computing the value may fail here. */
  protected raises(value: Typed): boolean {
    if (mayRaise(value)) return true;
    const used = new Set<string>();
    collectColumns(value, used);
    return this.select.columns.some((column) => column.raises === true && used.has(column.name));
  }

  /** Says whether the value is made of constants, in a dialect that computes such values first. */
  protected isConstant(value: Typed): boolean {
    return this.dialect.traits.computesConstantsFirst && isConstant(value, this.#constants());
  }

  /** Says whether a value may fail before there is a row, by a column that is a constant. */
  protected raisesTooEarly(values: readonly Typed[]): boolean {
    const constants = this.#constants();
    return constants.size > 0 && values.some((value) => raisesOfConstants(value, constants));
  }

  #constants(): ReadonlySet<string> {
    return new Set(this.select.columns.flatMap(({ name, constant }) => (constant === true ? [name] : [])));
  }

  protected names(): readonly string[] {
    return this.select.columns.map(({ name }) => name);
  }

  protected placeKey(name: string): OrderKey {
    return { ...this.orderKeys([{ column: name, descending: false, nullsFirst: false }])[0]!, unique: true };
  }

  protected orderKeys(keys: readonly SortKey[]): readonly OrderKey[] {
    return keys.map((key) => {
      const { sql, type } = this.columnNamed(key.column);
      // Texts are ordered by code point; no collation of the database's may decide.
      const collation = type.kind === 'string' ? this.dialect.traits.codePointOrder : '';
      const { descending, nullsFirst } = key;
      const direction = `${collation} ${descending ? 'DESC' : 'ASC'}`;
      const order = { sql, type, descending, nullsFirst };
      if (this.dialect.traits.placesNulls)
        return { ...order, direction: `${direction} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}` };
      const comeAnyway = nullsFirst === !descending;
      return { ...order, direction, ...(!comeAnyway && { nulls: nullsFirst ? ' DESC' : ' ASC' }) };
    });
  }

  /** -0 and 0 are one group, called 0: left alone, each engine would call it by whichever came first. */
  protected groupKey(name: string, value: Typed): SelectColumn {
    const column = this.column(name, value);
    if (value.type.kind !== 'float64') return column;
    const zero = this.dialect.literal({ value: '0', type: FLOAT64 });
    return { ...column, sql: `(${column.sql} + ${zero})` };
  }

  protected column(name: string, value: Typed, over?: EmitScope['over']): SelectColumn {
    const raises = this.raises(value);
    return { name, sql: this.emit(value, over), type: value.type, plain: false, raises };
  }

  protected with(change: Partial<Select>): this {
    return this.make({ ...this.select, ...change });
  }

  protected columnNamed(name: string): SelectColumn {
    const column = this.select.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Error(`column ${name} did not reach this stage`);
    return column;
  }

  protected emit(value: Typed, over?: EmitScope['over']): string {
    const order = orderText(this.select.order);
    const text = emitExpression(value, {
      dialect: this.statement.dialect,
      column: (name) => this.columnNamed(name).sql,
      compared: (name) => this.columnNamed(name).stored ?? this.columnNamed(name).sql,
      parameter: (name, kind) => this.parameter(name, kind),
      order,
      ...(over === undefined ? {} : { over }),
    });
    return value.kind === 'call' ? authored(this.statement, this.author, text) : text;
  }

  protected parameter(name: string, kind: ParameterKind): string {
    const { parameters, foreignParameters } = this.statement;
    const at = parameters.findIndex((parameter) => parameter.name === name);
    return `$${foreignParameters + (at === -1 ? parameters.push({ name, kind }) : at + 1)}`;
  }
}
