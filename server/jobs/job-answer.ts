/**
 * The answer of a job: all of it goes into a spool of the store, as CSV. Its first line, which tells the columns with their types, is taken
 * off and replaced by their names, so that what is kept is the answer in CSV.
 */
import { csvHead } from '../../core/protocol/answer.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { AnswerEnd, QueryAnswer } from '../answer/query-answer.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { Spool } from '../results/spool.ts';

export interface JobAnswerDeps {
  readonly query: QueryRecord;
  /** The most bytes of the result. */
  readonly maxBytes: number;
  /** Returns a new spool; null when nothing can be written now. */
  createSpool(): Spool | null;
  onPlan(plan: Plan): void;
  onColumns(columns: readonly Column[]): void;
  onFinished(end: AnswerEnd, spool: Spool): void;
  onFailed(error: WireError): void;
}

export class JobAnswer implements QueryAnswer {
  readonly #deps: JobAnswerDeps;
  #spool: Spool | null;
  /** The beginning of the first line; null once that has been read. */
  #head: Buffer | null = Buffer.alloc(0);
  #resume = (): void => {};

  constructor(deps: JobAnswerDeps) {
    this.#deps = deps;
    this.#spool = this.#newSpool();
  }

  planned(plan: Plan): void {
    this.#deps.onPlan(plan);
  }

  onDrain(callback: () => void): void {
    this.#resume = callback;
  }

  write(bytes: Buffer, release: () => void): boolean {
    const spool = this.#spool;
    const { query, maxBytes } = this.#deps;
    if (spool === null || spool.isAbandoned) {
      release();
      query.cancellation.cancel(notKept(spool?.failure ?? null));
      return true;
    }
    if (spool.bytes + bytes.length > maxBytes) {
      release();
      query.cancellation.cancel(tooLarge(maxBytes));
      return true;
    }
    return this.#head === null
      ? spool.append(bytes, release)
      : this.#readHead(spool, this.#head, bytes, release);
  }

  restart(): boolean {
    void this.#spool?.abandon();
    this.#spool = this.#newSpool();
    this.#head = Buffer.alloc(0);
    return true;
  }

  finish(end: AnswerEnd): void {
    if (this.#spool === null) this.#deps.onFailed(notKept(null).toWire());
    else this.#deps.onFinished(end, this.#spool);
  }

  fail(error: WireError): void {
    void this.#spool?.abandon();
    this.#deps.onFailed(error);
  }

  #readHead(spool: Spool, before: Buffer, bytes: Buffer, release: () => void): boolean {
    const line = Buffer.concat([before, bytes]);
    release();
    const end = line.indexOf(LINE_FEED);
    this.#head = end === -1 ? line : null;
    if (end === -1) return true;
    const columns = JSON.parse(line.toString('utf8', 0, end)) as readonly Column[]; // written by typesHead
    this.#deps.onColumns(columns);
    spool.append(Buffer.from(csvHead(columns)), () => {});
    return spool.append(line.subarray(end + 1), () => {});
  }

  #newSpool(): Spool | null {
    const spool = this.#deps.createSpool();
    spool?.onDrain(() => this.#resume());
    return spool;
  }
}

const LINE_FEED = 0x0a;

export function notKept(failure: unknown): QueryError {
  const reason = failure === null ? 'the server is stopping' : String(failure);
  return new QueryError('result-not-kept', `the result of the job could not be written: ${reason}`, {
    hint: 'Send it again; if the disk is full, tell whoever runs this server.',
  });
}

function tooLarge(maxBytes: number): QueryError {
  return new QueryError('result-too-large', `the result of the job is over ${maxBytes} bytes`, {
    hint: 'Ask for less, or free results of other jobs by DELETE /v1/jobs/{id}.',
    limit: { name: 'jobs.bytesPerPrincipal', value: maxBytes },
  });
}
