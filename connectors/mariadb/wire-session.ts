/**
 * One session of MariaDB's: a connection that `mysql2` has opened and logged in, whose socket is ours from then on, because rows
 * as objects are several times too slow. Commands go out one after the other; the answer to each is a promise, or rows for a
 * `RowTaker`.
 *
 *   idle --begin--> running --end--> idle
 *                      |  fail, enough
 *                      v
 *                  discarding --the answer's end--> running (its remaining commands) --end--> idle
 *                      |  cancelled, or after a grace: KILL QUERY, once
 *                      v
 *                  killed --end--> dead
 *   any --socket lost, protocol broken--> dead
 *
 * Invariants: KILL QUERY is sent only while an exchange runs, and a session that it was sent for never runs another one. The
 * server never gives the number of a session to another while it runs, so that no other query is hit.
 */
import type { Duplex } from 'node:stream';
import type { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { type Answer, type Described, prepareAnswer, RowsAnswer, yesAnswer } from './wire/answers.ts';
import { createPacketParser } from './wire/packet-parser.ts';
import { ERROR, OK, readServerError, type ServerError } from './wire/server-messages.ts';

/** An answer that nobody wants any more usually ends by itself within this time, and the session survives. */
const DISCARD_GRACE_MS = 50;
/** A session that does not end a killed query in this time loses its connection. */
const KILL_GRACE_MS = 3000;
const MAX_ERROR_BYTES = 64 * 1024;

/** An error of the server's about a command; its session goes on. */
export class StatementError extends Error {
  readonly error: ServerError;

  constructor(error: ServerError) {
    super(error.message);
    this.error = error;
  }
}

export interface RowTaker {
  onColumns(columns: readonly DatabaseColumn[]): void;
  /** A row of the binary protocol; a view. May throw a QueryError: the exchange then fails with it. Any other error ends the session. */
  onRow(bytes: Buffer, start: number, end: number): void;
  /** Tells that the bytes behind the views that `onRow` was handed are overwritten next. */
  onChunkEnd(): void;
  readonly maxRowBytes: number;
  tooLarge(bytes: number): QueryError;
}

export interface ServerTraits {
  /** The longest command that the server takes. */
  readonly maxPacketBytes: number;
  /** Says whether the server is MariaDB; else it is MySQL. */
  readonly isMariadb: boolean;
}

export interface SessionWire {
  readonly stream: Duplex;
  /** The server describes types with their names. */
  readonly extended: boolean;
  readonly server: ServerTraits;
  kill(): Promise<void>;
  end(): Promise<void>;
}

export type SessionState = 'idle' | 'running' | 'discarding' | 'killed' | 'dead';

export class WireSession {
  readonly #wire: SessionWire;
  /** The expected answers of the commands that were sent and are not yet answered. */
  readonly #answers: Answer[] = [];
  #state: SessionState = 'idle';
  /** The taker of the rows that are under way. */
  #taker: RowTaker | null = null;
  #cancellation: Cancellation | null = null;
  #failure: QueryError | null = null;
  #hadEnough = false;
  #lastError: ServerError | null = null;
  #timer: NodeJS.Timeout | undefined;
  #onDead: (() => void) | null = null;
  readonly #onCancel = (): void => this.#abort();

  constructor(wire: SessionWire) {
    this.#wire = wire;
    const feed = createPacketParser({
      onPacket: (bytes, start, end) => this.#onPacket(bytes, start, end),
      accept: (bytes) => this.#accept(bytes),
    });
    wire.stream.on('data', (chunk: Buffer) => {
      try {
        feed(chunk);
      } catch {
        this.#break('the database sent what cannot be read'); // a length that leads out of its packet
      }
      this.#taker?.onChunkEnd();
    });
    wire.stream.on('error', () => {}); // 'close' follows
    wire.stream.on('close', () => this.#die('the connection to the database was lost'));
  }

  get usable(): boolean {
    return this.#state === 'idle';
  }

  /** The error for which the exchange is to end; null: it goes on. */
  get failure(): QueryError | null {
    return this.#failure;
  }

  /** Rows were left behind because nobody wanted more: how they end is no matter. */
  get hadEnough(): boolean {
    return this.#hadEnough;
  }

  get server(): ServerTraits {
    return this.#wire.server;
  }

  onDead(callback: () => void): void {
    this.#onDead = callback;
  }

  /** Begins an exchange, which `finish` ends. Throws what has cancelled it before. */
  begin(cancellation: Cancellation): void {
    if (this.#state !== 'idle') throw new Error(`exchange on a session that is ${this.#state}`);
    if (cancellation.reason !== null) throw cancellation.reason;
    this.#state = 'running';
    this.#failure = null;
    this.#hadEnough = false;
    this.#lastError = null;
    this.#cancellation = cancellation;
    cancellation.onCancel(this.#onCancel);
  }

  /** Ends the exchange after its last answer. `clean`: the session is as it was. */
  finish(clean: boolean): void {
    this.#cancellation?.offCancel(this.#onCancel);
    this.#cancellation = null;
    this.#taker = null;
    clearTimeout(this.#timer);
    if (this.#state === 'dead') return;
    // The reader of the answer may have been behind to its end: nobody resumes for it any more.
    this.resume();
    if (this.#state !== 'killed' && clean && this.#answers.length === 0) this.#state = 'idle';
    else this.#die('the session was left in an unknown state');
  }

  /** Sends a command that is answered by a mere yes, or an error (StatementError). */
  command(bytes: Buffer): Promise<void> {
    return this.#send(bytes, (resolve, reject) => yesAnswer({ resolve, reject }));
  }

  prepare(bytes: Buffer): Promise<Described> {
    const { extended } = this.#wire;
    return this.#send<Described>(bytes, (resolve, reject) => prepareAnswer(extended, { resolve, reject }));
  }

  rows(bytes: Buffer, taker: RowTaker): Promise<void> {
    const onColumns = (columns: readonly DatabaseColumn[]): void => this.#columns(taker, columns);
    this.#taker = taker;
    return this.#send(
      bytes,
      (resolve, reject) => new RowsAnswer(this.#wire.extended, onColumns, { resolve, reject }),
    );
  }

  /** Sends what is not answered. */
  tell(bytes: Buffer): void {
    if (this.#state !== 'dead') this.#wire.stream.write(bytes);
  }

  pause(): void {
    if (this.#state === 'running') this.#wire.stream.pause();
  }

  resume(): void {
    this.#wire.stream.resume();
  }

  /** Discards the rest of the running answer; `failure`: the reason, null when enough was read. */
  discard(failure: QueryError | null): void {
    if (this.#state !== 'running') return;
    this.#failure = failure;
    this.#hadEnough = failure === null;
    this.#state = 'discarding';
    this.#timer = setTimeout(() => this.#kill(), DISCARD_GRACE_MS);
    this.resume();
  }

  async end(): Promise<void> {
    if (this.#state !== 'dead') this.#die('the session was closed');
    await this.#wire.end();
  }

  #send<T = void>(
    bytes: Buffer,
    answerOf: (resolve: (value: T) => void, reject: (error: Error) => void) => Answer,
  ): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      if (this.#state === 'dead') reject(connectionLost('the connection to the database was lost', null));
      else this.#answers.push(answerOf(resolve, reject));
    });
    if (this.#state !== 'dead') this.#wire.stream.write(bytes);
    promise.catch(() => {}); // Several commands are under way at once: whoever waits for one learns of its error then.
    return promise;
  }

  #abort(): void {
    if (this.#state !== 'running' && this.#state !== 'discarding') return;
    this.#failure ??= this.#cancellation!.reason;
    this.resume();
    this.#kill();
  }

  #kill(): void {
    clearTimeout(this.#timer);
    this.#state = 'killed';
    this.#timer = setTimeout(() => this.#wire.stream.destroy(), KILL_GRACE_MS);
    // A KILL that cannot be delivered leaves the timer above, which closes the connection.
    this.#wire.kill().catch(() => {});
  }

  #accept(bytes: number): boolean {
    const isRow = this.#answers[0]?.inRows === true && this.#state === 'running';
    if (!isRow || this.#taker === null) return bytes <= MAX_ERROR_BYTES;
    if (bytes <= this.#taker.maxRowBytes) return true;
    this.discard(this.#taker.tooLarge(bytes));
    return false;
  }

  #onPacket(bytes: Buffer, start: number, end: number): void {
    const answer = this.#answers[0];
    const first = bytes[start]!;
    if (first === OK && answer?.inRows === true) this.#row(bytes, start, end);
    else if (first === ERROR) this.#onError(readServerError(bytes, start, end));
    else if (answer === undefined) this.#break('the database sent what nobody has asked for');
    else this.#take(answer, bytes, start, end);
  }

  #take(answer: Answer, bytes: Buffer, start: number, end: number): void {
    const taken = answer.take(bytes, start, end);
    if (taken === 'broken') this.#break('the database answered out of turn');
    else if (taken === 'complete') this.#answered();
  }

  #onError(error: ServerError): void {
    this.#lastError = error;
    this.#answers[0]?.reject(new StatementError(error));
    this.#answered();
  }

  #answered(): void {
    this.#answers.shift();
  }

  #columns(taker: RowTaker, columns: readonly DatabaseColumn[]): void {
    if (this.#state !== 'running') return;
    try {
      taker.onColumns(columns);
    } catch (thrown) {
      this.discard(QueryError.from(thrown));
    }
  }

  /** Hands a row to its taker; one that nobody wants any more is dropped. */
  #row(bytes: Buffer, start: number, end: number): void {
    const taker = this.#taker;
    if (this.#state !== 'running' || taker === null) return;
    try {
      if (end - start > taker.maxRowBytes) throw taker.tooLarge(end - start);
      taker.onRow(bytes, start, end);
    } catch (thrown) {
      if (thrown instanceof QueryError) this.discard(thrown);
      else this.#break('the database sent a row that cannot be read');
    }
  }

  #break(why: string): void {
    this.#die(why);
    this.#wire.stream.destroy();
  }

  #die(why: string): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    clearTimeout(this.#timer);
    const error = this.#failure ?? connectionLost(why, this.#lastError);
    for (const { reject } of this.#answers.splice(0)) reject(error);
    this.#onDead?.();
  }
}

function connectionLost(why: string, error: ServerError | null): QueryError {
  return new QueryError('database-unavailable', error === null ? why : `${why}: ${error.message}`, {
    ...(error === null ? {} : { sqlstate: error.sqlstate }),
    hint: 'Nothing was changed in the database; send the query again.',
    retryAfterSeconds: 1,
  });
}
