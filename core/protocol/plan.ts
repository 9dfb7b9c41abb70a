/**
 * The plan that the compiler makes for the server: which SQL goes to the database, which statement runs in the DSL worker,
 * and where each stage was placed and why. JSON-safe, so that it can cross threads and live in the plan cache.
 */

import type { ConnectionDialects } from './dialect-name.ts';
import type { Span, StageRef } from './errors.ts';
import type { ModelsAnswer, ModelsAsk, PlanModels } from './models.ts';
import type { ParameterKind } from './parameters.ts';
import type { ShownRows, TableViews } from './shown-rows.ts';
import type { Column, DatabaseColumn, NativeType } from './types.ts';
import type { WireType } from './wire-rows.ts';

/** Maps a stretch of the SQL that we send back to the stretch of the user's text that it was copied from. */
export interface SourceSegment {
  /** UTF-16 offset in the SQL that we send. */
  readonly sqlStart: number;
  /** UTF-16 offset in the user's query text. */
  readonly queryStart: number;
  readonly length: number;
}

/** A part of the SQL that we send which was generated for a stage, and that stage. */
export interface StageSegment {
  readonly sqlStart: number;
  readonly length: number;
  readonly stage: StageRef;
  readonly span: Span;
}

/** The facts that tell what an error of the database is about, when stages run there. */
export interface PlacedParts {
  readonly segments: readonly StageSegment[];
  /** The stages that may fail for some values, in their order. */
  readonly raising: readonly { readonly stage: StageRef; readonly span: Span }[];
  /** Whether the user's own SQL may fail for some values. */
  readonly sourceMayFail: boolean;
  /** The user's SQL as it was described, so that a change of its types since then is noticed. */
  readonly described: readonly DescribedSql[];
}

/** SQL of a user, and the columns that the database described for it when the query was planned. */
export interface DescribedSql {
  readonly sql: string;
  readonly columns: readonly DatabaseColumn[];
}

/**
 * The places where stages may run. `off`: only in the worker. `auto`: in the database where its result is exactly the same. `require`:
 * all of them in the database, or the query is refused.
 */
export type Pushdown = 'off' | 'auto' | 'require';

/** The query's own wish about keeping its answer: the time for which it may be sent again; null: it must not be kept. */
export interface CacheWish {
  readonly maxAgeMs: number | null;
}

/** A function that a user's SQL calls, or may call, and that must be looked up in the database's catalogue. */
export interface FunctionUse {
  /** The schema as the SQL names it; null when the search path decides. */
  readonly schema: string | null;
  /** The name after the database's case folding. */
  readonly name: string;
  /**
   * The form of the call. `call`: f(...). `value`: (x).f, which is f(x) when x has no field f. `row`: t.f with a table t, which is
   * f(t) when t has no column f, so that only a function that takes rows can be meant.
   */
  readonly as: 'call' | 'value' | 'row';
  /** Whether the database's built-in functions of this name are known to be harmless, so that only others must be checked. */
  readonly known: boolean;
  /** The place in the SQL that is sent, 1-based, in code points; null when that SQL is part of a larger statement. */
  readonly position: number | null;
}

/** Judges a user's SQL before any database sees it. Returns the functions to look up; throws QueryError with a span. */
export type Judge = (
  connection: string,
  bound: Pick<SourceAsk, 'sql' | 'parameters' | 'segments'>,
  /** Whether stages read the rows, so that the SQL must be a SELECT or a similar statement. */
  feedsStages: boolean,
  /** The text that the segments are places of; left out: the query's. */
  text?: string,
) => readonly FunctionUse[];

/** A part of the plan that runs in a database. */
export interface SourcePlan {
  /** The name of its connection. */
  readonly connection: string;
  /** One SELECT; the i-th entry of `parameters` is bound to `$i` (1-based). */
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  /** The columns that leave the database, in order; null when they are only known once it runs (no stages). */
  readonly columns: readonly Column[] | null;
  /** The columns that the database described for `sql` when the query was planned; a worker that finds others reports stale-plan. */
  readonly databaseColumns: readonly DatabaseColumn[] | null;
  /** Types of `$1..$n` that the database inferred when it described the SQL. */
  readonly parameterTypes: readonly NativeType[] | null;
  /** Set when stages were placed in the database. */
  readonly placed?: PlacedParts;
  /** The functions that must be looked up in the database's catalogue before the SQL runs. */
  readonly functions: readonly FunctionUse[];
}

/** A source whose SQL has not been judged yet. */
export type UnjudgedSource = Omit<SourcePlan, 'functions'>;

/** One column as it enters the stage engine. */
export interface InputColumn {
  readonly name: string;
  /** The form in which its fields are sent. */
  readonly wire: WireType;
  /** The size that the engine keeps a decimal in; a decimal without it comes as its text. */
  readonly size?: { readonly precision: number; readonly scale: number };
  /** The stage engine's expression over the column as read that gives its value, when reading alone does not. */
  readonly expression: string | null;
}

/** SQL over files, which the stage engine itself runs: nothing is copied. */
export interface ScanSql {
  readonly connection: string;
  /** One SELECT of the columns that are used; its `$n` are those of the worker's statement. */
  readonly sql: string;
  /** The user's SQL in it and the columns that were described for it; a worker that finds others reports stale-plan. */
  readonly described: DescribedSql;
  /** The tables that it may read, and how they are shown; null: all, as they are. */
  readonly views: TableViews | null;
}

/** The files that a scan reads, for people. */
export interface ScanFacts {
  readonly connection: string;
  readonly tables: readonly ScannedTable[];
}

export interface ScannedTable {
  readonly table: string;
  /** Files that are opened, of those that the table has. */
  readonly files: Share;
  /** Row groups of Parquet files that are read, by their statistics; null for other formats. */
  readonly rowGroups: Share | null;
  /** Bytes of the columns and row groups that are read, of all bytes of the table's files; null: they were not counted. */
  readonly bytes: Share | null;
  /** The columns that are read; null: the whole lines are. */
  readonly columns: Share | null;
}

export interface Share {
  readonly read: number;
  readonly of: number;
}

/** One relation that the worker's statement reads: the rows of the source with the same index. */
export interface WorkerInput {
  /** The relation's name in the statement: `input`, `input2`, ... */
  readonly name: string;
  readonly columns: readonly InputColumn[];
  /** The number of times that the statement reads the relation; above 1 it is materialised first. */
  readonly scans: number;
  /** Set when the engine reads the rows from files itself; left out: a SQL worker sends them. */
  readonly scan?: ScanSql;
}

/** The part that runs in a DSL worker: one statement of the stage engine over the relations in `inputs`. */
export interface WorkerPlan {
  /** One SELECT; `parameters[i]` is bound to `$i+1`. */
  readonly sql: string;
  readonly parameters: readonly { readonly name: string; readonly kind: ParameterKind }[];
  /** One for each of the plan's sources, in their order. */
  readonly inputs: readonly WorkerInput[];
  /** Whether `sql` contains SQL that the user wrote for the stage engine (the stage `sql`): the worker then serves no other query. */
  readonly runsUserSql: boolean;
}

export interface PlannedStage {
  readonly index: number;
  readonly name: string;
  readonly span: Span;
  readonly where: 'source' | 'worker';
  /** The reason why the stage runs there, for people. */
  readonly why: string;
  /** The columns after this stage. */
  readonly columns: readonly Column[];
}

export interface Plan {
  /** At least one source; the query begins with the first. Without a worker there is only one, and its rows are the answer. */
  readonly sources: readonly SourcePlan[];
  /** Null when the query has no stages, or when all of them were placed in the database. */
  readonly worker: WorkerPlan | null;
  readonly stages: readonly PlannedStage[];
  /** The answer's columns; null when they are only known once the SQL runs. */
  readonly columns: readonly Column[] | null;
  readonly warnings: readonly string[];
  /** False when the plan depends on the data at the time of planning (`pivot` without a list of values). */
  readonly cacheable: boolean;
  /** `set cache = ...`; left out when the query does not say. */
  readonly cache?: CacheWish;
  /** Set when models were looked up for the query. */
  readonly models?: PlanModels;
  /** The tables that the sources' SQL names, with their connections, for the audit; left out: nobody asked, or no grammar is known here. */
  readonly tables?: readonly string[];
  /** Set when the policy shows only a part of what is read: statements and numbers of what is read are then not told. */
  readonly isPartial?: true;
}

/** Everything that a plan depends on. JSON-safe. */
export interface PlanRequest {
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  /** The connection of sources that name none. */
  readonly connection: string;
  /** All connections, each with its database's dialect. */
  readonly dialects: ConnectionDialects;
  /** The language of the text; left out: Forkline's own. */
  readonly language?: 'legacy';
  /** The model that `*` and bare conditions read in the legacy language. */
  readonly model?: string;
  /** The stages that the principal may use; null or left out: all. */
  readonly stages?: readonly string[] | null;
  /** Says how tables and models are shown to who asks; null and left out: all of them. */
  readonly shown?: ShownRows | null;
  /** The client's wish; `set pushdown = ...` in the query itself overrides it. */
  readonly pushdown: Pushdown;
  /** Whether to use a DSL worker even without stages (Arrow and Parquet are encoded there). */
  readonly throughWorker: boolean;
  /** Whether there is a catalogue, so that a name may be a model's. */
  readonly catalogue?: boolean;
  /** The key of the model whose definition the text is; left out: it is a query. */
  readonly ownModel?: string;
  /** The answers to the asks of earlier steps, by the asks' keys. */
  readonly answers: Readonly<Record<string, AskAnswer>>;
}

/** A plan, or the facts that the compiler needs first. The compiler does no I/O: its caller finds them out and calls it again. */
export type PlanStep = { readonly kind: 'plan'; readonly plan: Plan } | AskStep;

export interface AskStep {
  readonly kind: 'ask';
  readonly asks: readonly Ask[];
  /** The models in the text that the asks' places are in; left out: it is the query's own text. */
  readonly models?: PlanModels;
}

export type Ask = SourceAsk | EngineAsk | ValuesAsk | ModelsAsk | ScansAsk;

/** Asks the connection's database for the columns and parameter types of this SQL. */
export interface SourceAsk {
  readonly kind: 'source';
  readonly key: string;
  readonly connection: string;
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  readonly functions: readonly FunctionUse[];
  /** For SQL over files: the tables that it may read, and how they are shown; left out: all, as they are. */
  readonly views?: TableViews;
}

/** Asks the stage engine for the columns of this SELECT, which reads relations with these names and engine types. */
export interface EngineAsk {
  readonly kind: 'engine';
  readonly key: string;
  readonly sql: string;
  /** Says that the SQL has text of the user's in it as it was written: the worker that describes it serves no other query. */
  readonly hasUserSql: boolean;
  readonly relations: readonly {
    readonly name: string;
    readonly columns: readonly { readonly name: string; readonly engineType: string }[];
  }[];
  /** The place where the user wrote the SQL, for errors. */
  readonly segments: readonly SourceSegment[];
  readonly stage: StageRef;
  /** The place of the stage, for errors that have none of their own. */
  readonly span: Span;
}

/** Asks for the values of the only column of this plan's answer: at most `atMost`. When there are more, the stage reports an error. */
export interface ValuesAsk {
  readonly kind: 'values';
  readonly key: string;
  readonly plan: Plan;
  readonly atMost: number;
}

/** Asks which files the scans of this plan would read. */
export interface ScansAsk {
  readonly kind: 'scans';
  readonly key: string;
  readonly plan: Plan;
}

export type AskAnswer =
  | { readonly kind: 'scans'; readonly scans: readonly ScanFacts[] }
  | ({ readonly kind: 'source' } & SourceDescription)
  | {
      readonly kind: 'engine';
      readonly columns: readonly { readonly name: string; readonly engineType: string }[];
    }
  /** The values as in JSON answers. `complete` is true when there are no more than `atMost`. */
  | { readonly kind: 'values'; readonly values: readonly unknown[]; readonly complete: boolean }
  | ModelsAnswer;

/** The database's description of some SQL. */
export interface SourceDescription {
  readonly columns: readonly DatabaseColumn[];
  readonly parameterTypes: readonly NativeType[];
  /** The judge's result for this SQL, made before the database saw it; goes into the plan. */
  readonly judged?: { readonly connection: string; readonly functions: readonly FunctionUse[] };
}
