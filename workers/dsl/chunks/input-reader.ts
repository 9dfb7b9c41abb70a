/**
 * Takes the rows of one input from a SQL worker (core/process/input-socket.ts), on the JavaScript thread. A socket, since it holds three times as much
 * as a pipe, in which Linux keeps 64 KB: whoever writes and whoever reads wakes up for as much less often.
 */
import { type ConnectOpts, createServer, Socket, type SocketConstructorOpts } from 'node:net';

export interface InputReader {
  /** Reads on after the sink said that it wants no more. */
  resume(): void;
  /** The writer finds nobody who reads. */
  close(): void;
}

/** The taker of the bytes of an input pipe. */
export interface InputSink {
  /** Returns memory for the next bytes. */
  room(): Uint8Array;
  /** Takes so many bytes, which stand in the memory that `room` returned. Returns false when no more are wanted for now. */
  took(bytes: number): boolean;
}

/** A listening server of Node's, with what its types do not know; null: it could not listen, and says so by an 'error'. */
interface Listening {
  readonly _handle: { onconnection: (status: number, connection: { close(): void }) => void } | null;
}

/**
 * Takes the rows of one input from now on: a writer connects at the path. When it goes, nobody is told: the rows say themselves where they end.
 * Node gives memory of one's own to read into to sockets that connect only, and would allocate some for each 64 KB here: so the connection is
 * taken from the server's handle, as the server itself would.
 */
export function readInput(path: string, sink: InputSink, onError: (error: Error) => void): InputReader {
  let socket: Socket | null = null;
  const server = createServer();
  server.on('error', onError);
  server.listen(path);
  const { _handle: listening } = server as unknown as Listening;
  if (listening !== null) listening.onconnection = take;
  function take(status: number, handle: { close(): void }): void {
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
  }
  return {
    resume: () => void socket?.resume(),
    close() {
      server.close();
      socket?.destroy();
    },
  };
}
