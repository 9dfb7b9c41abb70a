/**
 * Limits the number of connections of all clients and of each client, so that a client that only opens sockets leaves room
 * for the others. A connection over the limit gets a problem document and is closed; it never reaches the HTTP parser.
 */
import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { LimitRef } from '../../core/protocol/errors.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { rawProblem } from '../answer/raw-problem.ts';

export interface ConnectionLimitOptions {
  readonly connections: number;
  readonly connectionsPerClient: number;
  /** Returns the client that a connection counts for; null when it counts only among the connections of all. */
  ownerOf(socket: Socket): string | null;
  onRefused(limit: LimitRef): void;
}

/** Replaces Node's own listener for connections, and calls that one for connections within the limits. */
export function limitConnections(http: Server, options: ConnectionLimitOptions): void {
  const [serve, ...others] = http.listeners('connection') as ((socket: Socket) => void)[];
  if (serve === undefined || others.length > 0)
    throw new Error('this version of Node handles connections otherwise: they cannot be counted');
  const counts = new ConnectionCounts(options);
  http.removeListener('connection', serve);
  http.on('connection', (socket: Socket) => {
    const refused = counts.enter(socket);
    if (refused === null) serve.call(http, socket);
    else {
      options.onRefused(refused.details.limit!); // `tooMany` sets it
      if (http instanceof TlsServer)
        socket.destroy(); // the client could not read an answer without TLS
      else refuse(socket, refused);
    }
  });
}

class ConnectionCounts {
  readonly #options: ConnectionLimitOptions;
  readonly #byOwner = new Map<string, number>();
  #all = 0;

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
  }

  /** Counts the connection until it closes and returns null; returns the error when it is over a limit. */
  enter(socket: Socket): QueryError | null {
    const { connections, connectionsPerClient, ownerOf } = this.#options;
    if (this.#all >= connections) return tooMany('connections', connections, 'all clients together hold');
    const owner = ownerOf(socket);
    const held = owner === null ? 0 : (this.#byOwner.get(owner) ?? 0);
    if (held >= connectionsPerClient)
      return tooMany('connectionsPerClient', connectionsPerClient, `${owner} holds`);
    this.#all++;
    if (owner !== null) this.#byOwner.set(owner, held + 1);
    socket.once('close', () => this.#leave(owner));
    return null;
  }

  #leave(owner: string | null): void {
    this.#all--;
    if (owner === null) return;
    const left = this.#byOwner.get(owner)! - 1; // `enter` counted this connection
    if (left > 0) this.#byOwner.set(owner, left);
    else this.#byOwner.delete(owner);
  }
}

function tooMany(name: string, value: number, who: string): QueryError {
  return new QueryError('too-many-connections', `${who} ${value} connections already`, {
    hint: 'Use a connection for several requests, and close those that are not used.',
    limit: { name, value, observed: value },
    retryAfterSeconds: 1,
  });
}

/** Sends the error without reading the request, and destroys the connection once the answer was sent or failed. */
function refuse(socket: Socket, error: QueryError): void {
  socket.on('error', () => {}); // the client may be gone before the answer is sent
  socket.end(rawProblem(error), () => socket.destroy());
}
