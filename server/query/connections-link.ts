/**
 * The server's side of the connections that the catalogue keeps: it tells the monitor what the store has, and asks it to check
 * and try definitions, for which the monitor alone can get secrets.
 */
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { FromChild } from '../../core/protocol/monitor.ts';
import type {
  ConnectionDefinition,
  ConnectionsReply,
  ConnectionsRequest,
  ExaminedConnection,
  StoredConnection,
  TakenConnections,
} from '../../core/protocol/stored-connections.ts';

/** Longer than the monitor's own patience with what it asks. */
const TIMEOUT_MS = 30_000;

export interface ConnectionsLinkDeps {
  send(message: FromChild): void;
  readonly log: Log;
}

interface Waiting {
  resolve(reply: ConnectionsReply): void;
  readonly timer: NodeJS.Timeout;
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'requestId'> : never;

export class ConnectionsLink {
  readonly #deps: ConnectionsLinkDeps;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #read: (() => Promise<readonly StoredConnection[]>) | null = null;
  #problems: Readonly<Record<string, string>> = {};
  /** The refresh that runs, and the one that begins after it: it reads what was saved meanwhile. */
  #running: Promise<TakenConnections> | null = null;
  #next: Promise<TakenConnections> | null = null;

  constructor(deps: ConnectionsLinkDeps) {
    this.#deps = deps;
  }

  /** Sets the reader of the store's connections. */
  readFrom(read: () => Promise<readonly StoredConnection[]>): void {
    this.#read = read;
  }

  /** The connections of the catalogue that are not in use, each with the reason. */
  get problems(): Readonly<Record<string, string>> {
    return this.#problems;
  }

  /** Reads the store, and resolves when all processes use what it has. Rejects with store-unavailable and no-worker. */
  refresh(): Promise<TakenConnections> {
    if (this.#running === null) return this.#start();
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<TakenConnections> {
    this.#next = null;
    const running = this.#refresh().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #refresh(): Promise<TakenConnections> {
    const connections = this.#read === null ? [] : await this.#read();
    const reply = await this.#ask({ type: 'stored-connections', connections });
    if (reply.type !== 'stored-taken' || reply.taken === null) throw failed(reply);
    this.#problems = reply.taken.problems;
    return reply.taken;
  }

  /** Hears that connections may have changed. Failures are told in the log: the next change, or the store's return, tries again. */
  changed(): void {
    this.refresh().catch((thrown: unknown) =>
      this.#deps.log.warn('connections-not-taken', { message: String(thrown) }),
    );
  }

  /** Checks a definition, and opens it where `open` says so; without one, the connection of that name. Rejects with no-worker. */
  async examine(
    name: string,
    definition: ConnectionDefinition | null,
    open: boolean,
  ): Promise<ExaminedConnection> {
    const reply = await this.#ask({ type: 'examine-connection', name, definition, open });
    if (reply.type !== 'connection-examined' || reply.examined === null) throw failed(reply);
    return reply.examined;
  }

  receive(reply: ConnectionsReply): void {
    const asked = this.#waiting.get(reply.requestId);
    if (asked === undefined) return; // the request has timed out
    this.#waiting.delete(reply.requestId);
    clearTimeout(asked.timer);
    asked.resolve(reply);
  }

  #ask(request: Unnumbered<ConnectionsRequest>): Promise<ConnectionsReply> {
    return new Promise((resolve, reject) => {
      const requestId = ++this.#lastId;
      const timer = setTimeout(() => {
        this.#waiting.delete(requestId);
        reject(new QueryError('no-worker', `the monitor did not answer within ${TIMEOUT_MS} ms`));
      }, TIMEOUT_MS);
      timer.unref();
      this.#waiting.set(requestId, { resolve, timer });
      this.#deps.send({ ...request, requestId });
    });
  }
}

function failed({ failure }: ConnectionsReply): QueryError {
  return new QueryError('no-worker', failure ?? 'the monitor gave another answer than it was asked for', {
    retryAfterSeconds: 1,
  });
}
