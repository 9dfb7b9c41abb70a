/**
 * A session on a separate thread, for drivers that block the thread they run on: this is the thread's side, and
 * `threaded-session.ts` the worker's. Rows are encoded here, and rows for the stage engine are written to it here.
 *
 * The messages are: a call, then bytes of its answer, each acknowledged once it is written, then the call's reply. A cancel
 * comes as a message for code that waits, and through shared memory (`isInterrupted`) for code that does not.
 */
import type { MessagePort } from 'node:worker_threads';
import { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type {
  CopyToCall,
  DescribeCall,
  FactsCall,
  IntrospectCall,
  RunSqlCall,
} from '../../core/protocol/sql-worker.ts';
import type { CallControl } from './call-control.ts';
import type { ByteSink, Session } from './connector.ts';

export type ThreadCall =
  | { readonly type: 'describe'; readonly call: DescribeCall }
  | { readonly type: 'run'; readonly call: RunSqlCall }
  | { readonly type: 'copyTo'; readonly call: CopyToCall }
  | { readonly type: 'introspect'; readonly call: IntrospectCall }
  | { readonly type: 'facts'; readonly call: FactsCall };

export type ToThread =
  | ThreadCall
  | { readonly type: 'cancel'; readonly error: WireError }
  | { readonly type: 'written' };

export type FromThread =
  | { readonly type: 'ready' }
  /** The session cannot be opened; the thread ends. */
  | { readonly type: 'failed'; readonly message: string; readonly code: string | null }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'reply'; readonly ok: true; readonly value: unknown }
  | { readonly type: 'reply'; readonly ok: false; readonly error: WireError };

/** The calls that run on the thread. */
export type ThreadSession = Pick<Session, 'describe' | 'run' | 'copyTo' | 'introspect' | 'facts'>;

/** The data that a thread gets when it starts. */
export interface ThreadData<Config> {
  readonly config: Config;
  /** Shared memory whose first element is 1 while the running call must end. */
  readonly interrupt: Int32Array;
  /** Shared memory whose first element is the descriptor of the file that the thread has open, or NO_FILE: who ends the thread closes it. */
  readonly openFile: Int32Array;
}

export const NO_FILE = -1;

/** The most pieces of an answer that are not written yet; the next one waits. */
const MOST_UNWRITTEN = 4;

/** Serves the calls that come on `port`, one at a time, with the session that `open` makes. */
export function serveSession(port: MessagePort, open: () => ThreadSession): void {
  const send = (message: FromThread, bytes: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, bytes);
  let session: ThreadSession;
  try {
    session = open();
  } catch (thrown) {
    const { message, code = null } = thrown as NodeJS.ErrnoException;
    send({ type: 'failed', message, code });
    port.close();
    return;
  }
  const sink = new PortSink(send);
  let running: Cancellation | null = null;
  port.on('message', (message: ToThread) => {
    if (message.type === 'written') return sink.written();
    if (message.type === 'cancel') return running?.cancel(QueryError.fromWire(message.error));
    const cancellation = new Cancellation();
    running = cancellation;
    const control = { cancellation, deadlineAt: message.call.deadlineAt, dispose: () => {} };
    void replyTo(session, message, sink, control).then((reply) => {
      running = null;
      send(reply);
    });
  });
  send({ type: 'ready' });
}

async function replyTo(
  session: ThreadSession,
  message: ThreadCall,
  sink: ByteSink,
  control: CallControl,
): Promise<FromThread> {
  try {
    return { type: 'reply', ok: true, value: await runOn(session, message, sink, control) };
  } catch (thrown) {
    return { type: 'reply', ok: false, error: QueryError.from(thrown).toWire() };
  }
}

function runOn(
  session: ThreadSession,
  message: ThreadCall,
  sink: ByteSink,
  control: CallControl,
): Promise<unknown> {
  switch (message.type) {
    case 'describe':
      return session.describe(message.call, control);
    case 'run':
      return session.run(message.call, sink, control);
    case 'copyTo':
      return session.copyTo(message.call, control);
    case 'introspect':
      return session.introspect(message.call, control);
    case 'facts':
      return session.facts(message.call, control);
    default:
      return message satisfies never;
  }
}

class PortSink implements ByteSink {
  readonly #send: (message: FromThread, bytes: readonly ArrayBuffer[]) => void;
  #onDrain: (() => void) | null = null;
  #unwritten = 0;

  constructor(send: (message: FromThread, bytes: readonly ArrayBuffer[]) => void) {
    this.#send = send;
  }

  write(bytes: Buffer, onWritten: () => void): boolean {
    const copy = new Uint8Array(bytes);
    onWritten();
    this.#send({ type: 'bytes', bytes: copy }, [copy.buffer]);
    return ++this.#unwritten < MOST_UNWRITTEN;
  }

  setOnDrain(callback: (() => void) | null): void {
    this.#onDrain = callback;
  }

  written(): void {
    if (--this.#unwritten < MOST_UNWRITTEN) this.#onDrain?.();
  }
}
