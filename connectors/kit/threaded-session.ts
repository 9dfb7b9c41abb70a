/**
 * A session that runs on a separate thread, as the SQL worker sees it.
 *
 *   idle --call--> running --reply--> idle
 *                     | cancellation: the thread is told, and has a moment to stop
 *                     v
 *                  stopping --reply--> idle
 *   any --the thread ended, or was ended because it did not stop--> dead
 */
import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type {
  CopyToCall,
  DescribeCall,
  DescribeReply,
  FactsCall,
  FactsReply,
  IntrospectCall,
  IntrospectReply,
  RunSqlCall,
} from '../../core/protocol/sql-worker.ts';
import type { CallControl } from './call-control.ts';
import type { ByteSink, CopySummary, Session } from './connector.ts';
import {
  type FromThread,
  NO_FILE,
  type ThreadCall,
  type ThreadData,
  type ToThread,
} from './session-thread.ts';

/** The time for a thread to stop a cancelled call; after it the thread is ended. */
const STOP_GRACE_MS = 1000;

interface RunningCall {
  readonly sink: ByteSink | null;
  readonly control: CallControl;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: QueryError) => void;
  readonly onCancel: () => void;
  /** The number of pieces that the sink has not written yet. */
  waiting: number;
}

/**
 * Starts the thread of `entry` and resolves when its session is open. Rejects with the thread's error, and when the thread ends
 * or lets `timeoutMs` pass before it is open; it is ended then, because a pool waits for every session that it opens.
 */
export function openThread(entry: URL, config: unknown, timeoutMs: number): Promise<ThreadedSession> {
  const interrupt = new Int32Array(new SharedArrayBuffer(4));
  const openFile = new Int32Array(new SharedArrayBuffer(4)).fill(NO_FILE);
  const workerData: ThreadData<unknown> = { config, interrupt, openFile };
  // Node would close every descriptor that the thread opened and did not close through node:fs, by its number. Pipes are closed by
  // their sockets, and the number may be another connection's by then.
  const worker = new Worker(entry, { workerData, trackUnmanagedFds: false });
  worker.once('exit', () => closeFile(openFile));
  return new Promise((resolve, reject) => {
    const settled = (): void => {
      clearTimeout(timer);
      worker.off('exit', onExit);
      worker.off('message', onMessage);
    };
    const fail = (error: Error): void => {
      settled();
      void worker.terminate();
      reject(error);
    };
    const onExit = (): void => fail(new Error('the thread that opens it ended'));
    const onMessage = (message: FromThread): void => {
      if (message.type === 'ready') {
        settled();
        resolve(new ThreadedSession(worker, interrupt));
        return;
      }
      const { message: text, code } = message as Extract<FromThread, { type: 'failed' }>; // the other first message
      fail(Object.assign(new Error(text), code === null ? {} : { code }));
    };
    const timer = setTimeout(() => fail(new Error(`it was not open within ${timeoutMs} ms`)), timeoutMs);
    // This listener stays, so that a later error of the thread does not end the process.
    worker.on('error', fail);
    worker.on('exit', onExit);
    worker.on('message', onMessage);
  });
}

/** The thread ended without closing its file. */
function closeFile(openFile: Int32Array): void {
  const fileDescriptor = Atomics.exchange(openFile, 0, NO_FILE);
  if (fileDescriptor !== NO_FILE) closeSync(fileDescriptor);
}

export class ThreadedSession implements Session {
  readonly #worker: Worker;
  readonly #interrupt: Int32Array;
  #running: RunningCall | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isDead = false;
  #onDead: (() => void) | null = null;

  constructor(worker: Worker, interrupt: Int32Array) {
    this.#worker = worker;
    this.#interrupt = interrupt;
    worker.on('message', (message: FromThread) => this.#onMessage(message));
    worker.on('error', () => {}); // 'exit' follows
    worker.on('exit', () => this.#die());
  }

  get usable(): boolean {
    return !this.#isDead && this.#running === null;
  }

  onDead(callback: () => void): void {
    this.#onDead = callback;
  }

  describe(call: DescribeCall, control: CallControl): Promise<DescribeReply> {
    return this.#call({ type: 'describe', call }, null, control);
  }

  run(call: RunSqlCall, sink: ByteSink, control: CallControl): Promise<AnswerSummary> {
    return this.#call({ type: 'run', call }, sink, control);
  }

  copyTo(call: CopyToCall, control: CallControl): Promise<CopySummary> {
    return this.#call({ type: 'copyTo', call }, null, control);
  }

  introspect(call: IntrospectCall, control: CallControl): Promise<IntrospectReply> {
    return this.#call({ type: 'introspect', call }, null, control);
  }

  facts(call: FactsCall, control: CallControl): Promise<FactsReply> {
    return this.#call({ type: 'facts', call }, null, control);
  }

  /** Ends the thread. From now on the session is not usable, although a reply that the thread sent before may still come. */
  async end(): Promise<void> {
    this.#isDead = true;
    await this.#worker.terminate();
  }

  #call<T>(message: ThreadCall, sink: ByteSink | null, control: CallControl): Promise<T> {
    if (!this.usable) throw new Error(`${message.type} on a session that is not idle`);
    const { cancellation } = control;
    if (cancellation.reason !== null) return Promise.reject(cancellation.reason);
    return new Promise<T>((resolve, reject) => {
      const onCancel = (): void => this.#cancel();
      cancellation.onCancel(onCancel);
      const settle = resolve as (value: unknown) => void;
      this.#running = { sink, control, resolve: settle, reject, onCancel, waiting: 0 };
      sink?.setOnDrain(() => this.#drained());
      Atomics.store(this.#interrupt, 0, 0);
      this.#send(message);
    });
  }

  #cancel(): void {
    Atomics.store(this.#interrupt, 0, 1);
    this.#send({ type: 'cancel', error: this.#running!.control.cancellation.reason!.toWire() });
    this.#timer = setTimeout(() => void this.end(), STOP_GRACE_MS);
  }

  #onMessage(message: FromThread): void {
    const running = this.#running;
    if (running === null) return;
    if (message.type === 'bytes') this.#write(running, message.bytes);
    else if (message.type === 'reply') {
      this.#settle(running);
      if (message.ok) running.resolve(message.value);
      // A cancelled call reports the reason of its cancellation, not the error by which it ended.
      else running.reject(running.control.cancellation.reason ?? QueryError.fromWire(message.error));
    }
  }

  #write(running: RunningCall, { buffer }: Uint8Array): void {
    const hasRoom = running.sink!.write(Buffer.from(buffer as ArrayBuffer), () => {});
    if (hasRoom) this.#send({ type: 'written' });
    else running.waiting++;
  }

  #drained(): void {
    const running = this.#running;
    for (; running !== null && running.waiting > 0; running.waiting--) this.#send({ type: 'written' });
  }

  #settle(running: RunningCall): void {
    clearTimeout(this.#timer);
    running.control.cancellation.offCancel(running.onCancel);
    running.sink?.setOnDrain(null);
    // Pieces whose writing ends later must not be counted for the next call.
    for (; running.waiting > 0; running.waiting--) this.#send({ type: 'written' });
    this.#running = null;
  }

  #send(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #die(): void {
    this.#isDead = true;
    const running = this.#running;
    if (running !== null) {
      this.#settle(running);
      const ended = new QueryError('database-unavailable', 'the thread that read the database ended', {
        hint: 'Send the query again.',
        retryAfterSeconds: 1,
      });
      running.reject(running.control.cancellation.reason ?? ended);
    }
    this.#onDead?.();
  }
}
