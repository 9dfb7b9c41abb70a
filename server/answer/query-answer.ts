/** The receiver of a query's answer: its client's stream (stream.ts), or something that keeps the answer too. */
import type { WireError } from '../../core/protocol/errors.ts';
import type { Plan } from '../../core/protocol/plan.ts';

export interface AnswerEnd {
  readonly rows: number;
  readonly complete: boolean;
  /** The `stats` member of JSON answers; JSON-safe. */
  readonly stats: object;
  readonly serverTiming: string;
}

/** The receiver of an answer's bytes. */
export interface AnswerTarget {
  /** Takes bytes and calls `release` once they may be reused. Returns false when there is no room; `onDrain`'s callback then tells when there is. */
  write(bytes: Buffer, release: () => void): boolean;
  onDrain(callback: () => void): void;
}

export interface QueryAnswer extends AnswerTarget {
  /** The member `stats.cache` of the answer; left out without a cache. */
  readonly told?: object;
  /** Called when the query's plan is known, before any bytes; again after `restart`. */
  planned?(plan: Plan): void;
  /** Drops all bytes written so far, so that the answer can start again. Returns false when some were sent already. */
  restart(): boolean;
  finish(end: AnswerEnd): void;
  fail(error: WireError): void;
}
