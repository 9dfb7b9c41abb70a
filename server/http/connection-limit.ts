/**
 * How many connections there may be: of all clients, and of each address, so that one that opens sockets and says nothing
 * leaves room for the others. One too many gets a problem document in place of any answer and is closed; it never
 * reaches the HTTP parser.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { LimitRef } from '../../core/protocol/errors.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { rawProblem } from '../answer/raw-problem.ts';

export interface ConnectionLimitOptions {
  readonly connections: number;
  readonly connectionsPerClient: number;
  /** By whom a connection counts; null: only among all. */
  ownerOf(socket: Socket): string | null;
  onRefused(limit: LimitRef): void;
}

/** Takes the place of Node's own listener for connections, which it calls for those that may stay. */
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
      options.onRefused(refused.details.limit!); // counts names it
      refuse(socket, refused);
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

  /** Counts it until it closes; or why it may not stay. */
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
    const left = this.#byOwner.get(owner)! - 1; // it was counted there
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

/** What the client sends is not read; it is gone for good when the answer has left, or could not. */
function refuse(socket: Socket, error: QueryError): void {
  socket.on('error', () => {}); // it need not hear the answer
  socket.end(rawProblem(error), () => socket.destroy());
}
