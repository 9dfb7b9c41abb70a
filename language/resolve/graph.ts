import type { Span } from '../../core/protocol/errors.ts';
import type { SourceDescription } from '../../core/protocol/plan.ts';
import type { TableViews } from '../../core/protocol/shown-rows.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { DialectName } from '../dialects/dialect.ts';
import type { StageNode } from '../frontends/query-tree.ts';
import type { BoundSql } from '../source/sql.ts';

/** SQL of the user's for a database. Two of the same text are two objects; each is fetched. */
export interface ResolvedSql {
  readonly kind: 'sql';
  readonly connection: string;
  /** The dialect of the database behind the connection. */
  readonly dialect: DialectName;
  readonly bound: BoundSql;
  readonly described: SourceDescription;
  /** The described columns as stages see them, in order. */
  readonly columns: readonly Column[];
  /** For SQL over files: the tables that it may read, and how they are shown; null: all, as they are. */
  readonly views: TableViews | null;
  /** The place of the SQL in the user's text. */
  readonly span: Span;
}

export type ResolvedSource = ResolvedSql | { readonly kind: 'query'; readonly query: ResolvedQuery };

export interface ResolvedStageNode {
  readonly node: StageNode;
  readonly resolved: ResolvedStage;
  /** The queries beside the stage, in the order of `node.sources`. */
  readonly sources: readonly ResolvedQuery[];
}

export interface ResolvedQuery {
  readonly source: ResolvedSource;
  readonly stages: readonly ResolvedStageNode[];
  /** The columns after the last stage. */
  readonly columns: readonly Column[];
}

/** The queries that this one reads, once for each time that it does. */
function queriesRead({ source, stages }: ResolvedQuery): readonly ResolvedQuery[] {
  const beside = stages.flatMap((stage) => stage.sources);
  return source.kind === 'query' ? [source.query, ...beside] : beside;
}

/** The users' SQL that a query reads, as often as it does. */
export function sqlsOf(query: ResolvedQuery): readonly ResolvedSql[] {
  return [...countReads(query).keys()].flatMap(({ source }) => (source.kind === 'sql' ? [source] : []));
}

/** Counts how often each query is read, `query` itself (once) included. */
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

/** The properties that every resolved stage has. */
export interface ResolvedStage {
  /** The columns after the stage. */
  readonly columns: readonly Column[];
  /** Says that the columns hold only for the data as it was when they were asked for. */
  readonly dependsOnData?: boolean;
}
