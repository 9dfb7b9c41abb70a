/**
 * A unix-socket server for one connection at a time: one that comes replaces the one before. It reads frames and hands
 * on whole messages.
 */
import { createServer, type Socket } from 'node:net';
import type { Log } from '../../core/logging/log.ts';
import { createFrameReader } from '../../core/protocol/frames.ts';

export interface OneConnectionDeps<M> {
  readonly log: Log;
  /** A message of our own server's: trusted to be one of its kind. */
  onMessage(message: M, socket: Socket): void;
  /** The connection has closed or was replaced. */
  onLost(): void;
}

export interface OneConnection {
  listen(socketPath: string): Promise<void>;
  /** Takes no other connection. */
  stopListening(): void;
  /** Ends the connection after what is written to it. */
  end(): void;
}

export function createOneConnection<M>({ log, onMessage, onLost }: OneConnectionDeps<M>): OneConnection {
  let current: Socket | null = null;

  function lose(socket: Socket): void {
    if (current !== socket) return;
    current = null;
    onLost();
  }

  const server = createServer((socket) => {
    const replaced = current;
    if (replaced !== null) {
      replaced.destroy();
      lose(replaced);
    }
    current = socket;
    readMessages(socket, (message) => onMessage(message as M, socket));
    socket.on('error', (error) => log.info('socket-error', { message: error.message }));
    socket.on('close', () => lose(socket));
  });

  return {
    listen(socketPath) {
      return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(socketPath, resolve);
      });
    },
    stopListening: () => void server.close(),
    end: () => void current?.end(),
  };
}

/** A stream that is not framed as it should be closes its socket. */
function readMessages(socket: Socket, onMessage: (message: unknown) => void): void {
  const read = createFrameReader({
    onMessage,
    onData: () => socket.destroy(new Error('result bytes sent to a worker')),
  });
  socket.on('data', (chunk) => {
    try {
      read(chunk);
    } catch (thrown) {
      socket.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  });
}
