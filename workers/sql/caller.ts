/**
 * One socket on which the server calls this worker.
 *
 *   idle --a call arrives--> calling --reply written--> idle
 *                               | `cancel` or the socket's end: the call's control is aborted
 *
 * Every call gets exactly one reply, unless its socket is gone. A second call while one runs breaks the protocol and closes the
 * socket. A `cancel` for a query that does not (or no longer) run here comes too late and is ignored.
 */
import type { Socket } from 'node:net';
import { type CallControl, createCallControl } from '../../connectors/kit/call-control.ts';
import type { ByteSink } from '../../connectors/kit/connector.ts';
import type { Log } from '../../core/logging/log.ts';
import { withoutValues } from '../../core/logging/redact-values.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { createFrameReader, writeData, writeMessage } from '../../core/protocol/frames.ts';
import type { SourceProgress } from '../../core/protocol/source-progress.ts';
import type { FromSqlWorker, ToSqlWorker } from '../../core/protocol/sql-worker.ts';

type Reply = Extract<FromSqlWorker, { type: 'reply' }>;

export type SqlCall = Exclude<ToSqlWorker, { type: 'cancel' | 'ping' }>;

/** Runs a call and returns the value of its reply; rejects with the error of its reply. */
export type CallHandler = (call: SqlCall, sink: ByteSink, control: CallControl) => Promise<unknown>;

export interface CallerDeps {
  readonly handle: CallHandler;
  readonly log: Log;
  onCalling(caller: Caller): void;
  /** Called after the reply was written, or when the call ended although the socket was gone. */
  onIdle(caller: Caller): void;
  onClose(caller: Caller): void;
}

interface RunningCall {
  readonly queryId: string;
  readonly connection: string;
  readonly control: CallControl;
}

const END_TIMEOUT_MS = 500;

export class Caller {
  readonly #socket: Socket;
  readonly #deps: CallerDeps;
  readonly #sink: ByteSink;
  /** The running call; null while idle. */
  #current: RunningCall | null = null;

  readonly #tell = (progress: SourceProgress): void => {
    if (this.#current === null || this.#socket.destroyed) return;
    const { queryId, connection } = this.#current;
    writeMessage(this.#socket, { type: 'progress', queryId, progress: { ...progress, connection } });
  };

  constructor(socket: Socket, deps: CallerDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#sink = createSink(socket);
    const feed = createFrameReader({
      onMessage: (message) => this.#onMessage(message as ToSqlWorker), // messages of our own server are trusted
      onData() {
        throw new Error('data frame from the server');
      },
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        feed(chunk);
      } catch (thrown) {
        socket.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
    });
    socket.on('error', (error) => deps.log.warn('call-socket-error', { message: error.message }));
    socket.on('close', () => {
      deps.onClose(this);
      this.cancel(cancelled('the caller went away'));
    });
  }

  /** Ends the running call, if there is one, with this error. */
  cancel(error: QueryError): void {
    this.#current?.control.cancellation.cancel(error);
  }

  /** Closes the socket after the last reply was sent. */
  end(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.destroy(), END_TIMEOUT_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
      socket.resume();
    });
  }

  #onMessage(message: ToSqlWorker): void {
    const runningId = this.#current?.queryId ?? null;
    if (message.type === 'cancel') {
      if (runningId === message.queryId) this.cancel(cancelled('the query was cancelled'));
    } else if (runningId !== null) {
      this.#socket.destroy(new Error(`call ${message.queryId} while ${runningId} runs`));
    } else if (message.type === 'ping') {
      const reply: Reply = { type: 'reply', queryId: message.queryId, ok: true, value: null };
      writeMessage(this.#socket, reply);
    } else {
      void this.#run(message);
    }
  }

  async #run(call: SqlCall): Promise<void> {
    const control = createCallControl(call.deadlineAt, this.#tell);
    this.#current = { queryId: call.queryId, connection: call.connection, control };
    this.#deps.onCalling(this);
    const reply = await this.#replyTo(call, control);
    control.dispose();
    this.#current = null;
    if (!this.#socket.destroyed) writeMessage(this.#socket, reply);
    this.#deps.onIdle(this);
  }

  async #replyTo(call: SqlCall, control: CallControl): Promise<Reply> {
    const { queryId } = call;
    const { log } = this.#deps;
    try {
      const value = await this.#deps.handle(call, this.#sink, control);
      log.debug('query-done', whatRan(call));
      return { type: 'reply', queryId, ok: true, value };
    } catch (thrown) {
      const error = QueryError.from(thrown);
      logFailure(log, call, thrown, error);
      return { type: 'reply', queryId, ok: false, error: error.toWire() };
    }
  }
}

/**
 * Returns the sink for all calls on this socket. A small answer and the reply after it leave in one write, since both are made
 * in the same turn of the event loop.
 */
function createSink(socket: Socket): ByteSink {
  let onDrain: (() => void) | null = null;
  let gathering = false;
  socket.on('drain', () => onDrain?.());
  function gather(): void {
    gathering = true;
    socket.cork();
    setImmediate(() => {
      gathering = false;
      socket.uncork();
    });
  }
  return {
    write(bytes, onWritten) {
      if (socket.destroyed) return true;
      if (!gathering) gather();
      return writeData(socket, bytes, onWritten);
    },
    setOnDrain(callback) {
      onDrain = callback;
    },
  };
}

function whatRan({ queryId, principal, connection, type }: SqlCall): object {
  return { queryId, principal, connection, call: type };
}

/** Logs a failed call. Internal errors are logged with their text; the server logs those of users and databases. */
function logFailure(log: Log, call: SqlCall, thrown: unknown, { code }: QueryError): void {
  if (code !== 'internal') {
    log.info('query-failed', { ...whatRan(call), code });
    return;
  }
  const parameters = 'parameters' in call ? call.parameters : [];
  log.error('call-failed', { ...whatRan(call), error: withoutValues(thrown, parameters) });
}

function cancelled(message: string): QueryError {
  return new QueryError('cancelled', message);
}
