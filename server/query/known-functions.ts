/**
 * Functions that a database was asked about a moment ago and found harmless, so that it is not asked again with each query.
 * Kept for some seconds: a function that is created meanwhile is noticed that much later. Refusals are not kept.
 */
import type { FunctionUse } from '../../core/protocol/plan.ts';

export interface KnownFunctionsOptions {
  readonly maxAgeMs: number;
  readonly now: () => number;
}

/** One way in which a function of this name may be called. */
interface Known {
  readonly as: FunctionUse['as'];
  readonly schema: string | null;
  foundAt: number;
}

/** Names that are kept for one connection; when there are more, all are asked about again. */
const MAX_NAMES = 10_000;
/** Scopes that are kept; when there are more, all are forgotten. */
const MAX_SCOPES = 1000;
const NONE: readonly FunctionUse[] = [];

export class KnownFunctions {
  readonly #options: KnownFunctionsOptions;
  /** By scope, connection and name: a role's search path decides what a name means. On the way of every query: no key is put together, and nothing made, to look. */
  readonly #scopes = new Map<string, Map<string, Map<string, Known[]>>>();

  /** Answers to earlier questions may be about another database. */
  #heldSince = Number.NEGATIVE_INFINITY;

  constructor(options: KnownFunctionsOptions) {
    this.#options = options;
  }

  /** All of them, unless every one is known: then none. */
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

  /** They were asked about, and are harmless, as of `askedAt`. */
  found(scope: string, connection: string, functions: readonly FunctionUse[], askedAt: number): void {
    if (functions.length === 0 || askedAt < this.#heldSince) return;
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

  /** Nothing that was found of these connections so far holds any more, nor what is being asked now. */
  forget(connections: readonly string[]): void {
    if (connections.length > 0) this.#heldSince = this.#options.now();
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
