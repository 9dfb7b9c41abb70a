/** Takes the rows of an input in place of a DSL worker. */
import { createServer, type Socket } from 'node:net';

export interface TakenInput {
  /** Resolves once the writer has gone, or `most` bytes were taken. */
  readonly bytes: Promise<Buffer>;
  /** Takes no more: what came so far is all. */
  close(): void;
}

/** Listens at the path for one writer. With `most`, it closes its end after so many bytes. */
export function takeInput(path: string, most = Number.POSITIVE_INFINITY): TakenInput {
  const pieces: Buffer[] = [];
  let taken = 0;
  let writer: Socket | null = null;
  const server = createServer((socket) => {
    writer = socket;
    socket.on('data', (piece) => {
      pieces.push(piece);
      taken += piece.length;
      if (taken >= most) close();
    });
    socket.on('close', close);
  });
  const bytes = new Promise<Buffer>((resolve) => {
    server.once('close', () =>
      resolve(Buffer.concat(pieces).subarray(0, most === Number.POSITIVE_INFINITY ? undefined : most)),
    );
  });
  server.listen(path);
  function close(): void {
    if (server.listening) server.close();
    writer?.destroy();
  }
  return { bytes, close };
}
