/**
 * The parent-side end of one unix socket to a worker. It carries one call at a time.
 *
 *   connecting -> idle <-> calling -> closed
 *
 * - A call ends exactly once: by its reply, or by the socket's end (`worker-lost`).
 * - Result bytes go to the call's sink as views of what arrived; a sink that has enough returns false and calls
 *   `resume()` later, so that back-pressure reaches the worker and nothing piles up here.
 * - A reply to another query than the one that runs is a broken protocol: the socket is closed.
 */
import { connect, type Socket } from 'node:net';
import { QueryError, type WireError } from './errors.ts';
import { createFrameReader, writeMessage } from './frames.ts';

/** Request and reply types by call name: SqlWorkerCalls, DslWorkerCalls. */
export type CallTable = Record<string, { request: { readonly queryId: string }; reply: unknown }>;

type Reply =
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: true; readonly value: unknown }
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: false; readonly error: WireError };

/** Takes result bytes; false means: no more until `resume()`. */
export type DataSink = (bytes: Buffer) => boolean;

export interface WorkerSocket<C> {
  readonly workerId: string;
  readonly closed: boolean;
  readonly busy: boolean;
  /** Rejects with QueryError: the worker's own, or worker-lost. */
  call<K extends keyof C & string>(
    type: K,
    request: RequestOf<C, K>,
    sink?: DataSink,
  ): Promise<ReplyOf<C, K>>;
  /** Asks the worker to end this query's call, if it is still the one that runs; its reply still comes. */
  cancel(queryId: string): void;
  resume(): void;
  close(): void;
}

type RequestOf<C, K extends keyof C> = C[K] extends { request: infer R } ? R : never;
type ReplyOf<C, K extends keyof C> = C[K] extends { reply: infer R } ? R : never;

interface PendingCall {
  readonly queryId: string;
  readonly sink: DataSink;
  resolve(value: unknown): void;
  reject(error: QueryError): void;
}

export interface WorkerSocketOptions {
  readonly workerId: string;
  readonly socketPath: string;
  onConnect(): void;
  /** After a pending call was rejected; once. */
  onClose(): void;
}

/** A sink for calls that answer without data. */
const refuseData: DataSink = () => {
  throw new Error('result bytes for a call that has none');
};

export function openWorkerSocket<C>(options: WorkerSocketOptions): WorkerSocket<C> {
  const socket: Socket = connect(options.socketPath);
  let pending: PendingCall | null = null;
  let closed = false;

  function settle(reply: Reply): void {
    const call = pending;
    if (call === null || call.queryId !== reply.queryId) {
      socket.destroy(new Error(`reply to ${reply.queryId} while ${call?.queryId ?? 'nothing'} runs`));
      return;
    }
    pending = null;
    if (reply.ok) call.resolve(reply.value);
    else call.reject(QueryError.fromWire(reply.error));
  }

  const feed = createFrameReader({
    onMessage: (message) => settle(message as Reply), // our own worker's message: trusted
    onData: (bytes) => {
      if (pending !== null && !pending.sink(bytes)) socket.pause();
    },
  });

  socket.on('connect', options.onConnect);
  socket.on('data', (chunk: Buffer) => {
    try {
      feed(chunk);
    } catch (thrown) {
      socket.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  });
  // 'close' follows every error and does the work, once.
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
    const call = pending;
    pending = null;
    call?.reject(lostWorker(options.workerId));
    options.onClose();
  });

  return {
    workerId: options.workerId,
    get closed() {
      return closed;
    },
    get busy() {
      return pending !== null;
    },
    call(type, request, sink = refuseData) {
      const { queryId } = request as { queryId: string };
      if (closed) return Promise.reject(lostWorker(options.workerId));
      if (pending !== null) throw new Error(`${options.workerId}: ${type} while ${pending.queryId} runs`);
      return new Promise((resolve, reject) => {
        pending = { queryId, sink, resolve: resolve as (value: unknown) => void, reject };
        writeMessage(socket, { ...(request as object), type });
      });
    },
    cancel(queryId) {
      if (closed || pending?.queryId !== queryId) return;
      writeMessage(socket, { type: 'cancel', queryId });
      socket.resume();
    },
    resume: () => void socket.resume(),
    close: () => void socket.destroy(),
  };
}

function lostWorker(workerId: string): QueryError {
  return new QueryError(
    'worker-lost',
    `the process that ran this query (${workerId}) died before it answered`,
    {
      hint: 'Nothing was changed in the database; send the query again.',
      retryAfterSeconds: 1,
    },
  );
}
