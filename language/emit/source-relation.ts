/**
 * A user's SQL as the relation that a statement for its database begins with: the columns that are used, each in the
 * canonical form of its type, so that all that follows is about our types only. Nothing is computed until it is needed: the
 * SQL stands in the FROM of the first stage's own SELECT.
 */
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { Relation } from '../select/relation.ts';
import { qualified, type Select } from '../select/select.ts';
import { type Author, type Statement, sourceMark } from '../select/statement.ts';
import { mayBeOrdered, mayFilter } from '../source/facts.ts';
import { type BoundSql, renumbered } from '../source/sql.ts';

/** `columns`: those that are used. */
export function sourceRelation(
  statement: Statement,
  dialect: SourceDialect,
  bound: BoundSql,
  columns: readonly DatabaseColumn[],
  author: Author,
): Relation {
  const before = statement.sources.reduce((sum, { parameters }) => sum + parameters.length, 0);
  const index = statement.sources.push(renumbered(bound, before, dialect.binding));
  const from = dialect.quoteName(index === 1 ? 'source' : `source${index}`);
  const select: Select = {
    from,
    // The user's text is put in at the very end, so that its places are known.
    fromText: `(\n${sourceMark(index - 1)}\n) AS ${from}`,
    columns: columns.map((column) => {
      const stored = qualified(dialect, from, column.name);
      return { name: column.name, plain: true, ...dialect.sourceColumn(stored, column, author) };
    }),
    filters: [],
    filteredBelow: mayFilter(bound.sql, dialect.lexical),
    groupBy: null,
    order: [],
    arrival: mayBeOrdered(bound.sql),
    limit: null,
    fence: null,
  };
  return new Relation(statement, select);
}
