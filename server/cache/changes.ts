/**
 * Remembers what is known of changes of the data: when tables, tags, shapes, or everything were last said to have changed. An entry that is
 * as of an earlier time is stale. Times are those of a clock of its own, which follows the wall clock but never goes back and
 * never says the same time twice, so that a purge beside a query that runs is never lost. Kept in a file over restarts.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../core/logging/log.ts';
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
const FILE = 'changes.json';
const ANY = '*';

/** Returns the tag that entries carry which were made with the model. */
export function modelTag(model: string): string {
  return `model:${modelKey(model)}`;
}

export class Changes {
  readonly #path: string;
  readonly #log: Log;
  #last = 0;
  #everything = 0;
  #lastOfAny = 0;
  /** By `connection table`, then by schema; `*` stands for any connection, and for a schema that is not known. */
  readonly #tables = new Map<string, Map<string, number>>();
  /** The last change of any table of a connection. */
  readonly #connections = new Map<string, number>();
  readonly #names = new Map<string, number>();
  /** The connections whose databases tell changes, and are not heard now: anything may have changed there. */
  readonly #unheard = new Set<string>();
  #saving: Promise<void> = Promise.resolve();
  /** The write that has not begun, which will have all changes until then. */
  #nextSave: Promise<void> | null = null;

  constructor(dir: string, log: Log) {
    this.#path = join(dir, FILE);
    this.#log = log;
  }

  /** Returns the time now, by this clock. */
  now(): number {
    this.#last = Math.max(Date.now(), this.#last + 1);
    return this.#last;
  }

  /** The time of the last known change of anything. */
  get lastOfAny(): number {
    return this.#lastOfAny;
  }

  /** Tells a time that this clock has said before a restart. */
  saw(time: number): void {
    if (time > this.#last) this.#last = time;
  }

  /** Reads what an earlier run, or the other generation, knew. With a damaged file everything counts as changed. */
  async load(): Promise<void> {
    try {
      const { last, everything, tables, connections, names } = JSON.parse(
        await readFile(this.#path, 'utf8'),
      ) as Saved;
      this.saw(last);
      this.#lastOfAny = Math.max(this.#lastOfAny, last);
      this.#everything = Math.max(this.#everything, everything);
      for (const [key, schema, at] of tables) this.#markTable(key, schema, at);
      for (const [name, at] of connections) raise(this.#connections, name, at);
      for (const [name, at] of names) raise(this.#names, name, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#log.warn('cache-changes-lost', { message: String(error) });
      this.#everything = this.now();
    }
  }

  /** Notes a change that has happened. Resolves once it is on disk. */
  mark(changed: Changed): Promise<void> {
    this.note(changed);
    return this.#save();
  }

  /** Says whether changes of a connection are heard. While they are not, and when they are again, everything of it counts as changed. */
  setHeard(connection: string, isHeard: boolean): void {
    if (!isHeard) this.#unheard.add(connection);
    else if (this.#unheard.delete(connection)) this.note({ connection });
  }

  /** Notes a change that needs not to be known after a restart: what was not heard until then counts as changed anyway. */
  note(changed: Changed): void {
    const at = this.now();
    this.#lastOfAny = at;
    const { tables = [], models = [], tags = [], shape, connection = ANY } = changed;
    const names = [...tags.map((tag) => `tag ${tag}`), ...models.map((model) => `tag ${modelTag(model)}`)];
    if (shape !== undefined) names.push(`shape ${shape}`);
    if (tables.length + names.length === 0) {
      if (changed.connection === undefined) this.#everything = at;
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

  /** Returns the time of the last change of what an entry was made from, a possible one included; 0 without one. */
  lastFor(facts: ResultFacts): number {
    if (this.#unheard.size > 0 && facts.connections.some(({ name }) => this.#unheard.has(name)))
      return Math.max(Date.now(), this.#last + 1);
    return this.lastKnownFor(facts);
  }

  /** Returns the time of the last known change of what an entry was made from; 0 without one. */
  lastKnownFor({ connections, tables, tags, shape }: ResultFacts): number {
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

  /** Resolves once everything is on disk. */
  async saved(): Promise<void> {
    await this.#saving;
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

  /** Writes the file anew, after those that are being written. */
  #save(): Promise<void> {
    if (this.#nextSave !== null) return this.#nextSave;
    const saved = this.#saving.then(async () => {
      this.#nextSave = null;
      const text = JSON.stringify(this.#toSave());
      await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
      await rename(`${this.#path}.new`, this.#path);
    });
    this.#nextSave = saved;
    this.#saving = saved.catch(() => {});
    return saved;
  }

  #toSave(): Saved {
    return {
      last: this.#last,
      everything: this.#everything,
      tables: [...this.#tables].flatMap(([key, bySchema]) =>
        [...bySchema].map(([schema, at]) => [key, schema, at] as const),
      ),
      connections: [...this.#connections],
      names: [...this.#names],
    };
  }
}

interface Saved {
  readonly last: number;
  readonly everything: number;
  readonly tables: readonly (readonly [string, string, number])[];
  readonly connections: readonly (readonly [string, number])[];
  readonly names: readonly (readonly [string, number])[];
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
