/** A copy of a job's result while it is made: all of it goes into a spool of the store. */
import type { WireError } from '../../core/protocol/errors.ts';
import type { AnswerTarget } from '../answer/query-answer.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { Spool } from '../results/spool.ts';
import { notKept } from './job-answer.ts';

export class ConvertedAnswer implements AnswerTarget {
  readonly #query: Pick<QueryRecord, 'cancellation'>;
  readonly #spool: Spool;
  #error: WireError | null = null;

  constructor(query: Pick<QueryRecord, 'cancellation'>, spool: Spool) {
    this.#query = query;
    this.#spool = spool;
  }

  /** The error that ended it; null without one. */
  get error(): WireError | null {
    return this.#error;
  }

  write(bytes: Buffer, release: () => void): boolean {
    if (!this.#spool.isAbandoned) return this.#spool.append(bytes, release);
    release();
    this.#query.cancellation.cancel(notKept(this.#spool.failure));
    return true;
  }

  onDrain(callback: () => void): void {
    this.#spool.onDrain(callback);
  }

  fail(error: WireError): void {
    this.#error ??= error;
    void this.#spool.abandon();
  }
}
