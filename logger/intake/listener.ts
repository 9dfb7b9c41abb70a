/**
 * The log socket: takes lines from clients, acknowledges what is in the file, answers questions (what one connection
 * says is in connection.ts). When the file cannot keep up, sockets are no longer read, and the clients' own
 * bounded buffers take over.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../../core/logging/log.ts';
import { createLineSplitter } from '../../core/logging/wire.ts';
import { Connection } from './connection.ts';
import type { Merger } from './merger.ts';
import { Peers } from './peers.ts';
import type { Answers } from './questions.ts';
import type { ProcessTable } from './raw-tail.ts';
import type { SpillMerge } from './spill-merge.ts';

export interface ListenerDeps {
  readonly merger: Merger;
  readonly spills: SpillMerge;
  readonly log: Log;
  readonly answers: Answers;
}

const MAX_LINE_BYTES = 2 * 1024 * 1024;

export class Listener {
  readonly #deps: ListenerDeps;
  readonly #peers = new Peers();
  readonly #sockets = new Set<Socket>();
  readonly #servers: readonly [Server, Server];
  #receivedBytes = 0;

  constructor(deps: ListenerDeps) {
    this.#deps = deps;
    this.#servers = [
      createServer((socket) => this.#serve(socket, false)),
      createServer((socket) => this.#serve(socket, true)),
    ];
  }

  get processes(): ProcessTable {
    return this.#peers;
  }

  /** Bytes that ever came: to see whether something still comes. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Listens on the socket of all processes, and on the one that sandboxed processes see, which takes lines alone. */
  async listen(socketPath: string, linesSocketPath: string): Promise<void> {
    const [everybody, sandboxed] = this.#servers;
    await Promise.all([listenOn(everybody, socketPath), listenOn(sandboxed, linesSocketPath)]);
  }

  /** Takes no more connections and ends those there are. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket, linesOnly: boolean): void {
    const { merger, spills, log, answers } = this.#deps;
    const connection = new Connection(socket, {
      ...{ merger, spills, log, answers, peers: this.#peers },
      linesOnly,
    });
    const split = createLineSplitter(MAX_LINE_BYTES, (line) => connection.onLine(line));
    this.#sockets.add(socket);
    socket.on('data', (chunk: Buffer) => this.#onData(socket, chunk, split));
    socket.on('error', () => {}); // 'close' follows; the client has what was not acknowledged
    socket.on('close', () => {
      this.#sockets.delete(socket);
      connection.onClose();
    });
  }

  #onData(socket: Socket, chunk: Buffer, split: (chunk: Buffer) => void): void {
    const { log, merger } = this.#deps;
    this.#receivedBytes += chunk.length;
    try {
      split(chunk);
    } catch (error) {
      log.warn('log-connection-refused', { error });
      socket.destroy();
    }
    if (!merger.full) return;
    socket.pause();
    void merger.room().then(() => socket.resume());
  }
}

function listenOn(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 511 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
