/**
 * A user's SQL as the relation that a statement in PostgreSQL begins with: the columns that are used, each in the
 * canonical form of its type, so that all that follows is about our types only.
 *
 * Nothing is computed until it is needed: the SQL stands in the FROM of the first stage's own SELECT, and comparisons
 * read integers and decimals as they are stored, so that an index serves as it would without us.
 */
import type { ColumnType, DatabaseColumn } from '../../core/protocol/types.ts';
import { canonicalArray, canonicalColumn } from '../dialects/postgres/columns.ts';
import { raiseInPostgres } from '../dialects/postgres/raise.ts';
import { postgresType } from '../dialects/postgres/sql.ts';
import { isNarrowInteger } from '../dialects/postgres/types.ts';
import { Relation } from '../select/relation.ts';
import { qualified, type Select, type SelectColumn } from '../select/select.ts';
import { type Author, type Statement, sourceMark } from '../select/statement.ts';
import { mayBeOrdered, mayFilter } from '../source/facts.ts';
import { type BoundSql, renumbered } from '../source/sql.ts';

/** `columns`: those that are used. */
export function postgresSource(
  statement: Statement,
  bound: BoundSql,
  columns: readonly DatabaseColumn[],
  author: Author,
): Relation {
  const before = statement.sources.reduce((sum, { parameters }) => sum + parameters.length, 0);
  const index = statement.sources.push(renumbered(bound, before));
  const from = index === 1 ? '"source"' : `"source${index}"`;
  const select: Select = {
    from,
    // The user's text is put in at the very end, so that its places are known.
    fromText: `(\n${sourceMark(index - 1)}\n) AS ${from}`,
    columns: columns.map((column) => sourceColumn(from, column, author)),
    filters: [],
    filteredBelow: mayFilter(bound.sql),
    groupBy: null,
    order: [],
    arrival: mayBeOrdered(bound.sql),
    limit: null,
    fence: null,
  };
  return new Relation(statement, select);
}

function sourceColumn(from: string, column: DatabaseColumn, author: Author): SelectColumn {
  const { name } = column;
  const stored = qualified(from, name);
  const { type, canonical } = canonicalColumn(column);
  // A decimal of a size is carried as it is. NaN in one, which the stage engine refuses, stays NaN: a test of every value
  // for it would cost more than adding it up.
  if (type.kind === 'decimal' && type.precision !== null) return { name, sql: stored, type, plain: true };
  if (type.kind === 'list') return { name, sql: listColumn(stored, column, type, author), type, plain: true };
  const narrow = isNarrowInteger(column.type);
  return { name, sql: canonical(stored), type, plain: true, ...(narrow && { stored }) };
}

/** An array of several dimensions is no list. */
function listColumn(
  stored: string,
  { name, type: native }: DatabaseColumn,
  type: ColumnType,
  { stage, span }: Author,
): string {
  const target = postgresType(type);
  const list = canonicalArray(stored, native, type);
  const error = raiseInPostgres(
    {
      code: 'bad-value',
      message: `column ${name} holds an array of several dimensions; write unnest() or array_to_json() in the SQL`,
      stage,
      span,
    },
    target,
    `array_ndims(${stored})`,
  );
  return `CASE WHEN array_ndims(${stored}) > 1 THEN ${error} ELSE ${list} END`;
}
