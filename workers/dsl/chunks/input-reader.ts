/**
 * Takes the rows of one input from a SQL worker (core/process/input-socket.ts), on the JavaScript thread. A socket, since it holds three times as much
 * as a pipe, in which Linux keeps 64 KB: whoever writes and whoever reads wakes up for as much less often.
 */
import { type ConnectOpts, createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net';

export interface InputReader {
  /** Reads on after the sink said that it wants no more. */
  resume(): void;
  /** The writer finds nobody who reads. */
  close(): void;
}

/** The taker of the bytes of an input. */
export interface InputSink {
  /** Returns memory for the next bytes. */
  room(): Uint8Array;
  /** Takes so many bytes, which stand in the memory that `room` returned. Returns false when no more are wanted for now. */
  took(bytes: number): boolean;
}

/** The connection of the one writer, once it came. */
interface Taker {
  resume(): void;
  destroy(): void;
}

/**
 * Takes the rows of one input from now on: a writer connects at the path. When it goes, nobody is told: the rows say themselves where they end.
 */
export function readInput(path: string, sink: InputSink, onError: (error: Error) => void): InputReader {
  const server = createServer();
  server.on('error', onError);
  server.listen(path);
  const taker = takeIntoRoom(server, sink) ?? takeCopies(server, sink);
  return {
    resume: () => taker.resume(),
    close() {
      server.close();
      taker.destroy();
    },
  };
}

interface ConnectionHandle {
  close(): void;
}

/** A listening server of Node's, with what its types do not know; null: it could not listen, and says so by an 'error'. */
interface Listening {
  readonly _handle: { onconnection?: (status: number, connection: ConnectionHandle) => void } | null;
}

/**
 * Reads right into the sink's memory, as much at a time as a socket holds. Node offers this to sockets that connect only: so the connection is taken
 * from the server's handle, as the server itself would. That is no public interface: returns null where there is none like it.
 */
export function takeIntoRoom(server: Server, sink: InputSink): Taker | null {
  const { _handle: listening } = server as unknown as Listening;
  if (typeof listening?.onconnection !== 'function') return null;
  let socket: Socket | null = null;
  listening.onconnection = (status, handle) => {
    if (status !== 0) return;
    if (socket !== null) return void handle.close(); // there is one writer
    const options = {
      handle,
      readable: true,
      writable: false,
      onread: { buffer: () => sink.room(), callback: (count: number) => sink.took(count) },
    };
    socket = new Socket(options as SocketConstructorOpts & ConnectOpts);
    socket.on('error', () => {}); // the writer has gone
  };
  return { resume: () => void socket?.resume(), destroy: () => void socket?.destroy() };
}

/** Reads into memory that Node makes for each 64 KB, and copies it. */
export function takeCopies(server: Server, sink: InputSink): Taker {
  let socket: Socket | null = null;
  server.on('connection', (connection) => {
    if (socket !== null) return void connection.destroy(); // there is one writer
    socket = connection;
    connection.on('error', () => {}); // the writer has gone
    connection.on('data', (bytes: Buffer) => {
      if (!copyTo(sink, bytes)) connection.pause();
    });
  });
  return { resume: () => void socket?.resume(), destroy: () => void socket?.destroy() };
}

/** Returns whether more bytes are wanted. */
function copyTo(sink: InputSink, bytes: Buffer): boolean {
  let wantsMore = true;
  for (let at = 0; at < bytes.length; ) {
    const room = sink.room();
    const count = bytes.copy(room, 0, at);
    wantsMore = sink.took(count);
    at += count;
  }
  return wantsMore;
}
