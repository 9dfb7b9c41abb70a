/** Finds the columns that a query needs, from its end back to its sources: no others are fetched. */

import { countReads, type ResolvedQuery, type ResolvedSql } from '../resolve/graph.ts';
import { stageOf } from '../stages/kit/registry.ts';

/** The columns that are needed of what a query reads. */
export interface UsedColumns {
  /** The columns that are needed of each source. */
  readonly ofSql: ReadonlyMap<ResolvedSql, ReadonlySet<string>>;
  /** The columns that are needed of each query. */
  readonly ofQuery: ReadonlyMap<ResolvedQuery, ReadonlySet<string>>;
}

/**
 * Returns the columns that the stages and the answer need, from the last stage back to the first. A query that several read
 * is looked at when all of them have said what they want of it.
 */
export function usedColumns(query: ResolvedQuery): UsedColumns {
  const used = new Map<ResolvedSql, ReadonlySet<string>>();
  const unasked = new Map(countReads(query));
  const wishes = new Map<ResolvedQuery, Set<string>>();
  const want = (read: ResolvedQuery, columns: Iterable<string>): void => {
    const sofar = wishes.get(read) ?? new Set();
    for (const column of columns) sofar.add(column);
    wishes.set(read, sofar);
    const left = unasked.get(read)! - 1;
    unasked.set(read, left);
    if (left === 0) look(read, sofar);
  };
  const look = ({ source, stages }: ResolvedQuery, wanted: ReadonlySet<string>): void => {
    const input = stages.reduceRight((after, stage) => {
      const definition = stageOf(stage.node);
      const sides = definition.sourcesUsed?.(stage.resolved, after) ?? [];
      for (const [index, side] of stage.sources.entries()) want(side, sides[index]!);
      return definition.columnsUsed(stage.resolved, after);
    }, wanted);
    if (source.kind === 'sql') used.set(source, input);
    else want(source.query, input);
  };
  want(
    query,
    query.columns.map(({ name }) => name),
  );
  return { ofSql: used, ofQuery: wishes };
}
