/**
 * Names of functions that a database was asked about a moment ago and found harmless, so that it is not asked again with
 * each query. Kept for some seconds: a function that is created meanwhile is noticed that much later. Refusals are
 * not kept.
 */
import type { FunctionUse } from '../../../language/plan.ts';

export interface KnownFunctionsOptions {
  readonly maxAgeMs: number;
  readonly now: () => number;
}

/** Names that are kept for one connection; when there are more, all are asked about again. */
const MAX_NAMES = 10_000;
const NONE: readonly FunctionUse[] = [];

export class KnownFunctions {
  readonly #options: KnownFunctionsOptions;
  readonly #connections = new Map<string, Map<string, number>>();
  /** When the lists of cached plans were last found harmless as a whole: one look for each of their queries. */
  readonly #lists = new WeakMap<readonly FunctionUse[], number>();

  constructor(options: KnownFunctionsOptions) {
    this.#options = options;
  }

  /** All of them, unless every one is known: then none. */
  inQuestion(connection: string, functions: readonly FunctionUse[]): readonly FunctionUse[] {
    if (functions.length === 0) return NONE;
    const oldest = this.#options.now() - this.#options.maxAgeMs;
    if ((this.#lists.get(functions) ?? Number.NEGATIVE_INFINITY) >= oldest) return NONE;
    const names = this.#connections.get(connection);
    if (names === undefined) return functions;
    let foundAt = Number.POSITIVE_INFINITY;
    for (const use of functions)
      foundAt = Math.min(foundAt, names.get(keyOf(use)) ?? Number.NEGATIVE_INFINITY);
    if (foundAt < oldest) return functions;
    this.#lists.set(functions, foundAt);
    return NONE;
  }

  /** They were asked about, and are harmless, as of `askedAt`. */
  found(connection: string, functions: readonly FunctionUse[], askedAt: number): void {
    if (functions.length === 0) return;
    let names = this.#connections.get(connection);
    if (names === undefined || names.size + functions.length > MAX_NAMES) {
      names = new Map();
      this.#connections.set(connection, names);
    }
    for (const use of functions) names.set(keyOf(use), askedAt);
  }

  now(): number {
    return this.#options.now();
  }
}

function keyOf({ as, schema, name }: FunctionUse): string {
  // No name holds a NUL, and no schema is empty.
  return `${as}\0${schema ?? ''}\0${name}`;
}
