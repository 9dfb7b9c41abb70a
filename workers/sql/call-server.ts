/**
 * The worker's side of the unix socket: one call at a time on each, any number of sockets.
 *
 *   idle --a call arrives--> calling --reply written--> idle
 *                               | `cancel` or the socket's end: the call's control is aborted
 *
 * Every call gets exactly one reply, unless its socket is gone. A second call while one runs is a broken protocol and ends the
 * socket. A `cancel` for a query that is not (or no longer) running here is late: nothing to do.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../../logger/log.ts';
import { QueryError } from '../errors.ts';
import { createFrameReader, writeData, writeMessage } from '../frames.ts';
import { type CallControl, createCallControl } from './call-control.ts';
import type { FromSqlWorker, ToSqlWorker } from './messages.ts';
import type { ByteSink } from './run-sql.ts';

export type SqlCall = Exclude<ToSqlWorker, { type: 'cancel' }>;

/** Runs a call to its reply's value; rejects with what becomes the reply's error. */
export type CallHandler = (call: SqlCall, sink: ByteSink, control: CallControl) => Promise<unknown>;

/** Room for two encoded buffers, so that writing and reading overlap. */
const SOCKET_BUFFER_BYTES = 256 * 1024;

export interface CallServer {
  listen(socketPath: string): Promise<void>;
  readonly runningCalls: number;
  /** Takes no new connection; resolves when no call runs, at the latest (by cancelling) after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

interface RunningCall {
  readonly queryId: string;
  readonly control: CallControl;
}

export function createCallServer(handle: CallHandler, log: Log): CallServer {
  const sockets = new Set<Socket>();
  const running = new Set<RunningCall>();
  let onIdle: (() => void) | null = null;

  async function runCall(socket: Socket, message: SqlCall, call: RunningCall): Promise<FromSqlWorker> {
    const sink = createSink(socket);
    try {
      const value = await handle(message, sink, call.control);
      return { type: 'reply', queryId: call.queryId, ok: true, value };
    } catch (thrown) {
      const error = QueryError.from(thrown);
      if (error.code === 'internal')
        log.error('call-failed', { queryId: call.queryId, ...describeCause(thrown) });
      return { type: 'reply', queryId: call.queryId, ok: false, error: error.toWire() };
    } finally {
      call.control.dispose();
      running.delete(call);
    }
  }

  function onConnection(socket: Socket): void {
    sockets.add(socket);
    let current: RunningCall | null = null;
    const onMessage = (message: ToSqlWorker): void => {
      if (message.type === 'cancel') {
        if (current?.queryId === message.queryId)
          current.control.cancel(cancelled('the query was cancelled'));
        return;
      }
      if (current !== null) {
        socket.destroy(new Error(`call ${message.queryId} while ${current.queryId} runs`));
        return;
      }
      const call = { queryId: message.queryId, control: createCallControl(message.deadlineAt) };
      current = call;
      running.add(call);
      void runCall(socket, message, call).then((reply) => {
        current = null;
        if (!socket.destroyed) writeMessage(socket, reply);
        if (running.size === 0) onIdle?.();
      });
    };
    const feed = createFrameReader({
      onMessage: (message) => onMessage(message as ToSqlWorker), // the server's own message: trusted
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
    socket.on('error', (error) => log.warn('call-socket-error', { message: error.message }));
    socket.on('close', () => {
      sockets.delete(socket);
      current?.control.cancel(cancelled('the caller went away'));
    });
  }

  const server: Server = createServer({ highWaterMark: SOCKET_BUFFER_BYTES }, onConnection);

  return {
    listen: (socketPath) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(socketPath, () => {
          server.off('error', reject);
          resolve();
        });
      }),
    get runningCalls() {
      return running.size;
    },
    async stop(graceMs) {
      server.close();
      const timer = setTimeout(() => {
        for (const { control } of running)
          control.cancel(new QueryError('draining', 'the worker is stopping'));
      }, graceMs);
      if (running.size > 0)
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      clearTimeout(timer);
      await Promise.all([...sockets].map(endSocket));
    },
  };
}

function createSink(socket: Socket): ByteSink {
  let onDrain: (() => void) | null = null;
  return {
    write: (bytes) => socket.destroyed || writeData(socket, bytes),
    setOnDrain(callback) {
      if (onDrain !== null) socket.off('drain', onDrain);
      onDrain = callback;
      if (callback !== null) socket.on('drain', callback);
    },
  };
}

const END_TIMEOUT_MS = 500;

/** Lets a last reply out. */
function endSocket(socket: Socket): Promise<void> {
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

function cancelled(message: string): QueryError {
  return new QueryError('cancelled', message);
}

function describeCause(thrown: unknown): object {
  return thrown instanceof Error
    ? { message: thrown.message, stack: thrown.stack }
    : { message: String(thrown) };
}
