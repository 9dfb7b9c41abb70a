/**
 * What the compiler hands to the server: which SQL goes to the database, which statement runs in the DSL worker,
 * and where each stage was placed and why. JSON-safe, so that it can cross threads and live in the plan cache.
 */
import type { Span } from '../workers/errors.ts';
import type { Column, DatabaseColumn } from './types.ts';

/** A value given for a `:name`, as JSON has it. */
export type ParameterValue = string | number | boolean | null;

/** The type that a parameter has by its JSON value; part of the plan cache's key. */
export type ParameterKind = 'string' | 'int64' | 'float64' | 'bool' | 'null';

/** Maps a stretch of the SQL that we send back to the stretch of the user's text that it was copied from. */
export interface SourceSegment {
  /** UTF-16 offset in the SQL that we send. */
  readonly sqlStart: number;
  /** UTF-16 offset in the user's query text. */
  readonly queryStart: number;
  readonly length: number;
}

/** The part that runs in the database. */
export interface SourcePlan {
  /** One SELECT; the i-th entry of `parameters` is bound to `$i` (1-based). */
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  /** The columns that leave the database, in order; null when they are only known once it runs (no stages). */
  readonly columns: readonly Column[] | null;
  /** What the database described for `sql`'s columns when this was planned; a worker that finds others reports stale-plan. */
  readonly databaseColumns: readonly DatabaseColumn[] | null;
  /** Types of `$1..$n` that the database inferred when it described the SQL. */
  readonly parameterOids: readonly number[] | null;
}

/** One column as it enters the stage engine. */
export interface InputColumn {
  readonly name: string;
  /** The DuckDB type that its CSV text is read as. */
  readonly csvType: string;
  /** The DuckDB expression over the column as read that gives its value, when reading alone does not. */
  readonly expression: string | null;
}

/** The part that runs in a DSL worker: one DuckDB statement over the relation `input`. */
export interface WorkerPlan {
  /** One SELECT over the relation `input`; `parameters[i]` is bound to `$i+1`. */
  readonly sql: string;
  readonly parameters: readonly { readonly name: string; readonly kind: ParameterKind }[];
  readonly input: readonly InputColumn[];
  /** How often `sql` reads `input`; above 1 it is materialised first. */
  readonly inputScans: number;
}

export interface PlannedStage {
  readonly index: number;
  readonly name: string;
  readonly span: Span;
  readonly where: 'source' | 'worker';
  /** Why it runs there and not in the database, for people. */
  readonly why: string;
  /** The columns after this stage. */
  readonly columns: readonly Column[];
}

export interface Plan {
  /** null: the server's default connection. */
  readonly connection: string | null;
  readonly source: SourcePlan;
  /** null: SQL only. */
  readonly worker: WorkerPlan | null;
  readonly stages: readonly PlannedStage[];
  /** The answer's columns; null when they are only known once the SQL runs. */
  readonly columns: readonly Column[] | null;
  readonly warnings: readonly string[];
}

/** What can be known from the text alone; enough to ask the database to describe the source. */
export interface ParsedQuery {
  readonly connection: string | null;
  /** The user's SQL with every `:name` replaced by `$n`. */
  readonly sql: string;
  /** Names in the order of `$1..$n`. */
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  /** Names used in stages. */
  readonly stageParameters: readonly string[];
  readonly stageCount: number;
}

/** What the database said about `ParsedQuery.sql`. */
export interface SourceDescription {
  readonly columns: readonly DatabaseColumn[];
  readonly parameterOids: readonly number[];
}
