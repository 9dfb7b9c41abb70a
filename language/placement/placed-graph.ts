/**
 * A query with its place: which engine computes each of its stages, and why there. Pure data, which `emit/` turns into
 * statements. Queries are numbered, so that one that several read stands here once.
 */
import type { Span } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { ResolvedSql, ResolvedStageNode } from '../resolve/graph.ts';
import type { Typed } from '../types/typed.ts';

/** Names an engine: `source:<connection>` is the database of a connection, `stages` the engine in a worker. */
export type EngineName = string;

export interface PlacedGraph {
  /** The engines from the sources outwards: rows go from one to a later one, never back. */
  readonly engines: readonly EngineName[];
  /** The engine that makes the answer. */
  readonly answers: EngineName;
  readonly queries: readonly PlacedQuery[];
  /** The number of the query itself. */
  readonly root: number;
  /** Every source, with the engine that has its rows. */
  readonly sources: readonly PlacedNode[];
  /** Every stage, in the order in which they were written. */
  readonly stages: readonly PlacedNode[];
}

export interface PlacedNode {
  /** The number of a stage, from 1; 0 for a source. */
  readonly index: number;
  readonly name: string;
  readonly span: Span;
  readonly engine: EngineName;
  /** The reason for the engine, for people. */
  readonly why: string;
  /** The columns after the stage or the source. */
  readonly columns: readonly Column[];
}

/** Stages over a source, or over a query that others read too: what only one reads is part of its reader. */
export interface PlacedQuery {
  readonly base: PlacedSource | { readonly kind: 'query'; readonly query: number };
  /** One for each engine that computes something, in their order. */
  readonly runs: readonly PlacedRun[];
  /** Says that several queries read this one, so that it is computed once. */
  readonly shared: boolean;
  /** The columns after the last stage. */
  readonly columns: readonly Column[];
}

export interface PlacedSource {
  readonly kind: 'sql';
  readonly sql: ResolvedSql;
  /** Names of the columns that anybody uses: no others are fetched. */
  readonly used: readonly string[];
}

/** The stages of a query that one engine computes without a break. */
export interface PlacedRun {
  readonly engine: EngineName;
  readonly stages: readonly PlacedStage[];
  /** The rows that leave for the next engine; null: this is the last. */
  readonly sent: SentRows | null;
}

export interface PlacedStage extends Omit<ResolvedStageNode, 'sources'> {
  /** The numbers of the queries beside it. */
  readonly sources: readonly number[];
}

export interface SentRows {
  readonly columns: readonly Column[];
  /** The first rows, so many at most, are all that later stages need; null: all rows. */
  readonly atMost: Typed | null;
}
