/** Finds models with everything that they build on: from the cache, or with one statement. */
import type { ModelsAnswer } from '../../core/protocol/models.ts';
import type { Store } from '../store/store.ts';
import type { ModelCache } from './model-cache.ts';
import { foundModel, LOOKED_UP_BRIEFLY, type ModelRow, type StoredModel, storedModel } from './model-rows.ts';

/** `union` keeps each key once, so that a circle ends. */
const STATEMENT = {
  name: 'models-with-what-they-build-on',
  text: `
    with recursive needed(key) as (
      select unnest($1::text[])
      union
      select unnest(m.builds_on) from needed n join model m on m.key = n.key
    )
    select ${LOOKED_UP_BRIEFLY} from needed n join model m on m.key = n.key`,
};

export class ModelLookup {
  readonly #store: Store;
  readonly #cache: ModelCache;

  constructor(store: Store, cache: ModelCache) {
    this.#store = store;
    this.#cache = cache;
  }

  /** Returns the models of these keys and those that they build on. Throws store-unavailable. */
  async find(keys: readonly string[]): Promise<ModelsAnswer> {
    const found = this.#cached(keys) ?? (await this.#stored(keys));
    const models = [...found.values()].filter((model) => model !== null).map(foundModel);
    return { kind: 'models', models, missing: keys.filter((key) => (found.get(key) ?? null) === null) };
  }

  /** Returns one model; null: there is none of that key. Throws store-unavailable. */
  async one(key: string): Promise<StoredModel | null> {
    return this.#cache.get(key) ?? (await this.#stored([key])).get(key)!;
  }

  /** Says whether these are the versions that there are, as far as is known without asking; version 0: there is none. */
  areCurrent(used: readonly { readonly key: string; readonly version: number }[]): boolean {
    return used.every(({ key, version }) => {
      const known = this.#cache.get(key);
      return known !== undefined && (known?.version ?? 0) === version;
    });
  }

  /** Returns null when something must be looked up. */
  #cached(keys: readonly string[]): ReadonlyMap<string, StoredModel | null> | null {
    const found = new Map<string, StoredModel | null>();
    const wanted = [...keys];
    for (let key = wanted.pop(); key !== undefined; key = wanted.pop()) {
      if (found.has(key)) continue;
      const known = this.#cache.get(key);
      if (known === undefined) return null;
      found.set(key, known);
      if (known !== null) wanted.push(...known.buildsOn);
    }
    return found;
  }

  async #stored(keys: readonly string[]): Promise<ReadonlyMap<string, StoredModel | null>> {
    const asOf = this.#cache.changes;
    const rows = await this.#store.rows<ModelRow>({ ...STATEMENT, values: [keys] });
    const found = new Map<string, StoredModel | null>(keys.map((key) => [key, null]));
    for (const row of rows) found.set(row.key, storedModel(row));
    for (const [key, model] of found) this.#cache.keep(key, model, asOf);
    return found;
  }
}
