/** The connections that queries may name, as the monitor last sent them. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { ServerConnections } from '../../core/protocol/server-config.ts';
import type { Lexical } from '../../language/dialects/lexical.ts';
import { sourceDialect, USUAL_SOURCE } from '../../language/dialects/registry.ts';

export class ConnectionBook {
  #connections: ServerConnections;
  #revision = 0;

  constructor(connections: ServerConnections) {
    this.#connections = connections;
  }

  get names(): readonly string[] {
    return this.#connections.connectionNames;
  }

  /** The connection of queries that name none. */
  get defaultName(): string {
    return this.#connections.defaultConnection;
  }

  /** A number that changes with the connections; it is part of the keys of cached facts about them. */
  get revision(): number {
    return this.#revision;
  }

  /** Returns the lexical rules of the connection's SQL; the usual ones when it is gone while a query of its runs. */
  lexicalOf(name: string): Lexical {
    const { dialects } = this.#connections;
    return (Object.hasOwn(dialects, name) ? sourceDialect(dialects[name]!) : USUAL_SOURCE).lexical;
  }

  change(connections: ServerConnections): void {
    this.#connections = connections;
    this.#revision++;
  }

  /** Throws unknown-connection when there is no connection with this name. */
  check(name: string): void {
    const { names } = this;
    if (names.includes(name)) return;
    throw new QueryError('unknown-connection', `there is no connection ${name}`, {
      hint: `Connections here: ${names.join(', ')}.`,
      suggestions: names,
    });
  }
}
