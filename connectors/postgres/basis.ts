/**
 * The user's SQL under a statement in which stages were placed, described once more in the same round trip: the statement
 * casts what it reads, so that by itself it would not notice that a column has another type than when it was planned.
 */
import type { QueryError } from '../../core/protocol/errors.ts';
import type { Basis } from '../../core/protocol/sql-worker.ts';
import { expectColumns, stalePlan } from '../kit/stale-plan.ts';
import { readRowDescription, type ServerError } from './wire/backend-messages.ts';
import { BackendMessage } from './wire/backend-parser.ts';
import { DESCRIBE_STATEMENT, parseMessage } from './wire/frontend-messages.ts';

export function basisMessages(basis: readonly Basis[]): Buffer[] {
  return basis.flatMap(({ sql }) => [parseMessage(sql), DESCRIBE_STATEMENT]);
}

/** Takes the answers to `basisMessages`, which come before all others. */
export class BasisCheck {
  readonly #basis: readonly Basis[];
  #described = 0;

  constructor(basis: readonly Basis[]) {
    this.#basis = basis;
  }

  get isDone(): boolean {
    return this.#described === this.#basis.length;
  }

  /** Was it one of those? Throws stale-plan when the columns are others. */
  onMessage(type: number, bytes: Buffer, start: number): boolean {
    if (this.isDone) return false;
    if (type === BackendMessage.rowDescription) {
      expectColumns(this.#basis[this.#described]!.columns, readRowDescription(bytes, start));
      this.#described++;
    } else if (type === BackendMessage.noData) throw stalePlan('the columns');
    return true;
  }

  /** An error before the end is about SQL that was fine when it was planned. */
  errorOf(error: ServerError): QueryError | null {
    return this.isDone || !error.sqlstate.startsWith('42') ? null : stalePlan('what it reads');
  }
}
