/**
 * Closes the HTTP server without failing a request: it accepts no more connections, answers requests on the open ones with
 * `Connection: close`, and closes a connection only after it had no request for a while.
 *
 *   open --begin--> lingering --every connection closed--> done
 *                      '--graceMs over--> refusing --REFUSING_MS--> done
 *
 * - `http.close()` would close idle connections at once. A request that is on its way on one of them would then end in a
 *   reset, after which the client cannot know whether its query was run.
 * - Before a connection is closed, the data that the kernel holds for it is read: when this process was paused, timers fire
 *   before that data is seen.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import { Server as NetServer, type Socket } from 'node:net';

/**
 * The time for which idle connections stay open when there is a successor. A client that sends a request meanwhile is told
 * by the answer to open a new connection. HTTP clients usually keep an idle connection for less (Node's client 4 s), so that
 * most close it themselves and lose no request.
 */
const LINGER_MS = 5000;
/** The time for sending the answers of queries that were aborted. */
const REFUSING_MS = 500;

export interface DrainOptions {
  readonly graceMs: number;
  /** Whether another server takes the new connections already; without one there is no reason to linger. */
  readonly successor: boolean;
  /** Called when the grace period is over: must end all running queries and refuse new requests. */
  refuse(): void;
}

export class HttpDrain {
  readonly #http: Server;
  /** The number of unanswered requests on each open connection. */
  readonly #requests = new Map<Socket, number>();
  /** The time that idle connections stay open; null before `begin`. */
  #lingerMs: number | null = null;

  constructor(http: Server) {
    this.#http = http;
    // With TLS, requests come on the socket that decrypts.
    http.on(http instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#requests.set(socket, 0);
      if (this.#lingerMs !== null) this.#closeIfIdle(socket); // the handshake ended only now
      socket.once('close', () => this.#requests.delete(socket));
    });
    http.prependListener('request', (request, response) => this.#track(request, response));
  }

  /** Drains the server; resolves when every connection is closed. May be called once. */
  async begin({ graceMs, successor, refuse }: DrainOptions): Promise<void> {
    this.#lingerMs = successor ? LINGER_MS : 0;
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(this.#http, () => resolve());
    });
    for (const [socket, requests] of this.#requests) if (requests === 0) this.#closeIfIdle(socket);
    const hard = setTimeout(() => this.#endHard(refuse), graceMs);
    await closed;
    clearTimeout(hard);
  }

  #track({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    // The client's next request must go to the successor, over a new connection.
    if (this.#lingerMs !== null) response.setHeader('Connection', 'close');
    response.once('close', () => {
      const requests = this.#requests.get(socket);
      if (requests === undefined) return; // the connection closed first
      this.#requests.set(socket, requests - 1);
      if (this.#lingerMs !== null) this.#closeIfIdle(socket);
    });
  }

  /** Closes the connection if it has no request after the time to linger, and after data that has arrived was read. */
  #closeIfIdle(socket: Socket): void {
    const close = (): void => {
      if (this.#requests.get(socket) === 0) socket.destroy();
    };
    setTimeout(() => setImmediate(() => setImmediate(close)), this.#lingerMs ?? 0);
  }

  #endHard(refuse: () => void): void {
    this.#lingerMs = 0;
    refuse();
    for (const [socket, requests] of this.#requests) if (requests === 0) this.#closeIfIdle(socket);
    setTimeout(() => this.#http.closeAllConnections(), REFUSING_MS).unref();
  }
}
