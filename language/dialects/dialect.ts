/**
 * Everything that the compiler asks of a dialect of SQL: how types, values and names are written in it, and in which traits it
 * differs from others where the same statement is written for all. A user's text (names, literals) goes through `quoteName`,
 * `quoteText` and `literal` and nothing else.
 *
 * Each dialect is a folder here; `registry.ts` is the only file that lists them.
 */
import type { DialectName } from '../../core/protocol/dialect-name.ts';
import type { WireError } from '../../core/protocol/errors.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { InputColumn } from '../../core/protocol/plan.ts';
import type { Column, ColumnType, DatabaseColumn, NativeType } from '../../core/protocol/types.ts';
import type { WireType } from '../../core/protocol/wire-rows.ts';
import type { ExprType } from '../types/rules.ts';
import type { Binding } from './binding.ts';
import type { Lexical } from './lexical.ts';

export type { DialectName } from '../../core/protocol/dialect-name.ts';

/** A constant of a query: its text as the user wrote it, and its type. */
export interface Literal {
  readonly value: string | boolean | null;
  readonly type: ExprType;
}

export interface Dialect {
  readonly name: DialectName;
  /** The name that people call the dialect by, for reasons and messages. */
  readonly title: string;
  readonly traits: DialectTraits;
  readonly lexical: Lexical;
  readonly binding: Binding;
  /** Writes lists; null in a dialect without lists. */
  readonly lists: ListSql | null;
  /** Writes rows for bins of time; null in a dialect that cannot. */
  readonly bins: BinSql | null;
  quoteName(name: string): string;
  quoteText(text: string): string;
  /** Returns the name of the type that carries values of this type. */
  typeName(type: ColumnType): string;
  /** Returns the SQL of a constant, which has exactly its type and stands anywhere. */
  literal(literal: Literal): string;
  /** Returns a bound value (`$1`) as a value of this type. */
  parameter(bound: string, type: ColumnType): string;
}

/** The points in which the same SQL does something else in another dialect. */
export interface DialectTraits {
  /** A SELECT without ORDER BY gives its rows in the order in which it reads them. */
  readonly keepsArrivalOrder: boolean;
  /** Conditions of one WHERE are tested one after the other where a CASE says so; else they stand in SELECTs of their own. */
  readonly testsFiltersInOrder: boolean;
  /** Values made of constants alone, also by columns that are such, are computed, and fail, before there is a row. */
  readonly computesConstantsFirst: boolean;
  /** An aggregate computes its arguments for rows too that its FILTER leaves out. */
  readonly computesArgumentsBeforeFilter: boolean;
  /** The SQL of numbers that ascend in the order in which rows arrive. */
  readonly arrivalNumber: string;
  /** Ends a SELECT so that no filter is moved into it: a limit that is none. */
  readonly fence: string;
  /** Follows a text in ORDER BY so that it is ordered by code point; '' where it is anyway. */
  readonly codePointOrder: string;
  /** ORDER BY says NULLS FIRST and NULLS LAST. Without, nulls are the least values, and a key of their own says where they come. */
  readonly placesNulls: boolean;
  /** LIMIT takes a number or a bound value, no expression. */
  readonly limitsByNumbers: boolean;
  /** `row_number` needs an ORDER BY. */
  readonly numbersByOrder: boolean;
  /** Stands behind the AS of a WITH entry that is computed once for all its readers; '' where the database decides. */
  readonly materialized: '' | ' MATERIALIZED';
  /** The only type that LIMIT takes; null: it takes any number. */
  readonly limitType: string | null;
}

/** Takes lists apart; functions of lists are in the dialect's table of functions. */
export interface ListSql {
  /** Rows with the places of the list's elements, ascending. */
  places(list: string): string;
}

/** Rows for bins of time that lie one after the other without a gap. */
export interface BinSql {
  /**
   * Writes an item of a SELECT that gives a row for each bin from `lo` to `hi`, the beginnings of two bins: columns of
   * the moment's type. It fails with `error` when `times` (SQL of a number, at least 0) as many rows are more than `most`. `span` is
   * `5 minute`, and no unit but milliseconds, seconds, minutes, hours, days and months occurs.
   */
  series(bins: {
    readonly lo: string;
    readonly hi: string;
    readonly span: string;
    readonly type: ColumnType;
    readonly times: string;
    readonly most: number;
    readonly error: WireError;
  }): string;
  /** Writes a condition that is true where the moment is not infinite. */
  finite(moment: string): string;
  /** Writes a condition that is true where both values are equal and where both are null, by which rows are joined fast. */
  same(a: string, b: string): string;
}

/** The dialect of the engine that runs whatever stages are exact nowhere else: it knows all of them. */
export interface StageEngineDialect extends Dialect {
  readonly name: 'duckdb';
  readonly lists: ListSql;
  readonly bins: BinSql;
  /** Writes SQL that fails with `error` when it is computed. */
  raise(error: WireError): string;
  /** Says how a column that a source sends in this form enters the engine. */
  inputColumn(column: Column, wire: WireType): InputColumn;
  /** Returns the type of a column that the engine describes; null when answers do not carry it. */
  typeOf(engineType: string): ColumnType | null;
}

/** A column of a user's SQL where a statement around it begins. */
export interface SourceColumn {
  readonly sql: string;
  readonly type: ColumnType;
  /** The column as the database stores it, where that compares with values of `type` as `sql` does. */
  readonly stored?: string;
}

/** A column as it leaves the database when no stage was placed around the user's SQL. */
export interface SentColumn {
  readonly sql: string;
  readonly column: DatabaseColumn;
}

export type ConstantCell = string | number | null;

/** The dialect of a database: all that placement needs to know of it. */
export interface SourceDialect extends Dialect {
  /** The stage engine itself runs the user's SQL, as a part of its own statement: rows are not fetched from anywhere. */
  readonly scanned: boolean;
  /** The SQL that lists the names of tables and views, in the column `name`. */
  readonly tablesSql: string;
  /**
   * A SELECT around the user's SQL keeps the order of its rows. Where it does not, and no stage is placed, the SQL is sent as it
   * is, and the connector sends those columns only that are expected.
   */
  readonly wrapsSources: boolean;
  /** JSON has an equality, which is that of its text. */
  readonly comparesJson: boolean;
  /** A list may have lists as elements. */
  readonly nestsLists: boolean;
  /** The largest number of stages that one statement may hold. */
  readonly maxStages: number;
  /** Says why no statement with such columns can stand for stages; null when it can. */
  refusal(columns: readonly Column[]): string | null;
  /** The stages that were shown to be exact in the dialect; null: each says so itself. */
  readonly placedStages: ReadonlySet<string> | null;
  /** Says why no stage is placed around this SQL with these columns, which may give its rows in an order; null when stages may be. */
  sourceRefusal(sql: string, columns: readonly DatabaseColumn[], isOrdered: boolean): string | null;
  /** Says why rows are not ordered by these columns exactly; null when they are. */
  orderRefusal(keys: readonly Column[]): string | null;
  /** Says why a constant has no place in a statement; null when it has. */
  literalRefusal(literal: Literal): string | null;
  /** Tells a user how to carry a numeric column without a size exactly. */
  sizedHint(column: string): string;
  /** Returns the column as stages see it. */
  columnOf(column: DatabaseColumn): Column;
  /** `stored`: its SQL. What the column holds and stages cannot is an error at this place. */
  sourceColumn(
    stored: string,
    column: DatabaseColumn,
    place: Pick<WireError, 'stage' | 'span'>,
  ): SourceColumn;
  /**
   * Says how the rows that a SQL worker sends carry this column, which is one of `sentColumn` or `describedColumn`. A
   * connector that gives values to the kit (connectors/kit/rows-out.ts) has `usualWireType` of its type.
   */
  wireOf(column: DatabaseColumn): WireType;
  /** Returns a column of the user's own SQL as it is sent to the stage engine. */
  sentColumn(column: DatabaseColumn): SentColumn;
  /** Writes a value that leaves in an answer, so that the database describes it as exactly this type. */
  answered(sql: string, type: ColumnType): string;
  /** Writes a value that leaves for the stage engine, as `sentColumn` does. */
  sent(sql: string, type: ColumnType): string;
  /** Returns how the database describes the column in a statement that was written by `answered` (if `answers`) or by `sent`. */
  describedColumn(column: Column, answers: boolean): DatabaseColumn;
  /** Describes the column `row` that is sent when no column is used, so that rows can still be counted: `1 AS "row"`. */
  readonly rowColumn: DatabaseColumn;
  /** The type that a bound value of stages has in the database. */
  parameterType(kind: ParameterKind): NativeType;
  /** Writes a statement that gives these constants as rows, in this order. */
  constantRows(columns: readonly Column[], rows: readonly (readonly ConstantCell[])[]): string;
}
