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

export interface TriedDatabase {
  readonly dialect: SourceDialect;
  /** Says whether a column of the database can hold the value, which PostgreSQL reads from this text. */
  holds(type: ColumnType, text: string): boolean;
  /** Makes the table `cases`: the columns, and `i`, the number of the row from 1. */
  load(columns: readonly EdgeColumn[]): Promise<void>;
  /** Computes `sql` on each row, or with `group` on each value of that column; in their order. */
  evaluate(sql: string, type: ColumnType, group?: string): Promise<Outcome[]>;
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

/** Selects the key and the printed value of all rows or groups, or of those with one key. */
export function casesSql(
  sql: string,
  printed: (value: string) => string,
  group: string | undefined,
  key?: string,
): string {
  const keyName = group ?? 'i';
  const grouping = group === undefined ? '' : ` GROUP BY ${group}`;
  const where = key === undefined ? '' : ` WHERE ${keyName} = ${key}`;
  return `SELECT k, ${printed('v')} AS t FROM (SELECT ${keyName} AS k, (${sql}) AS v FROM cases${where}${grouping}) AS t ORDER BY k`;
}

/** Runs all rows at once, and one by one when that fails, to see which. `texts` returns the printed values of a statement. */
export async function eachOutcome(
  all: (key?: string) => string,
  texts: (sql: string) => Promise<readonly (string | null)[]>,
  keys: () => Promise<readonly string[]>,
): Promise<Outcome[]> {
  try {
    return [...(await texts(all()))];
  } catch {
    const outcomes: Outcome[] = [];
    for (const key of await keys())
      outcomes.push(
        await texts(all(key)).then(
          ([value]) => value!,
          () => FAILED,
        ),
      );
    return outcomes;
  }
}
