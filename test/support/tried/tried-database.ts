/** A database in which the functions' oracle computes, value by value, what its dialect says is exact in it. */
import type { ColumnType } from '../../../core/protocol/types.ts';
import type { SourceDialect } from '../../../language/dialects/dialect.ts';

export const FAILED = Symbol('failed');
/** The text of a value as `printed` makes it, null, or that it could not be computed: a row that fails must not hide the others. */
export type Outcome = string | null | typeof FAILED;

export interface EdgeColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** One value a row, as PostgreSQL reads it. */
  readonly texts: readonly (string | null)[];
}

/** An expression over the table `cases`. */
export interface Expression {
  readonly sql: string;
  readonly type: ColumnType;
}

/** An engine with the table `cases`, which has the columns that were loaded and `i`, the number of the row from 1. */
export interface CasesEngine {
  /** SQL of a value of the type; left out: as it is. */
  cast?(sql: string, type: ColumnType): string;
  /** SQL of the text of a value of the type. */
  printed(value: string, type: ColumnType): string;
  /** Resolves to the rows of a statement as texts, in any order. */
  rows(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  /** Runs a statement with `$1` for each of the numbers by itself; left out: each is sent by itself. */
  each?(sql: string, numbers: readonly number[]): Promise<readonly Outcome[]>;
}

export interface TriedDatabase extends CasesEngine {
  readonly dialect: SourceDialect;
  /** Says whether a column of the database can hold the value, which PostgreSQL reads from this text. */
  holds(type: ColumnType, text: string): boolean;
  /** Makes the table `cases`. */
  load(columns: readonly EdgeColumn[]): Promise<void>;
  close(): Promise<void>;
}

/** Writes `INSERT INTO cases VALUES ...`; `cell` writes a value that is not null. */
export function insertCases(
  columns: readonly EdgeColumn[],
  cell: (text: string, type: ColumnType) => string,
): string {
  const rows = Array.from({ length: columns[0]?.texts.length ?? 1 }, (_, row) => {
    const cells = columns.map(({ texts, type }) => {
      const text = texts[row]!;
      return text === null ? 'NULL' : cell(text, type);
    });
    return `(${[String(row + 1), ...cells].join(', ')})`;
  });
  return `INSERT INTO cases VALUES ${rows.join(', ')}`;
}
