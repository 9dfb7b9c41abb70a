/**
 * A query with all its names resolved: what placement and emission work on. The queries form a graph: one that a `let`
 * names is one object, however many queries read it, so that it is fetched and computed once. There are no cycles: a
 * `let` sees only those before it.
 */
import type { Span } from '../../core/protocol/errors.ts';
import type { SourceDescription } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { StageNode } from '../frontends/forkline/ast.ts';
import type { BoundSql } from '../source/sql.ts';
import type { ResolvedStage } from '../stages/kit/stage.ts';

/** SQL of the user's for a database. Two of the same text are two objects; each is fetched. */
export interface ResolvedSql {
  readonly kind: 'sql';
  readonly connection: string;
  readonly bound: BoundSql;
  readonly described: SourceDescription;
  /** What `described` means to stages, in order. */
  readonly columns: readonly Column[];
  /** Of the SQL in the user's text. */
  readonly span: Span;
}

export type ResolvedSource = ResolvedSql | { readonly kind: 'query'; readonly query: ResolvedQuery };

export interface ResolvedStageNode {
  readonly node: StageNode;
  readonly resolved: ResolvedStage;
  /** In the order of `node.sources`. */
  readonly sources: readonly ResolvedQuery[];
}

export interface ResolvedQuery {
  readonly source: ResolvedSource;
  readonly stages: readonly ResolvedStageNode[];
  /** After the last stage. */
  readonly columns: readonly Column[];
}

/** The queries that this one reads, once for each time that it does. */
export function queriesRead({ source, stages }: ResolvedQuery): readonly ResolvedQuery[] {
  const beside = stages.flatMap((stage) => stage.sources);
  return source.kind === 'query' ? [source.query, ...beside] : beside;
}

/** How often each query is read, `query` itself (once) included. */
export function countReads(query: ResolvedQuery): ReadonlyMap<ResolvedQuery, number> {
  const reads = new Map<ResolvedQuery, number>();
  const visit = (at: ResolvedQuery): void => {
    const before = reads.get(at) ?? 0;
    reads.set(at, before + 1);
    if (before === 0) for (const read of queriesRead(at)) visit(read);
  };
  visit(query);
  return reads;
}

export interface UsedColumns {
  /** Of each source. */
  readonly ofSql: ReadonlyMap<ResolvedSql, ReadonlySet<string>>;
  /** Of each query's own columns. */
  readonly ofQuery: ReadonlyMap<ResolvedQuery, ReadonlySet<string>>;
}

/**
 * Which columns the stages and the answer need, found from the last stage back to the first. A query that several read
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
      const { definition } = stage.node;
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

/** All stages in the order in which they were written. */
export function stagesOf(query: ResolvedQuery): readonly ResolvedStageNode[] {
  const stages = [...countReads(query).keys()].flatMap((read) => read.stages);
  return stages.sort((a, b) => a.node.index - b.node.index);
}
