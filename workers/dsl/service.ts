/**
 * The worker's one unix socket, for the server's one connection, and the life of this worker between queries.
 *
 *   fresh --run-stages--> running --reply--> used --scrub--> scrubbing --reply--> fresh
 *                                            used --connection lost--> scrubbing --> fresh
 *
 * - One query at a time; an engine that has served one serves no other before it is scrubbed.
 * - A server that connects anew replaces its old connection. A connection that closes while a query runs leaves a
 *   query without an owner: it is interrupted and the process ends, never to be used again.
 * - A server that died after its query's reply is followed by one that knows nothing of the query: this worker
 *   scrubs itself, and a call that comes meanwhile waits for that.
 */
import type { Socket } from 'node:net';
import type { Log } from '../../logger/log.ts';
import { type ErrorDetails, QueryError } from '../errors.ts';
import { writeMessage } from '../frames.ts';
import type {
  FromDslWorker,
  RunStagesCall,
  RunStagesReply,
  ScrubCall,
  ScrubReply,
  ToDslWorker,
} from './messages.ts';
import { createOneConnection } from './one-connection.ts';
import type { QueryRun } from './query-run.ts';

export interface DslServiceDeps {
  readonly log: Log;
  startQuery(call: RunStagesCall, socket: Socket): QueryRun;
  /** Nothing of the last query is left: no table, no file. */
  scrub(): Promise<ScrubReply>;
  /** The process cannot be used any more; it ends after its last lines are logged. */
  giveUp(): void;
}

export interface DslService {
  listen(socketPath: string): Promise<void>;
  /** Waits for the running query; after `graceMs` it is cancelled. */
  stop(graceMs: number): Promise<void>;
  queriesServed(): number;
}

type State = 'fresh' | 'running' | 'used' | 'scrubbing';

export function createDslService(deps: DslServiceDeps): DslService {
  const { log } = deps;
  let state: State = 'fresh';
  let run: QueryRun | null = null;
  let running: Promise<void> = Promise.resolve();
  let served = 0;

  function reply(socket: Socket, message: FromDslWorker): void {
    if (!socket.destroyed) writeMessage(socket, message);
  }

  function refuse(socket: Socket, queryId: string, what: string): void {
    const error = new QueryError('internal', `internal error: ${what} while this worker is ${state}`);
    log.error('call-refused', { queryId, call: what, state });
    reply(socket, { type: 'reply', queryId, ok: false, error: error.toWire() });
  }

  /** After a scrub. */
  async function start(call: RunStagesCall, socket: Socket): Promise<void> {
    if (state === 'fresh') await runStages(call, socket);
    else refuse(socket, call.queryId, 'run-stages');
  }

  async function runStages(call: RunStagesCall, socket: Socket): Promise<void> {
    state = 'running';
    try {
      run = deps.startQuery(call, socket);
      const value = await run.done;
      logEnd(log, call.queryId, value);
      reply(socket, { type: 'reply', queryId: call.queryId, ok: true, value });
    } catch (thrown) {
      const error = QueryError.from(thrown);
      logFailure(log, call.queryId, error);
      reply(socket, { type: 'reply', queryId: call.queryId, ok: false, error: error.toWire() });
    } finally {
      run = null;
      served += 1;
      state = 'used';
    }
  }

  async function scrub({ queryId }: ScrubCall, socket: Socket): Promise<void> {
    try {
      const value = await scrubEngine();
      reply(socket, { type: 'reply', queryId, ok: true, value });
    } catch (thrown) {
      log.error('scrub-failed', { queryId, message: String(thrown) });
      reply(socket, { type: 'reply', queryId, ok: false, error: QueryError.from(thrown).toWire() });
      deps.giveUp();
    }
  }

  async function scrubEngine(): Promise<ScrubReply> {
    state = 'scrubbing';
    try {
      const value = await deps.scrub();
      state = 'fresh';
      return value;
    } catch (thrown) {
      state = 'used';
      throw thrown;
    }
  }

  async function scrubForNextServer(): Promise<void> {
    try {
      await scrubEngine();
    } catch (thrown) {
      log.error('scrub-failed', { message: String(thrown) });
      deps.giveUp();
    }
  }

  function onMessage(message: ToDslWorker, socket: Socket): void {
    switch (message.type) {
      case 'run-stages':
        if (state === 'scrubbing') running = running.then(() => start(message, socket));
        else if (state === 'fresh') running = runStages(message, socket);
        else refuse(socket, message.queryId, message.type);
        return;
      case 'scrub':
        if (state === 'used' || state === 'fresh') running = scrub(message, socket);
        else refuse(socket, message.queryId, message.type);
        return;
      case 'cancel':
        // A cancel that comes late finds another query, or none: it was about the one that has ended.
        if (run?.queryId === message.queryId) run.abort(cancelled());
        return;
      default:
        message satisfies never;
    }
  }

  function onLost(): void {
    if (state === 'used') running = scrubForNextServer();
    if (state !== 'running') return;
    // A server that gave the query up, or one that died: both are reported by others.
    log.info('connection-lost', { queryId: run?.queryId ?? null });
    run?.abort(cancelled({ hint: 'the server closed its connection' }));
    deps.giveUp();
  }

  const connection = createOneConnection<ToDslWorker>({ log, onMessage, onLost });

  return {
    listen: connection.listen,
    async stop(graceMs) {
      connection.stopListening();
      const timer = setTimeout(() => run?.abort(cancelled({ hint: 'the server is stopping' })), graceMs);
      await running;
      clearTimeout(timer);
      connection.end();
    },
    queriesServed: () => served,
  };
}

function cancelled(details: ErrorDetails = {}): QueryError {
  return new QueryError('cancelled', 'the query was cancelled', details);
}

function logEnd(log: Log, queryId: string, { rows, bytes, phases }: RunStagesReply): void {
  log.debug('query-done', { queryId, rows, bytes, dslMs: phases.dslMs, encodeMs: phases.encodeMs });
}

/** What is ours to mend is an error with its text; what is the user's is no more than a note. */
function logFailure(log: Log, queryId: string, error: QueryError): void {
  if (error.code !== 'internal') {
    log.info('query-failed', { queryId, code: error.code });
    return;
  }
  const cause = error.cause instanceof Error ? error.cause.stack : undefined;
  log.error('query-failed', { queryId, code: error.code, message: error.message, cause });
}
