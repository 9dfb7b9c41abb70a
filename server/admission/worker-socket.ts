/**
 * The server's end of one unix socket to a worker. It carries one call at a time.
 *
 *   connecting -> idle <-> calling -> closed
 *
 * - A call ends exactly once: by its reply, or by the socket's end (`worker-lost`). When its sink throws, the call is
 *   cancelled, and then ends with the thrown error.
 * - The call's sink gets result bytes as views of the chunks that arrived, and releases them once they were passed on
 *   (core/process/read-buffers.ts). A sink that has enough returns false and calls `resume()` later, so that back-pressure
 *   reaches the worker and nothing piles up here. The end of a call resumes the socket too: no call begins on a paused one.
 * - A reply to another query than the one that runs breaks the protocol: the socket is closed.
 */
import { connect, type Socket } from 'node:net';
import { ReadBuffer } from '../../core/process/read-buffers.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import { createFrameReader, writeMessage } from '../../core/protocol/frames.ts';
import type { ProgressMessage } from '../../core/protocol/source-progress.ts';
import { openSocketFile } from './socket-file.ts';

type Reply =
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: true; readonly value: unknown }
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: false; readonly error: WireError };

/** Takes result bytes, and calls `release` once they may be reused. Returns false when it wants no more until `resume()`. */
export type DataSink = (bytes: Buffer, release: () => void) => boolean;

type Named<K> = { readonly type: K; readonly queryId: string };
/** A request with its call's name in it. Adding the name to a copy of the request would cost more than the rest of a call. */
type RequestOf<C, K extends keyof C> = C[K] extends { request: infer R } ? R & Named<K> : never;
type ReplyOf<C, K extends keyof C> = C[K] extends { reply: infer R } ? R : never;

interface PendingCall {
  readonly queryId: string;
  readonly sink: DataSink;
  /** The error that the sink threw, with which the call ends whatever the worker replies; null without one. */
  sinkError: QueryError | null;
  resolve(value: unknown): void;
  reject(error: QueryError): void;
}

export interface WorkerSocketOptions {
  readonly workerId: string;
  readonly socketPath: string;
  onConnect(): void;
  /** Called with what the worker tells of a call that runs. */
  onProgress?(message: ProgressMessage): void;
  /** Called once when the socket has closed, after a pending call was rejected. */
  onClose(): void;
}

/** The sink of calls whose answers have no data. */
const refuseData: DataSink = () => {
  throw new Error('result bytes for a call that has none');
};

export class WorkerSocket<C> {
  readonly workerId: string;
  readonly #socket: Socket;
  #pending: PendingCall | null = null;
  #closed = false;
  #reading = new ReadBuffer();

  constructor({ workerId, socketPath, onConnect, onClose, onProgress }: WorkerSocketOptions) {
    this.workerId = workerId;
    const feed = this.#frameReader(onProgress);
    const file = openSocketFile(socketPath);
    this.#socket = connect({
      path: file.path,
      onread: {
        buffer: () => this.#reading.bytes,
        callback: (length) => {
          this.#read(feed, length);
          return true;
        },
      },
    });
    this.#socket.on('connect', () => {
      file.close();
      onConnect();
    });
    // 'close' follows every error and does the clean-up, once.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      file.close();
      this.#closed = true;
      const call = this.#takePending();
      call?.reject(call.sinkError ?? lostWorker(workerId));
      onClose();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get busy(): boolean {
    return this.#pending !== null;
  }

  /** Calls the worker. Rejects with QueryError: the worker's own, or worker-lost. */
  call<K extends keyof C & string>(
    request: RequestOf<C, K>,
    sink: DataSink = refuseData,
  ): Promise<ReplyOf<C, K>> {
    const { queryId, type } = request as Named<K>;
    if (this.#closed) return Promise.reject(lostWorker(this.workerId));
    if (this.#pending !== null)
      throw new Error(`${this.workerId}: ${type} while ${this.#pending.queryId} runs`);
    return new Promise((resolve, reject) => {
      this.#pending = {
        queryId,
        sink,
        sinkError: null,
        resolve: resolve as (value: unknown) => void,
        reject,
      };
      writeMessage(this.#socket, request as object);
    });
  }

  /** Asks the worker to end this query's call, if that call still runs. The worker still replies to it. */
  cancel(queryId: string): void {
    if (this.#closed || this.#pending?.queryId !== queryId) return;
    writeMessage(this.#socket, { type: 'cancel', queryId });
    this.#socket.resume();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #frameReader(onProgress: WorkerSocketOptions['onProgress']): (chunk: Buffer) => void {
    return createFrameReader({
      onMessage: (given) => {
        const message = given as Reply | ProgressMessage; // messages of our own workers are trusted
        if (message.type === 'progress') onProgress?.(message);
        else this.#settle(message);
      },
      onData: (bytes) => {
        const call = this.#pending;
        if (call !== null && call.sinkError === null && !this.#passTo(call, bytes)) this.#socket.pause();
      },
    });
  }

  /** Passes bytes to the call's sink. When the sink throws, the call is cancelled and will end with that error. */
  #passTo(call: PendingCall, bytes: Buffer): boolean {
    try {
      return call.sink(bytes, this.#reading.hold());
    } catch (thrown) {
      call.sinkError = QueryError.from(thrown);
      this.cancel(call.queryId);
      return true;
    }
  }

  /** Passes on the bytes that were read and prepares the next read: into the same memory when nobody holds a view of it. */
  #read(feed: (chunk: Buffer) => void, length: number): void {
    const filled = this.#reading;
    const release = filled.hold();
    try {
      feed(filled.bytes.subarray(0, length));
    } catch (thrown) {
      this.#socket.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
    release();
    this.#reading = new ReadBuffer();
  }

  #settle(reply: Reply): void {
    const runningId = this.#pending?.queryId ?? null;
    if (runningId !== reply.queryId) {
      this.#socket.destroy(new Error(`reply to ${reply.queryId} while ${runningId ?? 'nothing'} runs`));
      return;
    }
    const call = this.#takePending();
    // The sink may have returned false for the last bytes, and will not resume any more; the next call needs a flowing socket.
    this.#socket.resume();
    if (call !== null && call.sinkError !== null) call.reject(call.sinkError);
    else if (reply.ok) call?.resolve(reply.value);
    else call?.reject(QueryError.fromWire(reply.error));
  }

  /** Removes and returns the pending call. The caller must end it: a call ends exactly once. */
  #takePending(): PendingCall | null {
    const call = this.#pending;
    this.#pending = null;
    return call;
  }
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
