/**
 * How the HTTP server goes away without failing a request: it accepts no more connections, answers what comes on the
 * open ones with `Connection: close`, and closes a connection only after it had no request for a while.
 *
 *   open --begin--> lingering --every connection closed--> done
 *                      '--graceMs over--> refusing --REFUSING_MS--> done
 *
 * - `http.close()` would close idle connections at once; a request that is just on its way on one of them would be
 *   answered by a reset, which a client cannot tell from a query that was run.
 * - Before a connection is closed, what the kernel holds for it is read: after a pause of this process the timers
 *   come before the data.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/**
 * With a successor: clients whose next request comes within this time learn from its answer to connect anew. Longer than
 * HTTP clients usually keep an idle connection for (Node's own 4 s): those close first, and send nothing on its way.
 */
const LINGER_MS = 5000;
/** For the answers of what was aborted. */
const REFUSING_MS = 500;

export interface DrainOptions {
  readonly graceMs: number;
  /** Another server takes the new connections; without one, nothing speaks for waiting. */
  readonly successor: boolean;
  /** The grace is over: end what runs, refuse what comes. */
  refuse(): void;
}

export class HttpDrain {
  readonly #http: Server;
  /** Requests under way on each open connection. */
  readonly #requests = new Map<Socket, number>();
  /** null before `begin`. */
  #lingerMs: number | null = null;

  constructor(http: Server) {
    this.#http = http;
    http.on('connection', (socket: Socket) => {
      this.#requests.set(socket, 0);
      socket.once('close', () => this.#requests.delete(socket));
    });
    http.prependListener('request', (request, response) => this.#track(request, response));
  }

  /** Resolves when every connection is closed. Called once. */
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
    // Its client's next request must reach the successor.
    if (this.#lingerMs !== null) response.setHeader('Connection', 'close');
    response.once('close', () => {
      const requests = this.#requests.get(socket);
      if (requests === undefined) return; // the connection closed first
      this.#requests.set(socket, requests - 1);
      if (this.#lingerMs !== null) this.#closeIfIdle(socket);
    });
  }

  /** After the time to linger, and after one more look at what has arrived. */
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
