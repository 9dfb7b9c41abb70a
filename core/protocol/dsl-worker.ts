/**
 * Between server and DSL worker, on the one unix socket that the server opens to each DSL worker. A worker serves
 * one query at a time. `run-stages` answers with data frames and then exactly one reply.
 */
import type { AnswerLimits, AnswerOptions, AnswerSummary } from './answer.ts';
import type { FilesConnection } from './connection.ts';
import type { WireError } from './errors.ts';
import type { EngineValue, ParameterKind } from './parameters.ts';
import type { EngineAsk, ScanFacts, WorkerPlan } from './plan.ts';
import type { TableViews } from './shown-rows.ts';
import type { Volatility } from './sql-facts.ts';
import type { IntrospectReply } from './sql-worker.ts';
import type { Column, DatabaseColumn } from './types.ts';

export type ToDslWorker =
  /** Run the stages over what arrives in this worker's inputs. */
  | ({ readonly type: 'run-stages' } & RunStagesCall)
  /** Asks for the columns of this SELECT. Nothing is read; the worker counts as used after it. */
  | ({ readonly type: 'describe-stages' } & DescribeStagesCall)
  /** Asks for the columns of this SELECT over files. */
  | ({ readonly type: 'describe-scan' } & DescribeScanCall)
  /** Asks which files this plan would read, and how much of them. */
  | ({ readonly type: 'explain-scans' } & ExplainScansCall)
  /** Asks for the files that must stay as they are for the answer of this plan to stay right. */
  | ({ readonly type: 'watch-scans' } & WatchScansCall)
  /** Asks for the tables of this connection to files. */
  | ({ readonly type: 'introspect-files' } & IntrospectFilesCall)
  /** End the running query; it replies with `cancelled`. One that has ended already is left alone. */
  | { readonly type: 'cancel'; readonly queryId: string }
  /**
   * Forget everything of the last query (tables, spill); a worker runs no second query before
   * it. Only once the last query's `copy-to` has ended: a late writer would find the next query's input.
   */
  | ({ readonly type: 'scrub' } & ScrubCall);

export interface RunStagesCall {
  readonly queryId: string;
  /** The id of who asks, for log lines; left out: none. */
  readonly principal?: string;
  /** The query's connection, for the log: rows come from SQL workers, and may come from other connections as well. */
  readonly connection: string;
  readonly plan: WorkerPlan;
  /** The answer's columns: name and type as users see them. */
  readonly columns: readonly Column[];
  /** Values for plan.parameters, in order. */
  readonly parameters: readonly EngineValue[];
  readonly answer: AnswerOptions;
  readonly limits: AnswerLimits;
  /** The longest row that is read, in bytes as it is sent (wire-rows.ts). */
  readonly maxRowBytes: number;
  /** Whether the last run of this plan read more than FEW_ROWS_BYTES, so that this one will probably do so too. Left out: it did not, or there was none. */
  readonly manyRows?: boolean;
  /**
   * Set when the plan's one input is a result that was kept: the columns that it has for users. It comes as CSV (answer.ts) with KEPT_END
   * behind it, and its columns are texts.
   */
  readonly keptColumns?: readonly Column[];
  /** Unix time in ms. */
  readonly deadlineAt: number;
}

/** The end of kept rows: a byte that no text has. */
export const KEPT_END = 0xff;

/** The most bytes of an input of few rows: so many are taken before the engine asks for the first row (`manyRows` says more). */
export const FEW_ROWS_BYTES = 64 * 1024;

/** The socket at which the worker takes the plan's input of this index (0 is the first), beside `fifoPath`; the pipe `<fifoPath>.answer` is the worker's own. */
export function inputFifo(fifoPath: string, index: number): string {
  return index === 0 ? fifoPath : `${fifoPath}.${index + 1}`;
}

export interface DescribeStagesCall {
  readonly queryId: string;
  /** The id of who asks, for log lines; left out: none. */
  readonly principal?: string;
  /** The query's connection, for the log. */
  readonly connection: string;
  /** One SELECT of the stage engine's, over these relations. */
  readonly sql: string;
  readonly relations: EngineAsk['relations'];
  /** Unix time in ms. */
  readonly deadlineAt: number;
}

export interface DescribeStagesReply {
  readonly columns: readonly { readonly name: string; readonly engineType: string }[];
}

/** The fields of every call about files. */
interface FilesCallBase {
  readonly queryId: string;
  /** The id of who asks, for log lines; left out: none. */
  readonly principal?: string;
  /** The connection to files; for the log where a plan names its own. */
  readonly connection: string;
  /** Unix time in ms. */
  readonly deadlineAt: number;
}

/** A call about files that makes no answer for a client. */
export type FilesCall = Extract<
  ToDslWorker,
  { type: 'describe-scan' | 'explain-scans' | 'watch-scans' | 'introspect-files' }
>;

export interface DescribeScanCall extends FilesCallBase {
  /** One SELECT as a user wrote it, with `$1`, `$2`, ... for its parameters. */
  readonly sql: string;
  readonly parameters: readonly ParameterKind[];
  /** The tables that it may read, and how they are shown; null: all, as they are. */
  readonly views: TableViews | null;
}

export interface DescribeScanReply {
  readonly columns: readonly DatabaseColumn[];
}

export interface ExplainScansCall extends FilesCallBase {
  readonly plan: WorkerPlan;
  readonly parameters: readonly EngineValue[];
}

export interface ExplainScansReply {
  /** One for each input of the plan that is a scan, in their order. */
  readonly scans: readonly ScanFacts[];
}

export interface WatchScansCall extends ExplainScansCall {}

export interface WatchScansReply {
  /** The ways in which the answer may change while the files stay as they are. */
  readonly volatility: Volatility;
  /** Files and directories, also such that are not there; null: there are too many of them, or they cannot be looked at. */
  readonly paths: readonly string[] | null;
  /** The reason for null, for people. */
  readonly because: string | null;
}

export interface IntrospectFilesCall extends FilesCallBase {
  /** The most columns of all tables together; further tables are left out. */
  readonly maxColumns: number;
  /** The tables that are told of, by their names in lower case, each with columns that are not; null: all. */
  readonly shown: Readonly<Record<string, readonly string[]>> | null;
}

export interface ScrubCall {
  readonly queryId: string;
}

export interface RunStagesReply extends AnswerSummary {
  /** Rows read from the first input; fewer than there are when the stages needed no more (`head`). */
  readonly inputRows: number;
  readonly phases: DslPhases;
}

export interface ScrubReply {
  readonly rssBytes: number;
}

/** Milliseconds. */
export interface DslPhases {
  /** Until the statement gave its first rows (includes reading the input). */
  readonly dslMs: number;
  /** From the first rows to the last byte handed to the socket. */
  readonly encodeMs: number;
}

export interface DslWorkerCalls {
  'run-stages': { request: RunStagesCall; reply: RunStagesReply };
  'describe-stages': { request: DescribeStagesCall; reply: DescribeStagesReply };
  'describe-scan': { request: DescribeScanCall; reply: DescribeScanReply };
  'explain-scans': { request: ExplainScansCall; reply: ExplainScansReply };
  'watch-scans': { request: WatchScansCall; reply: WatchScansReply };
  'introspect-files': { request: IntrospectFilesCall; reply: IntrospectReply };
  scrub: { request: ScrubCall; reply: ScrubReply };
}

export type FromDslWorker =
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: true; readonly value: unknown }
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: false; readonly error: WireError };

/** The DSL worker's slice of the configuration, in `init`. */
export interface DslWorkerConfig {
  readonly socketPath: string;
  /** Created by the worker at boot, with one for each further input; SQL workers write rows into them (wire-rows.ts). */
  readonly fifoPath: string;
  /** A directory of this worker's own, for the engine's spill; the worker makes it, empties it and removes it. */
  readonly spillDir: string;
  readonly memoryBytes: number;
  readonly spillBytes: number;
  readonly threads: number;
  /** The absolute path of the directory with the engine's extensions. */
  readonly extensionDir: string;
  /** The connections whose files it reads, by their names. */
  readonly files: Readonly<Record<string, FilesConnection>>;
}
