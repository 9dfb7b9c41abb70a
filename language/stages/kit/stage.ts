/**
 * The definition of a stage. Each is one file in stages/ that exports one `stage`; nothing else names it. The life of a stage
 * in a query: `parse` its text, `resolve` against the columns that reach it, then, from the last stage back to the
 * first, `columnsUsed` says which of those it needs, and from the first to the last `emit` adds it to the statement.
 *
 * A stage that takes further queries (`join`) reads each with `cursor.source()`; their columns and relations then come
 * to `resolve` and `emit` in that order, and `sourcesUsed` says which columns it needs of each. Others ignore them.
 */
import type { Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import type { SourceDialect } from '../../dialects/dialect.ts';
import type { Cursor } from '../../frontends/forkline/cursor.ts';
import type { ResolvedStage } from '../../resolve/graph.ts';
import type { Scope } from '../../resolve/scope.ts';
import type { Relation } from '../../select/relation.ts';
import type { Typed } from '../../types/typed.ts';

export interface StageExample {
  /** The stage as written after `select * from flights |`; tests run it. */
  readonly text: string;
  readonly summary: string;
}

export interface StageDocs {
  readonly syntax: string;
  /** One or two sentences. */
  readonly summary: string;
  /** Further text for the reader of the documentation. */
  readonly notes?: string;
  readonly examples: readonly StageExample[];
}

/** Says whether a database's own dialect computes a stage with exactly our meaning. */
export type Exactness = { readonly exact: true } | { readonly exact: false; readonly why: string };

export interface StageDefinition<Syntax, Resolved extends ResolvedStage> {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly docs: StageDocs;
  /** Reads what follows the stage's name, up to the next pipe; the caller checks that nothing is left. */
  parse(cursor: Cursor): Syntax;
  /** `span`: the whole stage, for what has no better place. `sources`: columns of the queries that it takes. */
  resolve(syntax: Syntax, input: Scope, span: Span, sources: readonly (readonly Column[])[]): Resolved;
  /** Names of the input's columns that it needs when only `wanted` of its own are used after it. */
  columnsUsed(resolved: Resolved, wanted: ReadonlySet<string>): ReadonlySet<string>;
  /** Returns, for each of the queries that the stage takes, the names of the columns that it needs. */
  sourcesUsed?(resolved: Resolved, wanted: ReadonlySet<string>): readonly ReadonlySet<string>[];
  emit(resolved: Resolved, relation: Relation, sources: readonly Relation[]): Relation;
  /** Says that the stage puts SQL of the user's into the statement: the worker that runs it serves no other query after it. */
  readonly runsUserSql?: boolean;
  /** Says whether a database with this dialect computes it exactly, so that it may run there. */
  exactIn(resolved: Resolved, dialect: SourceDialect): Exactness;
  /** Returns every expression of the stage that may fail for some value; absent: none does. */
  computes?(resolved: Resolved): readonly Typed[];
  /**
   * Splits a stage that is not exact as a whole: an exact part that may go before the rest, and the rest; null: there is
   * none.
   */
  split?(resolved: Resolved, dialect: SourceDialect): readonly [exact: Resolved, rest: Resolved] | null;
  /** Says that each row of the input gives one row, in the same order: a limit after the stage may then go before it. */
  readonly rowByRow?: boolean;
  /** Returns how many of the first rows the stage keeps, if it does nothing else. */
  keepsFirst?(resolved: Resolved): Typed;
}

/** A stage whose types the registry need not know. */
export type AnyStage = StageDefinition<unknown, ResolvedStage>;
