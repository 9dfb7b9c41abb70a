/** The statement that fetches the rows of a user's SQL in which no stage was placed: only the columns that are used leave the database. */
import type { SourceDescription, UnjudgedSource } from '../../core/protocol/plan.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
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
  if (!dialect.wrapsSources) return unwrapped(dialect, bound, described, kept);
  const sent = kept.map((column) => dialect.sentColumn(column));
  const items = sent.length === 0 ? [`1 as ${dialect.quoteName('row')}`] : sent.map(({ sql }) => sql);
  const prefix = `select ${items.join(', ')} from (\n`;
  const { rowColumn } = dialect;
  return {
    sql: `${prefix}${bound.sql}\n) as ${dialect.quoteName('source')}`,
    parameters: bound.parameters,
    segments: bound.segments.map((segment) => ({ ...segment, sqlStart: segment.sqlStart + prefix.length })),
    columns: (kept.length === 0 ? [rowColumn] : kept).map((column) => dialect.columnOf(column)),
    databaseColumns: kept.length === 0 ? [rowColumn] : sent.map(({ column }) => column),
    parameterTypes: described.parameterTypes,
  };
}

/** The SQL as it is. When no stage uses any column the first is sent, so that rows can still be counted. */
function unwrapped(
  dialect: SourceDialect,
  { sql, parameters, segments }: BoundSql,
  described: SourceDescription,
  kept: readonly DatabaseColumn[],
): Omit<UnjudgedSource, 'connection'> {
  const sent = kept.length === 0 ? described.columns.slice(0, 1) : kept;
  return {
    ...{ sql, parameters, segments },
    columns: sent.map((column) => dialect.columnOf(column)),
    databaseColumns: sent,
    parameterTypes: described.parameterTypes,
  };
}
