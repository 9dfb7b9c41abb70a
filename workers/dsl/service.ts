/**
 * The worker's one unix socket, for the server's one connection, and the life of this worker between queries.
 *
 *   fresh --run-stages, describe-stages--> running --reply--> used --scrub--> scrubbing --reply--> fresh
 *                                            used --connection lost--> scrubbing --> fresh
 *
 * - One query at a time; an engine that has served one serves no other before it is scrubbed.
 * - A server that connects anew replaces its old connection. A connection that closes while a query runs leaves a
 *   query without an owner: it is interrupted and the process ends, never to be used again.
 * - A server that died after its query's reply is followed by one that knows nothing of the query: this worker
 *   scrubs itself, and a call that comes meanwhile waits for that.
 */
import type { Socket } from 'node:net';
import type { Log } from '../../core/logging/log.ts';
import { withoutValues } from '../../core/logging/redact-values.ts';
import type {
  DescribeStagesCall,
  DescribeStagesReply,
  FilesCall,
  FromDslWorker,
  RunStagesCall,
  RunStagesReply,
  ScrubCall,
  ScrubReply,
  ToDslWorker,
} from '../../core/protocol/dsl-worker.ts';
import { type ErrorDetails, QueryError } from '../../core/protocol/errors.ts';
import { writeMessage } from '../../core/protocol/frames.ts';
import { createOneConnection, type OneConnection } from './one-connection.ts';

export interface DslServiceDeps {
  readonly log: Log;
  startQuery(call: RunStagesCall, socket: Socket): RunningCall<RunStagesReply>;
  startDescribe(call: DescribeStagesCall): RunningCall<DescribeStagesReply>;
  /** Starts a call about files that makes no answer for a client. */
  startFilesCall(call: FilesCall): RunningCall<unknown>;
  /** Removes everything of the last query: tables and files. */
  scrub(): Promise<ScrubReply>;
  /** The process cannot be used any more; it ends after its last lines are logged. */
  giveUp(): void;
}

/** The call that keeps the engine busy. */
export interface RunningCall<Reply> {
  readonly queryId: string;
  /** Rejects with QueryError. */
  readonly done: Promise<Reply>;
  /** Ends it with this error; only the first cause counts. */
  abort(cause: QueryError): void;
}

type EngineCall = Exclude<ToDslWorker, { type: 'cancel' | 'scrub' }>;

type State = 'fresh' | 'running' | 'used' | 'scrubbing';

const NEXT: Readonly<Record<State, readonly State[]>> = {
  fresh: ['running', 'scrubbing'],
  running: ['used'],
  used: ['scrubbing'],
  scrubbing: ['fresh', 'used'],
};

export class DslService {
  readonly #deps: DslServiceDeps;
  readonly #connection: OneConnection;
  #state: State = 'fresh';
  /** The call that runs, for the log. */
  #call: EngineCall | null = null;
  #run: RunningCall<unknown> | null = null;
  #running: Promise<void> = Promise.resolve();
  #served = 0;

  constructor(deps: DslServiceDeps) {
    this.#deps = deps;
    this.#connection = createOneConnection<ToDslWorker>({
      log: deps.log,
      onMessage: (message, socket) => this.#onMessage(message, socket),
      onLost: () => this.#onLost(),
    });
  }

  listen(socketPath: string): Promise<void> {
    return this.#connection.listen(socketPath);
  }

  /** Waits for the running query; after `graceMs` it is cancelled. */
  async stop(graceMs: number): Promise<void> {
    this.#connection.stopListening();
    const stopping = cancelled({ hint: 'the server is stopping' });
    const timer = setTimeout(() => this.#run?.abort(stopping), graceMs);
    await this.#running;
    clearTimeout(timer);
    this.#connection.end();
  }

  queriesServed(): number {
    return this.#served;
  }

  /** Resolves when what runs now has ended. */
  settled(): Promise<void> {
    return this.#running;
  }

  /** The engine works, or is asked to end. */
  get busy(): boolean {
    return this.#state === 'running' || this.#state === 'scrubbing';
  }

  #become(state: State): void {
    if (!NEXT[this.#state].includes(state)) throw new Error(`DSL service: ${this.#state} -> ${state}`);
    this.#state = state;
  }

  #onMessage(message: ToDslWorker, socket: Socket): void {
    switch (message.type) {
      case 'run-stages':
      case 'describe-stages':
      case 'describe-scan':
      case 'explain-scans':
      case 'watch-scans':
      case 'introspect-files':
        if (this.#state === 'scrubbing')
          this.#running = this.#running.then(() => this.#startScrubbed(message, socket));
        else if (this.#state === 'fresh') this.#running = this.#runCall(message, socket);
        else this.#refuse(socket, message);
        return;
      case 'scrub':
        if (this.#state === 'used' || this.#state === 'fresh') this.#running = this.#scrub(message, socket);
        else this.#refuse(socket, message);
        return;
      case 'cancel':
        // A cancel that comes late finds another query, or none: it was about the one that has ended.
        if (this.#run?.queryId === message.queryId) this.#run.abort(cancelled());
        return;
      default:
        message satisfies never;
    }
  }

  async #startScrubbed(call: EngineCall, socket: Socket): Promise<void> {
    if (this.#state === 'fresh') await this.#runCall(call, socket);
    else this.#refuse(socket, call);
  }

  async #runCall(call: EngineCall, socket: Socket): Promise<void> {
    const { log } = this.#deps;
    const { queryId } = call;
    this.#become('running');
    this.#call = call;
    try {
      const value = await this.#start(call, socket);
      reply(socket, { type: 'reply', queryId, ok: true, value });
    } catch (thrown) {
      const error = QueryError.from(thrown);
      logFailure(log, call, error);
      reply(socket, { type: 'reply', queryId, ok: false, error: error.toWire() });
    } finally {
      this.#run = null;
      this.#call = null;
      this.#served += 1;
      this.#become('used');
    }
  }

  async #start(call: EngineCall, socket: Socket): Promise<unknown> {
    if (call.type !== 'run-stages') {
      const { startDescribe, startFilesCall } = this.#deps;
      const run = call.type === 'describe-stages' ? startDescribe(call) : startFilesCall(call);
      this.#run = run;
      return run.done;
    }
    const run = this.#deps.startQuery(call, socket);
    this.#run = run;
    const value = await run.done;
    logEnd(this.#deps.log, call, value);
    return value;
  }

  async #scrub({ queryId }: ScrubCall, socket: Socket): Promise<void> {
    try {
      const value = await this.#scrubEngine();
      reply(socket, { type: 'reply', queryId, ok: true, value });
    } catch (thrown) {
      this.#deps.log.error('scrub-failed', { queryId, message: String(thrown) });
      reply(socket, { type: 'reply', queryId, ok: false, error: QueryError.from(thrown).toWire() });
      this.#deps.giveUp();
    }
  }

  async #scrubEngine(): Promise<ScrubReply> {
    this.#become('scrubbing');
    try {
      const value = await this.#deps.scrub();
      this.#become('fresh');
      return value;
    } catch (thrown) {
      this.#become('used');
      throw thrown;
    }
  }

  async #scrubForNextServer(): Promise<void> {
    try {
      await this.#scrubEngine();
    } catch (thrown) {
      this.#deps.log.error('scrub-failed', { message: String(thrown) });
      this.#deps.giveUp();
    }
  }

  #refuse(socket: Socket, call: EngineCall | Extract<ToDslWorker, { type: 'scrub' }>): void {
    const { queryId, type } = call;
    const state = this.#state;
    const error = new QueryError('internal', `internal error: ${type} while this worker is ${state}`);
    const of = call.type === 'scrub' ? { queryId } : whose(call);
    this.#deps.log.error('call-refused', { ...of, call: type, state });
    reply(socket, { type: 'reply', queryId, ok: false, error: error.toWire() });
  }

  #onLost(): void {
    if (this.#state === 'used') this.#running = this.#scrubForNextServer();
    if (this.#state !== 'running') return;
    // A server that gave the query up, or one that died: both are reported by others.
    const call = this.#call === null ? { queryId: null, connection: null } : whose(this.#call);
    this.#deps.log.info('connection-lost', call);
    this.#run?.abort(cancelled({ hint: 'the server closed its connection' }));
    this.#deps.giveUp();
  }
}

function reply(socket: Socket, message: FromDslWorker): void {
  if (!socket.destroyed) writeMessage(socket, message);
}

function cancelled(details: ErrorDetails = {}): QueryError {
  return new QueryError('cancelled', 'the query was cancelled', details);
}

function logEnd(log: Log, call: EngineCall, { rows, bytes, phases }: RunStagesReply): void {
  const { dslMs, encodeMs } = phases;
  log.debug('query-done', { ...whose(call), rows, bytes, dslMs, encodeMs });
}

function whose({ queryId, principal, connection }: EngineCall): object {
  return { queryId, principal, connection };
}

/** Logs a failure of ours as an error with its text, and a failure of the user's as a note. */
function logFailure(log: Log, call: EngineCall, error: QueryError): void {
  const { code } = error;
  if (code !== 'internal') {
    log.info('query-failed', { ...whose(call), code });
    return;
  }
  const cause = error.cause instanceof Error ? error.cause.stack : undefined;
  const parameters = call.type === 'run-stages' ? call.parameters : [];
  const told = withoutValues({ message: error.message, cause }, parameters) as object; // a plain object stays one
  log.error('query-failed', { ...whose(call), code, ...told });
}
