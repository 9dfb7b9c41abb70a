/**
 * One database session: a connected `pg` client whose socket our own parser reads, because the rows as objects that `pg` makes
 * are several times too slow (loadtest/bench/studies/transcode.ts). `pg` connects, authenticates and closes; in between, our
 * parser gets every message of the backend. During an exchange its handler gets them; messages that `pg` needs to know
 * (ParameterStatus, notifications, notices) and everything outside an exchange are passed on to the parser of `pg`.
 *
 *   idle --exchange--> running --last ReadyForQuery--> idle
 *                         |  fail / cancellation
 *                         v
 *                     discarding --last ReadyForQuery, no cancel sent--> idle
 *                         |  after a grace: CancelRequest, once
 *                         v
 *                     cancelling --last ReadyForQuery, or no answer in time--> dead
 *   any --socket lost, protocol broken, error behind the last command--> dead
 *
 * Within an exchange, whatever its state: commands --the last command's tag--> ended; commands --an error--> recovering
 * (`recovery` is sent then). The exchange ends with its first ReadyForQuery; when recovering, with the number of them that
 * `recovery` says.
 *
 * Invariants: a CancelRequest is sent only while the exchange that it is meant for runs, and a session never runs another
 * exchange after one; `idle` means that the server said so (ReadyForQuery with status I).
 */
import type { Duplex } from 'node:stream';
import type { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { readServerError, type ServerError } from './wire/backend-messages.ts';
import { BackendMessage, createBackendParser, type FoundMessages } from './wire/backend-parser.ts';

/** The time for an answer that failed on our side to end by itself, so that the session can be kept. */
const DISCARD_GRACE_MS = 50;
/** The time for a backend to end a cancelled query; after it the connection is closed. */
const CANCEL_GRACE_MS = 3000;
/** The most bytes of an error message that are kept: errors quote values, which may be a gigabyte long. Code and text come first in it. */
const MAX_ERROR_BYTES = 64 * 1024;
const STATUS_IDLE = 'I'.charCodeAt(0);
const HEADER_BYTES = 5;

export interface ExchangeHandler {
  /** Takes a complete message; views are valid during the call only. When it throws a QueryError, the exchange fails with that. */
  onMessage(type: number, bytes: Buffer, start: number, end: number): void;
  /** The type of messages, DataRow or CopyData, that go to `onPassedOn` as the parser gives them; CopyData when left out. */
  readonly passedOn?: number;
  onPassedOn?(bytes: Buffer, start: number, end: number, found: FoundMessages): void;
  /** The largest message that is gathered; a larger one fails the exchange with the error of `tooLarge`. */
  readonly maxMessageBytes?: number;
  tooLarge?(payloadBytes: number): QueryError;
}

export interface ExchangeRequest {
  /** The frontend messages, sent in one write. */
  readonly bytes: Buffer;
  /** The number of commands that complete before the messages for the handler begin. */
  readonly introCommands: number;
  /** The tag of the last command. After an error before it, the database skips the rest, including ReadyForQuery. */
  readonly lastCommand: string;
  /** The bytes to send after such an error, and the number of ReadyForQuery messages that answer them. */
  readonly recovery: { readonly bytes: Buffer; readonly readyCount: number };
  readonly handler: ExchangeHandler;
  /** Cancels the query in the database; the exchange then ends with its reason, a QueryError. */
  readonly cancellation: Cancellation;
}

/** The parts of a `pg` client that the session uses. */
export interface SessionWire {
  readonly stream: Duplex;
  /** Passes bytes to the parser of `pg`. */
  readonly forward: (bytes: Buffer) => void;
  /** Sends a CancelRequest for this backend. */
  readonly sendCancel: () => Promise<void>;
  /** Ends the connection in order; resolves when the socket is closed. */
  readonly end: () => Promise<void>;
}

export type SessionState = 'idle' | 'running' | 'discarding' | 'cancelling' | 'dead';

interface Exchange {
  readonly request: ExchangeRequest;
  introLeft: number;
  readyLeft: number;
  phase: 'commands' | 'ended' | 'recovering';
  /** The first error that the database sent. */
  serverError: ServerError | null;
  /** An error on our side. It is reported instead of the database's, since it is the cause. */
  failure: QueryError | null;
  readonly resolve: (error: ServerError | null) => void;
  readonly reject: (error: QueryError) => void;
  readonly onCancel: () => void;
}

export class WireSession {
  readonly #wire: SessionWire;
  #state: SessionState = 'idle';
  #exchange: Exchange | null = null;
  #timer: NodeJS.Timeout | undefined;
  #onDead: (() => void) | null = null;

  constructor(wire: SessionWire) {
    this.#wire = wire;
    const feed = createBackendParser({
      onMessage: (type, bytes, start, end) => this.#onMessage(type, bytes, start, end),
      passedOn: () => this.#passedOn,
      onPassedOn: (bytes, start, end, found) => this.#onPassedOn(bytes, start, end, found),
      accept: (type, payloadBytes) => this.#accept(type, payloadBytes),
    });
    wire.stream.on('data', feed);
    wire.stream.on('close', () => this.#die('the connection to the database was lost'));
  }

  get #passedOn(): number {
    return this.#exchange?.request.handler.passedOn ?? BackendMessage.copyData;
  }

  get state(): SessionState {
    return this.#state;
  }

  get usable(): boolean {
    return this.#state === 'idle';
  }

  /** Called once, when the session dies. */
  onDead(callback: () => void): void {
    this.#onDead = callback;
  }

  /**
   * Runs one exchange to its last ReadyForQuery. Resolves with the database's error, or null when it had none.
   * Rejects with the handler's QueryError, the reason of its cancellation, or database-unavailable.
   */
  exchange(request: ExchangeRequest): Promise<ServerError | null> {
    if (this.#state !== 'idle') throw new Error(`exchange on a session that is ${this.#state}`);
    const { cancellation } = request;
    if (cancellation.reason !== null) return Promise.reject(cancellation.reason);
    return new Promise((resolve, reject) => {
      const onCancel = (): void => this.#abort(cancellation.reason!); // a cancelled one has a reason
      cancellation.onCancel(onCancel);
      this.#exchange = {
        request,
        introLeft: request.introCommands,
        readyLeft: 1,
        phase: 'commands',
        serverError: null,
        failure: null,
        resolve,
        reject,
        onCancel,
      };
      this.#state = 'running';
      this.#wire.stream.write(request.bytes);
    });
  }

  /** Stops reading from the database until `resume`, for back-pressure. */
  pause(): void {
    if (this.#state === 'running') this.#wire.stream.pause();
  }

  resume(): void {
    this.#wire.stream.resume();
  }

  /** Fails the running exchange from outside its handler; further data of the database is dropped. */
  fail(error: QueryError): void {
    const exchange = this.#exchange;
    if (exchange === null || exchange.failure !== null) return;
    exchange.failure = error;
    this.#state = 'discarding';
    this.#timer = setTimeout(() => this.#cancel(), DISCARD_GRACE_MS);
    this.resume();
  }

  async end(): Promise<void> {
    if (this.#state !== 'dead') this.#die('the session was closed');
    await this.#wire.end();
  }

  #abort(error: QueryError): void {
    this.fail(error);
    if (this.#state === 'discarding') this.#cancel();
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#state = 'cancelling';
    this.#timer = setTimeout(() => this.#wire.stream.destroy(), CANCEL_GRACE_MS);
    // When the request cannot be delivered, the timer above closes the connection.
    this.#wire.sendCancel().catch(() => {});
  }

  #accept(type: number, payloadBytes: number): number {
    if (type === BackendMessage.error) return Math.min(payloadBytes, MAX_ERROR_BYTES);
    // Nobody reads notices, and the parser of `pg` would gather even a huge one, so that is dropped.
    if (isForPg(type)) return payloadBytes > MAX_ERROR_BYTES ? 0 : payloadBytes;
    if (type !== BackendMessage.dataRow && type !== BackendMessage.copyData) return payloadBytes;
    if (this.#state !== 'running') return 0;
    const handler = this.#exchange!.request.handler;
    if (type === this.#passedOn || payloadBytes <= (handler.maxMessageBytes ?? Number.MAX_SAFE_INTEGER))
      return payloadBytes;
    this.fail(
      handler.tooLarge?.(payloadBytes) ??
        new QueryError('result-too-large', `a row of ${payloadBytes} bytes`),
    );
    return 0;
  }

  #onPassedOn(bytes: Buffer, start: number, end: number, found: FoundMessages): void {
    if (this.#state !== 'running') return;
    try {
      this.#exchange!.request.handler.onPassedOn?.(bytes, start, end, found);
    } catch (thrown) {
      this.fail(QueryError.from(thrown));
    }
  }

  #onMessage(type: number, bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchange;
    if (exchange === null || isForPg(type)) this.#wire.forward(bytes.subarray(start - HEADER_BYTES, end));
    else if (type === BackendMessage.readyForQuery) this.#onReady(exchange, bytes[start]!);
    else if (type === BackendMessage.error) this.#onError(exchange, readServerError(bytes, start, end));
    else if (type === BackendMessage.copyInResponse || type === BackendMessage.copyBothResponse)
      this.#wire.stream.destroy(); // The database waits for data that nobody has (COPY FROM STDIN): only closing the connection helps.
    else this.#hand(exchange, type, bytes, start, end);
  }

  #onError(exchange: Exchange, error: ServerError): void {
    exchange.serverError ??= error;
    if (exchange.phase === 'recovering') return;
    if (exchange.phase === 'ended') {
      this.#wire.stream.destroy(); // An error behind the last command cannot be told from the answer to the next exchange.
      return;
    }
    const { bytes, readyCount } = exchange.request.recovery;
    exchange.phase = 'recovering';
    exchange.readyLeft = readyCount;
    this.#wire.stream.write(bytes);
  }

  #hand(exchange: Exchange, type: number, bytes: Buffer, start: number, end: number): void {
    if (exchange.phase !== 'commands') return;
    const { handler, lastCommand } = exchange.request;
    const isEnd = type === BackendMessage.commandComplete;
    if (isEnd && bytes.toString('latin1', start, end - 1) === lastCommand) exchange.phase = 'ended';
    else if (exchange.introLeft > 0) exchange.introLeft -= isEnd ? 1 : 0;
    else if (this.#state === 'running') {
      try {
        handler.onMessage(type, bytes, start, end);
      } catch (thrown) {
        this.fail(QueryError.from(thrown));
      }
    }
  }

  #onReady(exchange: Exchange, status: number): void {
    exchange.readyLeft--;
    if (exchange.readyLeft > 0) return;
    const reusable = this.#state !== 'cancelling' && status === STATUS_IDLE;
    this.#settle(exchange);
    if (exchange.failure !== null) exchange.reject(exchange.failure);
    else exchange.resolve(exchange.serverError);
    if (!reusable) this.#die('the session was left in an unknown state');
  }

  #settle(exchange: Exchange): void {
    clearTimeout(this.#timer);
    exchange.request.cancellation.offCancel(exchange.onCancel);
    this.#exchange = null;
    this.#state = 'idle';
    this.resume();
  }

  #die(why: string): void {
    if (this.#state === 'dead') return;
    const exchange = this.#exchange;
    if (exchange !== null) {
      this.#settle(exchange);
      exchange.reject(exchange.failure ?? connectionLost(why, exchange.serverError));
    }
    this.#state = 'dead';
    this.#onDead?.();
  }
}

function isForPg(type: number): boolean {
  return (
    type === BackendMessage.parameterStatus ||
    type === BackendMessage.notice ||
    type === BackendMessage.notification
  );
}

function connectionLost(why: string, error: ServerError | null): QueryError {
  const message = error === null ? why : `${why}: ${error.message}`;
  return new QueryError('database-unavailable', message, {
    ...(error === null ? {} : { sqlstate: error.sqlstate }),
    hint: 'Nothing was changed in the database; send the query again.',
    retryAfterSeconds: 1,
  });
}
