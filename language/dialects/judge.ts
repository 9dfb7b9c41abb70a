/**
 * A dialect's judge reads a user's SQL before any database sees it. A dialect whose grammar is at hand refuses what does more than
 * read; one without leaves that to its connector (`judgedByConnector`) and says how that keeps to reading.
 */
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { FunctionUse } from '../../core/protocol/plan.ts';
import type { SqlNames } from '../../core/protocol/sql-facts.ts';

/**
 * The facts of a text that may run, found once, kept with the plan and sent to the SQL worker, which runs no SQL without them.
 * JSON-safe. A refusal is a QueryError instead.
 */
export interface JudgedSql {
  /** Says whether the statement's rows can feed stages. */
  readonly copyable: boolean;
  /** Functions that the database's catalogue must say more about. */
  readonly functions: readonly FunctionUse[];
}

export interface SqlJudge {
  /** Names, for people, everything that keeps this dialect's SQL from writing. */
  readonly guard: string;
  /** Says whether `judge` may be called now. */
  isReady(): boolean;
  /** Resolves when `judge` may be called. */
  load(): Promise<void>;
  /**
   * Throws empty-query, sql-syntax, multiple-statements, nesting-too-deep and read-only as QueryError, each with
   * sqlPosition; JudgeBroken. `allowed`: functions that the connection's configuration allows, `schema.name`.
   */
  judge(sql: string, allowed: readonly string[]): JudgedSql;
  /**
   * Returns the names that decide the facts of a text (`Session.facts`), of which `values` are bound to $1..$n; null in dialects whose
   * connector finds them by itself. Parses the text once more: only texts whose facts are asked for come here. Throws as `judge`.
   */
  namesIn(sql: string, values: readonly (string | null)[]): SqlNames | null;
  /** Says that this statement, which is not copyable, cannot feed stages. */
  refuseStages(): QueryError;
}

/**
 * The judge itself failed, not the text: its thread can judge nothing any more and must be replaced. `error` is what the query is
 * told. It is a property of its own because an error that ends a thread arrives without its class, with its properties.
 */
export class JudgeBroken extends Error {
  readonly error: WireError;

  constructor(message: string, error: WireError, cause: unknown) {
    super(message, { cause });
    this.name = JUDGE_BROKEN;
    this.error = error;
  }
}

const JUDGE_BROKEN = 'JudgeBroken';

/** Returns what the query is told whose judge broke, also when the error comes from another thread; null for other errors. */
export function brokenJudgeError(thrown: unknown): QueryError | null {
  const isBroken = thrown instanceof Error && thrown.name === JUDGE_BROKEN && 'error' in thrown;
  return isBroken ? QueryError.fromWire(thrown.error as WireError) : null; // the constructor above has set it
}

/** Makes the judge of a dialect without a grammar: every text goes to the connector. `guard` says what that does. */
export function judgedByConnector(guard: string): SqlJudge {
  const judged: JudgedSql = { copyable: true, functions: [] };
  return {
    guard,
    isReady: () => true,
    load: () => Promise.resolve(),
    judge: () => judged,
    namesIn: () => null,
    refuseStages: () =>
      new QueryError('unsupported', 'this statement cannot feed stages', { sqlPosition: 1 }),
  };
}
