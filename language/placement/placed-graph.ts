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
  /** From the sources outwards: rows go from one to a later one, never back. */
  readonly engines: readonly EngineName[];
  /** The engine that makes the answer. */
  readonly answers: EngineName;
  readonly queries: readonly PlacedQuery[];
  /** The number of the query itself. */
  readonly root: number;
  /** Where the rows of each source are. */
  readonly sources: readonly PlacedNode[];
  /** Every stage, in the order in which they were written. */
  readonly stages: readonly PlacedNode[];
}

export interface PlacedNode {
  /** Of a stage, from 1; 0 for a source. */
  readonly index: number;
  readonly name: string;
  readonly span: Span;
  readonly engine: EngineName;
  /** Why there, for people. */
  readonly why: string;
  /** After it. */
  readonly columns: readonly Column[];
}

/** Stages over a source, or over a query that others read too: what only one reads is part of its reader. */
export interface PlacedQuery {
  readonly base: PlacedSource | { readonly kind: 'query'; readonly query: number };
  /** One for each engine that computes something, in their order. */
  readonly runs: readonly PlacedRun[];
  /** Several read it: it is computed once. */
  readonly shared: boolean;
  /** After the last stage. */
  readonly columns: readonly Column[];
}

export interface PlacedSource {
  readonly kind: 'sql';
  readonly sql: ResolvedSql;
  /** Names of the columns that anybody uses: no others are fetched. */
  readonly used: readonly string[];
}

/** What one engine computes of a query without a break. */
export interface PlacedRun {
  readonly engine: EngineName;
  readonly stages: readonly PlacedStage[];
  /** What leaves for the next engine; null: this is the last. */
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
