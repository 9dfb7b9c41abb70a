/**
 * The rules by which a policy shows rows of tables of files and of models: a condition, and columns that are masked or left out. Conditions
 * and masks are expressions of our own language; the compiler makes them a part of the source (language/policy/).
 */
import type { DatabaseColumn } from './types.ts';

/** Says how one role shows a table or a model. */
export interface RowRules {
  /** The role that says so. */
  readonly role: string;
  /** The condition of rows that are shown; null: all are. */
  readonly rows: string | null;
  /** The expressions that stand for columns. */
  readonly masks: Readonly<Record<string, string>>;
  /** The columns that are not there. */
  readonly hidden: readonly string[];
}

/** The rules of each table that may be read, by its name in lower case: one for each role. An empty list: all of it is shown. */
export type TableRules = Readonly<Record<string, readonly RowRules[]>>;

export interface ShownRows {
  /** The connections for which SQL of one's own may be written; null: all that are seen. */
  readonly sql: readonly string[] | null;
  /** The connections to files of which only these tables may be read, and how. */
  readonly tables: Readonly<Record<string, TableRules>>;
  /** The models that are read by rules, by `modelKey`. */
  readonly models: TableRules;
}

/** The table of a connection to files as the compiler made it for who asks. */
export interface TableView {
  /** The SELECT that stands for the table; it reads the rows of the files as `VIEWED`. */
  readonly sql: string;
  /** The SELECT without its fence, which keeps other conditions out: for finding the files that are wanted. */
  readonly unfenced: string;
  /** The columns of the table that it was made for. */
  readonly columns: readonly DatabaseColumn[];
}

/** The tables that may be read, by their names in lower case; null: all of the table is shown. */
export type TableViews = Readonly<Record<string, TableView | null>>;

/** The name by which a view reads the rows of its table. */
export const VIEWED = 'forkline_rows';
