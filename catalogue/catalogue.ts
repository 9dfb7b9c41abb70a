/** The catalogue of one server: the models and connections in the store, with the models that were looked up before. */
import type { ModelsAnswer, PlanModels } from '../core/protocol/models.ts';
import type { ParameterValue } from '../core/protocol/parameters.ts';
import { connectionOfKey, StoredConnectionBook } from './connections/stored.ts';
import { removeModel, type Saved, saveModel } from './models/changes.ts';
import { durationMs } from './models/duration.ts';
import { ModelLookup } from './models/lookup.ts';
import { ModelCache } from './models/model-cache.ts';
import type { PlannedModel, StoredModel } from './models/model-rows.ts';
import { withDefaults } from './models/parameter-values.ts';
import { ModelReading } from './models/reading.ts';
import type { Authorship, Expected } from './store/revisions.ts';
import { Store, type StoreOptions } from './store/store.ts';
import { Watch } from './store/watch.ts';

/** One of several changes that are made together. */
export type Change =
  | { readonly kind: 'save'; readonly planned: PlannedModel; readonly expected: Expected }
  | { readonly kind: 'remove'; readonly name: string; readonly expected: Expected };

export interface CatalogueOptions extends StoreOptions {
  /** Called, where it is given, when connections have changed or may have. */
  onConnectionsChanged?(): void;
}

/** With more, those behind are made anew when somebody asks. */
const MOST_REFRESHED = 100;
/** The most models of a completion, and the most of which it shows parameters and columns. */
const MOST_NAMED = 100;
const MOST_DETAILED = 10;

export class Catalogue {
  readonly models: ModelReading;
  readonly connections: StoredConnectionBook;
  readonly #store: Store;
  readonly #cache = new ModelCache();
  readonly #lookup: ModelLookup;
  readonly #watch: Watch;

  constructor(options: CatalogueOptions) {
    this.#store = new Store(options);
    this.models = new ModelReading(this.#store);
    this.connections = new StoredConnectionBook(this.#store);
    this.#lookup = new ModelLookup(this.#store, this.#cache);
    this.#watch = new Watch(this.#store, {
      changed: (key) => {
        if (connectionOfKey(key) === null) this.#cache.forget(key);
        else options.onConnectionsChanged?.();
      },
      heard: () => {
        this.#cache.trust();
        options.onConnectionsChanged?.();
      },
      lost: () => this.#cache.distrust(),
    });
  }

  /** The number of statements that the store was asked. */
  get statements(): number {
    return this.#store.statements;
  }

  /** Resolves when the store answers and has the right schema. Throws store-unavailable. */
  ready(): Promise<void> {
    return this.#store.ready();
  }

  /** Returns the models of these keys and those that they build on. Throws store-unavailable. */
  find(keys: readonly string[]): Promise<ModelsAnswer> {
    return this.#lookup.find(keys);
  }

  /** Returns one model, from the cache where it is there; null: there is none. Throws store-unavailable. */
  show(key: string): Promise<StoredModel | null> {
    return this.#lookup.one(key);
  }

  /** Returns the first models whose names begin so, with parameters and columns where they are few. */
  async named(prefix: string, connections: readonly string[] | null) {
    const none = { tag: null, owner: null, search: null, after: null };
    const page = await this.models.list({ ...none, prefix, limit: MOST_NAMED, connections });
    const keys = page.models.map(({ name }) => name.toLowerCase());
    const found = keys.length <= MOST_DETAILED ? (await this.find(keys)).models : [];
    const models = page.models.map(({ name, description }) => {
      const { parameters = [], columns = [] } = found.find((model) => model.name === name) ?? {};
      return { name, description, parameters, columns };
    });
    return { models, complete: page.next === null };
  }

  /** Says whether these versions are the current ones, as far as is known without asking. */
  areCurrent(used: readonly { readonly key: string; readonly version: number }[]): boolean {
    return this.#lookup.areCurrent(used);
  }

  /** Returns how long the model says that answers made with it may be kept; null: it does not say, or is not at hand. */
  keepMs(key: string): number | null {
    const policy = this.#cache.get(key)?.definition.cache ?? null;
    return policy === null ? null : durationMs(policy.keep);
  }

  /** Returns the models whose answers are to be made anew, with their schedules. Throws store-unavailable. */
  async refreshed(): Promise<readonly { readonly name: string; readonly refresh: string }[]> {
    const models = await this.models.refreshed(MOST_REFRESHED);
    return models.flatMap(({ definition: { name, cache } }) =>
      cache === null || cache.refresh === null ? [] : [{ name, refresh: cache.refresh }],
    );
  }

  /** Returns the parameters with the defaults of the models. Throws missing-parameter and bad-parameter. */
  withDefaults(models: Pick<PlanModels, 'parameters'>, given: Readonly<Record<string, ParameterValue>>) {
    return withDefaults(models, given);
  }

  /** Makes all the changes or none. */
  async change(changes: readonly Change[], authorship: Authorship): Promise<readonly Saved[]> {
    const saved = await this.#store.transaction(async (transaction) => {
      const done: Saved[] = [];
      for (const change of changes)
        if (change.kind === 'save')
          done.push(await saveModel(transaction, change.planned, change.expected, authorship));
        else await removeModel(transaction, change.name, change.expected, authorship);
      return done;
    });
    for (const change of changes)
      this.#cache.forget(
        (change.kind === 'save' ? change.planned.definition.name : change.name).toLowerCase(),
      );
    return saved;
  }

  /** Notes that the contract was seen broken, or to hold again; keeps the first time that it was broken. */
  async noteContract(key: string, version: number, broken: string | null): Promise<void> {
    await this.#store.rows({
      text: `update model set
               broken_since = case when $3::text is null then null else coalesce(broken_since, now()) end,
               broken = $3, held_at = case when $3::text is null then now() else held_at end
             where key = $1 and version = $2 and ($3::text is null or broken is distinct from $3)`,
      values: [key, version, broken],
    });
    this.#cache.forget(key);
  }

  async close(): Promise<void> {
    await this.#watch.close();
    await this.#store.close();
  }
}
