/** The connections that queries may name, as the monitor last sent them. */
import type { DialectName } from '../../core/protocol/dialect-name.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
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

  /** Whether the catalogue keeps the connection; the others are the configuration's. */
  isStored(name: string): boolean {
    return this.#connections.storedConnections.includes(name);
  }

  /** The connection of the principal's queries that name none: its only one, where it sees one alone. */
  defaultOf({ rights: { connections } }: Principal): string {
    return connections?.length === 1 ? connections[0]! : this.#connections.defaultConnection;
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

  /** Returns the connections that the principal sees. */
  seenBy({ rights: { connections } }: Principal): readonly string[] {
    return connections === null ? this.names : this.names.filter((each) => connections.includes(each));
  }

  /** Tells whether there is such a connection and the principal may know it. */
  isSeen(name: string, { rights: { connections } }: Principal): boolean {
    return (connections === null || connections.includes(name)) && this.names.includes(name);
  }

  /** Returns the dialect of the connection's database; undefined when there is no such connection. */
  dialectOf(name: string): DialectName | undefined {
    const { dialects } = this.#connections;
    return Object.hasOwn(dialects, name) ? dialects[name] : undefined;
  }

  /** Returns the hash of what the connection leads to; empty when there is no such connection. */
  versionOf(name: string): string {
    const { versions } = this.#connections;
    return Object.hasOwn(versions, name) ? versions[name]! : '';
  }

  /** Returns what quotes a name as the connection's database does. Throws for one that is not there. */
  quoteNameIn(name: string): (text: string) => string {
    return sourceDialect(this.#connections.dialects[name]!).quoteName;
  }

  /** Whether DSL workers read the connection's rows themselves, from files. */
  isScanned(name: string): boolean {
    const { dialects } = this.#connections;
    return Object.hasOwn(dialects, name) && sourceDialect(dialects[name]!).scanned;
  }

  /** Whether DSL workers read the connection's files by the network. */
  isRemote(name: string): boolean {
    return this.#connections.remoteConnections.includes(name);
  }

  change(connections: ServerConnections): void {
    this.#connections = connections;
    this.#revision++;
  }

  /**
   * Returns the role whose login the principal's statements on this connection use; null where it has one login for everybody.
   * Throws no-login when no role of the principal has one, and when several have: which one counts would be a guess.
   */
  roleOf(name: string, { id, roles }: Principal): string | null {
    const { roleLogins } = this.#connections;
    if (!Object.hasOwn(roleLogins, name)) return null;
    const withLogin = roleLogins[name]!;
    const held = roles.filter((role) => withLogin.includes(role));
    if (held.length === 1) return held[0]!;
    if (held.length === 0)
      throw new QueryError('no-login', `${id} has no login for the connection ${name}`, {
        hint:
          `Its roles: ${roles.length === 0 ? 'none' : roles.join(', ')}. ` +
          `Ask whoever runs this server for a role that has one (connections.${name}.roles of the configuration).`,
      });
    throw new QueryError(
      'no-login',
      `${id} has several logins for the connection ${name}, and must have one`,
      {
        hint: `The roles ${held.join(' and ')} have a login each. Ask whoever runs this server to take one of the roles away.`,
      },
    );
  }

  /** Throws unknown-connection when there is no such connection, and when the principal may not know that there is one. */
  check(name: string, principal: Principal): void {
    if (this.isSeen(name, principal)) return;
    const names = this.seenBy(principal);
    throw new QueryError('unknown-connection', `there is no connection ${name}`, {
      ...(this.names.includes(name) && { rule: `connections: ${name}` }),
      hint: `Connections here: ${names.join(', ')}.`,
      suggestions: names,
    });
  }
}
