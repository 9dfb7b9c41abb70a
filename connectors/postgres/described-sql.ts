/**
 * Notices that the columns of a user's SQL have changed since the query was planned, when stages were placed around it: that
 * SQL is described once more in the same round trip. The statement itself casts what it reads, and would not notice.
 */
import type { QueryError } from '../../core/protocol/errors.ts';
import type { DescribedSql } from '../../core/protocol/plan.ts';
import { expectColumns, stalePlan } from '../kit/stale-plan.ts';
import { readRowDescription, type ServerError } from './wire/backend-messages.ts';
import { BackendMessage } from './wire/backend-parser.ts';
import { DESCRIBE_STATEMENT, parseMessage } from './wire/frontend-messages.ts';

/** Returns the messages that have each SQL described; they are sent before the statement's own. */
export function describeMessages(described: readonly DescribedSql[]): Buffer[] {
  return described.flatMap(({ sql }) => [parseMessage(sql), DESCRIBE_STATEMENT]);
}

/** Takes the answers to `describeMessages`, which come before all others, and compares them with the plan's columns. */
export class DescriptionCheck {
  readonly #described: readonly DescribedSql[];
  #checked = 0;

  constructor(described: readonly DescribedSql[]) {
    this.#described = described;
  }

  get isDone(): boolean {
    return this.#checked === this.#described.length;
  }

  /** Returns whether the message was one of those answers. Throws stale-plan when the columns have changed. */
  onMessage(type: number, bytes: Buffer, start: number): boolean {
    if (this.isDone) return false;
    if (type === BackendMessage.rowDescription) {
      expectColumns(this.#described[this.#checked]!.columns, readRowDescription(bytes, start));
      this.#checked++;
    } else if (type === BackendMessage.noData) throw stalePlan('the columns');
    return true;
  }

  /**
   * Returns stale-plan for an error that came before the check was done (SQLSTATE class 42: a table or column is missing),
   * since this SQL was correct when it was planned; null for any other error.
   */
  errorOf(error: ServerError): QueryError | null {
    return this.isDone || !error.sqlstate.startsWith('42') ? null : stalePlan('what it reads');
  }
}
