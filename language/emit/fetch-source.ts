/** The statement that fetches the rows of a user's SQL in which no stage was placed: only the columns that are used leave the database. */
import type { SourceDescription, UnjudgedSource } from '../../core/protocol/plan.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import type { BoundSql } from '../source/sql.ts';

/** The bound SQL, narrowed to the columns in `used`. */
export function fetchSource(
  dialect: SourceDialect,
  bound: BoundSql,
  described: SourceDescription,
  used: ReadonlySet<string>,
): Omit<UnjudgedSource, 'connection'> {
  const kept = described.columns.filter((column) => used.has(column.name));
  const sent = kept.map((column) => dialect.sentColumn(column));
  const items = sent.length === 0 ? [ROW] : sent.map(({ sql }) => sql);
  const prefix = `select ${items.join(', ')} from (\n`;
  const { rowColumn } = dialect;
  return {
    sql: `${prefix}${bound.sql}\n) as "source"`,
    parameters: bound.parameters,
    segments: bound.segments.map((segment) => ({ ...segment, sqlStart: segment.sqlStart + prefix.length })),
    columns: (kept.length === 0 ? [rowColumn] : kept).map((column) => dialect.columnOf(column)),
    databaseColumns: kept.length === 0 ? [rowColumn] : sent.map(({ column }) => column),
    parameterTypes: described.parameterTypes,
  };
}

/** Sent when no stage uses any column, so that rows can still be counted. */
const ROW = '1 as "row"';
