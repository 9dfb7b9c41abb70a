/**
 * What the compiler hands to the server: which SQL goes to the database, which statement runs in the DSL worker,
 * and where each stage was placed and why. JSON-safe, so that it can cross threads and live in the plan cache.
 */

import type { ConnectionDialects } from './dialect-name.ts';
import type { Span, StageRef } from './errors.ts';
import type { ParameterKind } from './parameters.ts';
import type { Column, DatabaseColumn, NativeType } from './types.ts';

/** Maps a stretch of the SQL that we send back to the stretch of the user's text that it was copied from. */
export interface SourceSegment {
  /** UTF-16 offset in the SQL that we send. */
  readonly sqlStart: number;
  /** UTF-16 offset in the user's query text. */
  readonly queryStart: number;
  readonly length: number;
}

/** A stretch of the SQL that we send which a stage has made, and the stage. */
export interface StageSegment {
  readonly sqlStart: number;
  readonly length: number;
  readonly stage: StageRef;
  readonly span: Span;
}

/** What is needed to tell what an error of the database's is about, when stages run there. */
export interface PlacedParts {
  readonly segments: readonly StageSegment[];
  /** The stages that may fail for some value, in their order. */
  readonly raising: readonly { readonly stage: StageRef; readonly span: Span }[];
  /** Whether the user's own SQL may. */
  readonly sourceMayFail: boolean;
  /** The user's SQL as it was described, so that a change of its types since then is noticed. */
  readonly described: readonly { readonly sql: string; readonly columns: readonly DatabaseColumn[] }[];
}

/** Where stages may run: nowhere but in the worker; wherever it is exact; all of them in the database, or an error. */
export type Pushdown = 'off' | 'auto' | 'require';

/** A function that a user's SQL calls, or may call, and that the database's catalogue must say more about. */
export interface FunctionUse {
  /** As it is written; null when the search path decides. */
  readonly schema: string | null;
  /** As the database folds it. */
  readonly name: string;
  /**
   * How it is called. `call`: f(...). `value`: (x).f, which is f(x) when x has no field f. `row`: t.f with a table t, which is
   * f(t) when t has no column f, so that only a function that takes rows can be meant.
   */
  readonly as: 'call' | 'value' | 'row';
  /** The database's own functions of this name are known to be harmless: only others are in question. */
  readonly known: boolean;
  /** In the SQL that is sent: 1-based, in code points. null: it is part of a larger statement. */
  readonly position: number | null;
}

/** Judges a user's SQL before any database sees it: throws QueryError with a span, or gives the functions in question. */
export type Judge = (
  connection: string,
  bound: Pick<SourceAsk, 'sql' | 'parameters' | 'segments'>,
  /** Stages read its rows, so that it must be a SELECT and the like. */
  feedsStages: boolean,
) => readonly FunctionUse[];

/** A part that runs in a database. */
export interface SourcePlan {
  /** The name of its connection. */
  readonly connection: string;
  /** One SELECT; the i-th entry of `parameters` is bound to `$i` (1-based). */
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  /** The columns that leave the database, in order; null when they are only known once it runs (no stages). */
  readonly columns: readonly Column[] | null;
  /** What the database described for `sql`'s columns when this was planned; a worker that finds others reports stale-plan. */
  readonly databaseColumns: readonly DatabaseColumn[] | null;
  /** Types of `$1..$n` that the database inferred when it described the SQL. */
  readonly parameterTypes: readonly NativeType[] | null;
  /** Set when stages were placed in it. */
  readonly placed?: PlacedParts;
  /** What the judge wants to know of the database's catalogue before it runs. */
  readonly functions: readonly FunctionUse[];
}

/** A source before it is known what its users' SQL calls. */
export type UnjudgedSource = Omit<SourcePlan, 'functions'>;

/** One column as it enters the stage engine. */
export interface InputColumn {
  readonly name: string;
  /** The DuckDB type that its CSV text is read as. */
  readonly csvType: string;
  /** The DuckDB expression over the column as read that gives its value, when reading alone does not. */
  readonly expression: string | null;
}

/** One relation that the worker's statement reads; the rows of the source of the same index. */
export interface WorkerInput {
  /** Its name in the statement: `input`, `input2`, ... */
  readonly name: string;
  readonly columns: readonly InputColumn[];
  /** How often the statement reads it; above 1 it is materialised first. */
  readonly scans: number;
}

/** The part that runs in a DSL worker: one DuckDB statement over the relations in `inputs`. */
export interface WorkerPlan {
  /** One SELECT; `parameters[i]` is bound to `$i+1`. */
  readonly sql: string;
  readonly parameters: readonly { readonly name: string; readonly kind: ParameterKind }[];
  /** One for each of the plan's sources, in their order. */
  readonly inputs: readonly WorkerInput[];
  /** Holds SQL that the user wrote for the stage engine (the stage `sql`): the worker serves no other query after it. */
  readonly runsUserSql: boolean;
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
  /** At least one; the first is what the query begins with. Without a worker it is the only one, and its rows are the answer. */
  readonly sources: readonly SourcePlan[];
  /** null: SQL only, or every stage was placed in the database. */
  readonly worker: WorkerPlan | null;
  readonly stages: readonly PlannedStage[];
  /** The answer's columns; null when they are only known once the SQL runs. */
  readonly columns: readonly Column[] | null;
  readonly warnings: readonly string[];
  /** False when it holds for the data as it was when it was planned (`pivot` without a list of values). */
  readonly cacheable: boolean;
}

/** What a plan depends on. JSON-safe. */
export interface PlanRequest {
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  /** The connection of sources that name none. */
  readonly connection: string;
  /** The connections that there are, each with its database's dialect. */
  readonly dialects: ConnectionDialects;
  /** The language of the text; left out: Forkline's own. */
  readonly language?: 'legacy';
  /** What `*` and bare conditions read in the legacy language. */
  readonly model?: string;
  /** What the client asked for; `set pushdown = ...` in the query itself is stronger. */
  readonly pushdown: Pushdown;
  /** Run it through a DSL worker even without stages (Arrow and Parquet are encoded there). */
  readonly throughWorker: boolean;
  /** What was asked for in earlier steps, by the asks' keys. */
  readonly answers: Readonly<Record<string, AskAnswer>>;
}

/** A plan, or what must be known before there is one: the compiler does no I/O, so whoever calls it asks and calls again. */
export type PlanStep =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'ask'; readonly asks: readonly Ask[] };

export type Ask = SourceAsk | EngineAsk | ValuesAsk;

/** Which columns and parameter types has this SQL? The database of the connection knows. */
export interface SourceAsk {
  readonly kind: 'source';
  readonly key: string;
  readonly connection: string;
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  readonly functions: readonly FunctionUse[];
}

/** Which columns has this SELECT of the stage engine's? It reads relations of these names and engine types. */
export interface EngineAsk {
  readonly kind: 'engine';
  readonly key: string;
  readonly sql: string;
  readonly relations: readonly {
    readonly name: string;
    readonly columns: readonly { readonly name: string; readonly engineType: string }[];
  }[];
  /** Where the user wrote it, for errors. */
  readonly segments: readonly SourceSegment[];
  readonly stage: StageRef;
}

/** Which values has the only column of this plan's answer? At most `atMost`; one more is an error of the stage's. */
export interface ValuesAsk {
  readonly kind: 'values';
  readonly key: string;
  readonly plan: Plan;
  readonly atMost: number;
}

export type AskAnswer =
  | ({ readonly kind: 'source' } & SourceDescription)
  | {
      readonly kind: 'engine';
      readonly columns: readonly { readonly name: string; readonly engineType: string }[];
    }
  /** Texts as in JSON answers; null for null. `complete`: there are no more than `atMost`. */
  | { readonly kind: 'values'; readonly values: readonly unknown[]; readonly complete: boolean };

/** What the database said about some SQL. */
export interface SourceDescription {
  readonly columns: readonly DatabaseColumn[];
  readonly parameterTypes: readonly NativeType[];
  /** What was judged before it was described; goes into the plan. */
  readonly judged?: { readonly connection: string; readonly functions: readonly FunctionUse[] };
}
