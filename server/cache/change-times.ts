/**
 * Remembers what has changed when: tables, tags, shapes, connections, or everything. Times are numbers that grow, by whichever clock
 * the one who marks has.
 */
import { modelKey } from '../../core/protocol/models.ts';
import type { ResultFacts, UsedTable } from '../results/entry.ts';

/** Names what has changed. All members left out: everything. */
export interface Changed {
  /** `name` or `schema.name`, on `connection`, or on every connection without one. */
  readonly tables?: readonly (string | NamedTable)[];
  readonly connection?: string;
  readonly models?: readonly string[];
  readonly tags?: readonly string[];
  readonly shape?: string;
}

/** A table whose names may have dots. */
export interface NamedTable {
  /** null: not known. */
  readonly schema: string | null;
  readonly name: string;
}

/** The most names that are remembered; with more, everything counts as changed. */
const MAX_NAMES = 10_000;
const ANY = '*';

export interface SavedTimes {
  readonly everything: number;
  readonly tables: readonly (readonly [string, string, number])[];
  readonly connections: readonly (readonly [string, number])[];
  readonly names: readonly (readonly [string, number])[];
}

/** Returns the tag that entries carry which were made with the model. */
export function modelTag(model: string): string {
  return `model:${modelKey(model)}`;
}

export class ChangeTimes {
  #everything = 0;
  /** By `connection table`, then by schema; `*` stands for any connection, and for a schema that is not known. */
  readonly #tables = new Map<string, Map<string, number>>();
  /** The last change of any table of a connection. */
  readonly #connections = new Map<string, number>();
  readonly #names = new Map<string, number>();

  /** Takes what was saved; later times win. */
  add({ everything, tables, connections, names }: SavedTimes): void {
    this.#everything = Math.max(this.#everything, everything);
    for (const [key, schema, at] of tables) this.#markTable(key, schema, at);
    for (const [name, at] of connections) raise(this.#connections, name, at);
    for (const [name, at] of names) raise(this.#names, name, at);
  }

  mark(changed: Changed, at: number): void {
    const { tables = [], models = [], tags = [], shape, connection = ANY } = changed;
    const names = [...tags.map((tag) => `tag ${tag}`), ...models.map((model) => `tag ${modelTag(model)}`)];
    if (shape !== undefined) names.push(`shape ${shape}`);
    if (tables.length + names.length === 0) {
      if (changed.connection === undefined) this.#everything = Math.max(this.#everything, at);
      else raise(this.#connections, `all ${connection}`, at);
    }
    for (const table of tables) {
      const { schema, name } = namedTable(table);
      this.#markTable(`${connection} ${name}`, schema ?? ANY, at);
      raise(this.#connections, connection, at);
    }
    for (const name of names) raise(this.#names, name, at);
    if (this.#tables.size + this.#names.size > MAX_NAMES) this.#forgetNames(at);
  }

  /** Returns the time of the last known change of what an entry was made from; 0 without one. */
  lastFor({ connections, tables, tags, shape }: ResultFacts): number {
    let last = Math.max(this.#everything, this.#names.get(`shape ${shape}`) ?? 0);
    for (const tag of tags) last = Math.max(last, this.#names.get(`tag ${tag}`) ?? 0);
    if (tables === null) last = Math.max(last, this.#connections.get(ANY) ?? 0);
    for (const { name } of connections) {
      last = Math.max(last, this.#connections.get(`all ${name}`) ?? 0);
      if (tables === null) last = Math.max(last, this.#connections.get(name) ?? 0);
    }
    for (const table of tables ?? []) last = Math.max(last, this.#lastForTable(table));
    return last;
  }

  toSave(): SavedTimes {
    return {
      everything: this.#everything,
      tables: [...this.#tables].flatMap(([key, bySchema]) =>
        [...bySchema].map(([schema, at]) => [key, schema, at] as const),
      ),
      connections: [...this.#connections],
      names: [...this.#names],
    };
  }

  #lastForTable({ connection, schema, name }: UsedTable): number {
    let last = 0;
    for (const place of [connection, ANY]) {
      const bySchema = this.#tables.get(`${place} ${name.toLowerCase()}`);
      if (bySchema === undefined) continue;
      // A schema that one side does not know may be the same one.
      for (const [marked, at] of bySchema)
        if (schema === null || marked === ANY || marked === schema.toLowerCase()) last = Math.max(last, at);
    }
    return last;
  }

  #markTable(key: string, schema: string, at: number): void {
    let bySchema = this.#tables.get(key);
    if (bySchema === undefined) {
      bySchema = new Map();
      this.#tables.set(key, bySchema);
    }
    raise(bySchema, schema, at);
  }

  #forgetNames(at: number): void {
    this.#everything = at;
    this.#tables.clear();
    this.#names.clear();
    this.#connections.clear();
  }
}

function namedTable(table: string | NamedTable): NamedTable {
  if (typeof table !== 'string')
    return { schema: table.schema?.toLowerCase() ?? null, name: table.name.toLowerCase() };
  const [name, schema = null] = table.toLowerCase().split('.').reverse() as [string, string?];
  return { schema, name };
}

function raise(times: Map<string, number>, name: string, at: number): void {
  times.set(name, Math.max(at, times.get(name) ?? 0));
}
