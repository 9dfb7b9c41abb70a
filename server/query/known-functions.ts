/**
 * Remembers functions that a database's catalogue recently showed to be harmless, so that they are not looked up again with
 * each query. They are kept for some seconds: a function that is created or changed is noticed that much later. Refusals are
 * not kept.
 */
import type { FunctionUse } from '../../core/protocol/plan.ts';

export interface KnownFunctionsOptions {
  readonly maxAgeMs: number;
  readonly now: () => number;
}

/** One way of calling a function that is known to be harmless; the name is the key in the map. */
interface Known {
  readonly as: FunctionUse['as'];
  readonly schema: string | null;
  foundAt: number;
}

/** The most names kept for one connection; when there are more, all of them are forgotten. */
const MAX_NAMES = 10_000;
/** The most scopes kept; when there are more, all of them are forgotten. */
const MAX_SCOPES = 1000;
const NONE: readonly FunctionUse[] = [];

export class KnownFunctions {
  readonly #options: KnownFunctionsOptions;
  /**
   * Known functions by scope, connection and name: the search path of a connection's role decides what a name means. Nested
   * maps, because every query looks here and a combined key would have to be built each time.
   */
  readonly #scopes = new Map<string, Map<string, Map<string, Known[]>>>();

  /** The time of the last `forget`: results of look-ups that began before it may be about another database. */
  #forgottenAt = Number.NEGATIVE_INFINITY;

  constructor(options: KnownFunctionsOptions) {
    this.#options = options;
  }

  /** Returns the functions that must be looked up: none when all are known, otherwise all of them. */
  inQuestion(scope: string, connection: string, functions: readonly FunctionUse[]): readonly FunctionUse[] {
    if (functions.length === 0) return NONE;
    const names = this.#scopes.get(scope)?.get(connection);
    if (names === undefined) return functions;
    const oldest = this.#options.now() - this.#options.maxAgeMs;
    for (const use of functions) {
      const known = knownOf(names, use);
      if (known === undefined || known.foundAt < oldest) return functions;
    }
    return NONE;
  }

  /** Remembers functions that a look-up, begun at `askedAt`, found harmless. */
  found(scope: string, connection: string, functions: readonly FunctionUse[], askedAt: number): void {
    if (functions.length === 0 || askedAt < this.#forgottenAt) return;
    const connections = this.#connectionsOf(scope);
    let names = connections.get(connection);
    if (names === undefined || names.size + functions.length > MAX_NAMES) {
      names = new Map();
      connections.set(connection, names);
    }
    for (const use of functions) {
      const known = knownOf(names, use);
      if (known !== undefined) known.foundAt = askedAt;
      else {
        const { as, schema, name } = use;
        const ofName = names.get(name);
        if (ofName === undefined) names.set(name, [{ as, schema, foundAt: askedAt }]);
        else ofName.push({ as, schema, foundAt: askedAt });
      }
    }
  }

  /** Forgets everything about these connections, and ignores results of look-ups that are still under way. */
  forget(connections: readonly string[]): void {
    if (connections.length > 0) this.#forgottenAt = this.#options.now();
    for (const scope of this.#scopes.values()) for (const name of connections) scope.delete(name);
  }

  #connectionsOf(scope: string): Map<string, Map<string, Known[]>> {
    const known = this.#scopes.get(scope);
    if (known !== undefined) return known;
    if (this.#scopes.size >= MAX_SCOPES) this.#scopes.clear();
    const made = new Map<string, Map<string, Known[]>>();
    this.#scopes.set(scope, made);
    return made;
  }

  now(): number {
    return this.#options.now();
  }
}

function knownOf(names: ReadonlyMap<string, readonly Known[]>, use: FunctionUse): Known | undefined {
  const ofName = names.get(use.name);
  if (ofName === undefined) return undefined;
  for (const known of ofName) if (known.as === use.as && known.schema === use.schema) return known;
  return undefined;
}
